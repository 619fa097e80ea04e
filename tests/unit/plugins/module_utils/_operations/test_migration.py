# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of csbs_migration, and what it reads; tests/cloud/test_migration.py runs it over HTTP."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.migration import parse_options, plan
from tests.support.fakes import Cloud, policy

PARAMS: dict[str, t.Any] = {
    "policy": "nightly",
    "state": "moved",
    "servers": None,
    "target_name": None,
    "retention": None,
    "vault": None,
    "max_age": "24h",
    "first_backup": True,
    "concurrency": 5,
    "wait": True,
    "poll_interval": 10,
}


def test_options_in_normal_form() -> None:
    options = parse_options({**PARAMS, "servers": [{"id": "x"}], "retention": {"days": 7}, "vault": {"size_factor": 3}})
    assert options.servers == ["x"] and options.max_age == timedelta(days=1) and options.vault.size_factor == 3
    assert options.retention is not None and options.retention["days"] == 7
    assert parse_options(PARAMS).retention is None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 11}, "concurrency"),
        ({"target_name": "a b"}, "target_name"),
        ({"target_name": "x" * 65}, "target_name"),
        ({"retention": {"days": 7, "max_backups": 2}}, "retention.days"),
        ({"retention": {"max_backups": 0}}, "retention.max_backups"),
        ({"max_age": "soon"}, "max_age"),
        ({"policy": " "}, "policy"),
        ({"vault": {"size_factor": 0.5}}, "vault.size_factor"),
    ],
)
def test_wrong_options_are_refused_with_the_rule(wrong: dict[str, t.Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        parse_options({**PARAMS, **wrong})


class Both(Cloud):
    """CBR is not asked for anything when CSBS shows what stands in the way."""

    def __init__(self, *policies: t.Any) -> None:
        super().__init__()
        self.csbs = Cloud(policies=policies)


def test_what_stands_in_the_way_is_told_before_cbr_is_read() -> None:
    options = parse_options(PARAMS)
    days = policy("nightly", definition={"retention_duration_days": 7, "max_backups": 2}, id="p-1")
    twin = policy("night ly", id="p-2")
    for rows, told in (
        ([], "no such policy"),
        ([days], "retention"),
        ([policy("night.ly", id="p-1"), policy("night-ly", id="p-2")], "no such policy"),
    ):
        with pytest.raises(InvalidInput, match=told):
            plan(options, t.cast(t.Any, Both(*rows)))
    with pytest.raises(InvalidInput, match="target_name"):
        plan(options._replace(policy="night ly"), t.cast(t.Any, Both(twin, policy("night-ly", id="p-3"))))
