# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a server cannot be backed up, and how messages say it."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.protectability import (
    describe_refusal,
    explain_verdict,
    unprotectable,
)
from tests.support.fakes import server


@pytest.mark.parametrize(
    ("status", "verdict", "refused"),
    [
        ("ACTIVE", {"result": False, "error_code": "CSBS.6007"}, True),
        ("SHUTOFF", {"result": False, "error_code": "CSBS.6007"}, True),
        # Busy.
        ("ACTIVE", {"result": False, "error_code": "CSBS.2003"}, False),
        ("ACTIVE", {"result": False, "error_code": "CSBS.6005"}, False),
        # In a policy.
        ("ACTIVE", {"result": False, "error_code": "CSBS.6004"}, False),
        # Busy, and in a state that does not end by waiting.
        ("ERROR", {"result": False, "error_code": "CSBS.6005"}, True),
        ("ERROR", {"result": True}, False),
        ("ACTIVE", {"result": True, "error_code": "CSBS.6033", "error_msg": "a message can come with true"}, False),
        ("ACTIVE", {"result": False, "error_code": None, "error_msg": None}, True),
    ],
)
def test_a_server_that_is_only_busy_or_in_a_policy_can_be_backed_up(
    status: str, verdict: dict[str, t.Any], refused: bool
) -> None:
    web: t.Any = server("web", status=status)
    verdicts: t.Any = {"id-web": {"error_code": None, "error_msg": None, **verdict}}
    assert (unprotectable([web], verdicts).keys() == {"id-web"}) is refused


def test_a_server_without_a_verdict_is_not_refused() -> None:
    web: t.Any = server("web")
    assert unprotectable([web], {}) == {}


def test_a_server_in_a_wrong_state_is_refused_with_the_state() -> None:
    web: t.Any = server("web", status="ERROR")
    reason = unprotectable([web], {"id-web": {"result": False, "error_code": "CSBS.6005"}})["id-web"]
    assert reason.endswith("(CSBS.6005); the server is in state ERROR")


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ({"error_code": None, "error_msg": None}, "the service gives no reason"),
        ({"error_code": "CSBS.0", "error_msg": ""}, "the service gives no reason (CSBS.0)"),
        ({"error_code": "CSBS.0", "error_msg": " broken "}, "broken (CSBS.0)"),
        ({"error_code": None, "error_msg": "broken"}, "broken"),
    ],
)
def test_a_verdict_is_explained_by_what_the_service_says(verdict: t.Any, words: str) -> None:
    assert explain_verdict(verdict) == words


def test_a_verdict_with_a_known_code_is_explained_in_words() -> None:
    words = explain_verdict({"result": False, "error_code": "CSBS.6007", "error_msg": "no volume"})
    assert words.endswith("; no volume (CSBS.6007)") and not words.startswith(";")


def test_a_refusal_names_the_server_and_the_reason() -> None:
    web: t.Any = server("web")
    assert describe_refusal(web, "no disk") == "'web' (id-web): no disk"
