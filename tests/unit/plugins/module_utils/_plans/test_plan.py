# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans and outcomes: when something changes, and what is reported as not started."""

from __future__ import annotations

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, NotStarted
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Call, Outcome, Plan


def test_a_plan_changes_something_when_it_has_calls_and_only_then() -> None:
    assert Plan((Call("a", "a"),), before={}, after={}).changed is True
    assert Plan((), before={"a": 1}, after={"a": 2}).changed is False


@pytest.mark.parametrize("applied", [True, False])
def test_an_outcome_is_a_change_when_a_call_was_answered_or_had_an_effect_before_it_failed(applied: bool) -> None:
    error = CloudError("a", "no")
    error.applied = applied
    assert Outcome({}, set(), {0: error}).changed is applied
    assert Outcome({1: None}, set(), {0: error}).changed is True
    assert Outcome().changed is False


def test_what_was_not_started_is_reported_in_the_order_of_the_plan() -> None:
    failures = {2: NotStarted("c", "no time"), 0: CloudError("a", "no"), 1: NotStarted("b", "no time")}
    assert Outcome(failures=failures).fields() == {"not_started": ["b", "c"]}
    assert Outcome(failures={0: CloudError("a", "no")}).fields() == {}
