# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protection: whose policy, which backups count, which age is young enough, and what is added up."""

from __future__ import annotations

import re
import typing as t
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup import backup_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import backup as backup_module
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import protection_info
from tests.support.fakes import SUMMER, Cloud, backup, policy, server

FLEET = [server("web"), server("db"), server("app")]
DAY = 86400


def read(cloud: Cloud, **options: t.Any) -> t.Any:
    params = {"servers": None, "server_filters": None, "max_age": None, **options}
    return protection_info.read(protection_info.parse_options(params), [cloud])


def row_of(cloud: Cloud, name: str = "web", **options: t.Any) -> t.Any:
    return next(row for row in read(cloud, **options)["servers"] if row["name"] == name)


def aged(name: str, server_name: str, seconds: float, status: str = "available", **fields: t.Any) -> dict[str, t.Any]:
    """A backup so many seconds old."""
    made = (SUMMER - timedelta(seconds=seconds)).replace(tzinfo=None).isoformat(timespec="microseconds")
    return backup(name, server_name, status, created_at=made, **fields)


# ========== Which servers ==========
@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["app", "db", "web"]),
        ({"servers": ["web", "id-app", "web"]}, ["web", "app"]),
        ({"servers": [{"id": "id-db"}], "server_filters": {"name": "*b"}}, ["db", "web"]),
        ({"server_filters": {"name": "zzz"}}, []),
        ({"servers": []}, []),
    ],
)
def test_rows_come_in_the_order_in_which_csbs_backup_takes_servers(options: dict[str, t.Any], names: list[str]) -> None:
    found = read(Cloud(FLEET), **options)
    assert [row["name"] for row in found["servers"]] == names
    assert found["summary"]["servers"] == len(names)


def test_servers_of_one_name_are_two_rows_by_id() -> None:
    found = read(Cloud([server("twin", "t2"), server("twin", "t1")]))
    assert [row["id"] for row in found["servers"]] == ["t1", "t2"]


def test_a_server_that_disappeared_has_no_row() -> None:
    cloud = Cloud(FLEET, [policy("nightly", ["gone", "web"])], [backup("b", "gone")])
    assert [row["id"] for row in read(cloud)["servers"]] == ["id-app", "id-db", "id-web"]


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"servers": ["web", "no-such"]}, "no such server: 'no-such'"),
        ({"servers": ["id-gone"]}, "no such server: 'id-gone'"),
        ({"servers": [""]}, "servers: ''"),
        ({"server_filters": {}}, "server_filters"),
        ({"max_age": "soon"}, "max_age: 'soon'"),
        ({"max_age": "0h"}, "max_age: '0h'"),
    ],
)
def test_bad_input_is_named(options: dict[str, t.Any], fragment: str) -> None:
    with pytest.raises(InvalidInput, match=fragment):
        read(Cloud(FLEET, [policy("nightly", ["gone"])]), **options)


# ========== Policies ==========
def test_the_policy_of_a_server_says_whether_it_is_enabled() -> None:
    cloud = Cloud(FLEET, [policy("nightly", ["web"]), policy("paused", ["db"], enabled=False), policy("empty")])
    found = read(cloud)
    assert {row["name"]: row["policy"] for row in found["servers"]} == {
        "web": {"id": "pol-nightly", "name": "nightly", "enabled": True},
        "db": {"id": "pol-paused", "name": "paused", "enabled": False},
        "app": None,
    }
    assert [found["summary"][key] for key in ("servers", "protected", "disabled", "unprotected")] == [3, 1, 1, 1]


class SparseCloud(Cloud):
    """Lists policies without a part of them, and counts those that are read in full."""

    lacks = "resources"

    def policies(self) -> list[dict[str, t.Any]]:
        rows = super().policies()
        for row in rows:
            if self.lacks == "resources":
                del row["resources"]
            elif self.lacks == "enabled":
                row["scheduled_operations"] = [
                    {key: operation[key] for key in operation if key != "enabled"}
                    for operation in row["scheduled_operations"]
                ]
        return rows

    def policy(self, policy_id: str) -> dict[str, t.Any] | None:
        self.asked.append(("policy", policy_id))
        return super().policy(policy_id)


@pytest.mark.parametrize(("lacks", "reads"), [("resources", 2), ("enabled", 2), ("nothing", 0)])
def test_policies_are_read_one_by_one_only_when_the_list_leaves_something_out(lacks: str, reads: int) -> None:
    cloud = SparseCloud(FLEET, [policy("nightly", ["web"], enabled=False), policy("weekly", ["db"])])
    cloud.lacks = lacks
    assert row_of(cloud)["policy"] == {"id": "pol-nightly", "name": "nightly", "enabled": False}
    assert sum(1 for what, about in cloud.asked if what == "policy") == reads


def test_a_policy_that_goes_between_list_and_reading_protects_nobody() -> None:
    cloud = SparseCloud(FLEET, [policy("nightly", ["web"])])
    cloud.policy = lambda policy_id: None  # type: ignore[method-assign]
    assert row_of(cloud)["policy"] is None


# ========== Whether it can be backed up ==========
@pytest.mark.parametrize(
    ("status", "verdict", "reason"),
    [
        ("ACTIVE", {"result": True}, None),
        ("SHUTOFF", {"result": True}, None),
        ("ACTIVE", {"result": True, "error_code": "CSBS.6004", "error_msg": "bound to policy 1"}, None),
        ("ACTIVE", {"result": False, "error_code": "CSBS.6004", "error_msg": "bound to policy 1"}, None),
        ("ACTIVE", {"result": False, "error_code": "CSBS.2003"}, None),
        ("ACTIVE", {"result": False, "error_code": "CSBS.6015"}, None),
        ("ACTIVE", {"result": False, "error_code": "CSBS.6007"}, "no disk.*CSBS.6007"),
        ("ACTIVE", {"result": False, "error_code": "CSBS.6000"}, "no such server.*CSBS.6000"),
        ("ACTIVE", {"result": False}, "gives no reason"),
        ("ERROR", {"result": False, "error_code": "CSBS.6006"}, "CSBS.6006.*in state ERROR"),
        ("ERROR", {"result": False, "error_code": "CSBS.6004"}, "in state ERROR"),
        ("REBOOT", {"result": False, "error_code": "CSBS.6005"}, "CSBS.6005.*in state REBOOT"),
    ],
)
def test_what_can_be_backed_up_and_why_not(status: str, verdict: dict[str, t.Any], reason: str | None) -> None:
    cloud = Cloud([server("web", status=status)], [policy("nightly", ["web"])], verdicts={"id-web": verdict})
    found = read(cloud)
    row = found["servers"][0]
    assert row["protectable"] is (reason is None)
    assert found["summary"]["unprotectable"] == int(reason is not None)
    assert found["summary"]["protected"] == 1
    if reason is None:
        assert row["reason"] is None
    else:
        assert re.search(reason, row["reason"])


# ========== Backups ==========
def test_every_good_backup_counts_and_the_newest_is_the_last() -> None:
    rows = [
        aged("old", "web", 3 * DAY, info={"size": 100}),
        aged("auto", "web", DAY, info={"size": "250.9", "auto_trigger": True}),
        aged("unsized", "web", 2 * DAY, "restoring", info={"size": None}),
        aged("failed", "web", 60, "error", info={"size": 7}),
        aged("going", "web", 50, "deleting", info={"size": 7}),
        aged("running", "web", 40, "protecting", info={"size": 7}),
        aged("other", "db", 30, info={"size": 9}),
        aged("gone", "gone", 20, info={"size": 9}),
    ]
    row = row_of(Cloud(FLEET, backups=rows))
    assert row["last_backup"] == backup_result(rows[1])
    assert (row["backup_count"], row["size_mb"], row["age_seconds"]) == (3, 350, DAY)


def test_a_server_without_a_good_backup_has_none() -> None:
    found = read(
        Cloud(FLEET, backups=[aged("failed", "web", 60, "error"), aged("running", "db", 60, "protecting")]),
        max_age="1h",
    )
    for row in found["servers"]:
        assert (row["last_backup"], row["backup_count"], row["size_mb"], row["age_seconds"]) == (None, 0, 0, None)
    assert {row["name"]: row["compliant"] for row in found["servers"]} == {"web": False, "db": True, "app": False}
    assert [found["summary"][key] for key in ("never_backed_up", "compliant", "stale")] == [3, 1, 2]


def test_the_age_goes_by_the_point_in_time_that_is_held_and_is_never_negative() -> None:
    later = (SUMMER + timedelta(minutes=5)).replace(tzinfo=None).isoformat()
    assert row_of(Cloud(FLEET, backups=[aged("b", "web", DAY, protected_at=later)]))["age_seconds"] == 0
    undated = backup("b", "web", created_at=None)
    row = row_of(Cloud(FLEET, backups=[undated]), max_age="1h")
    assert (row["last_backup"]["id"], row["age_seconds"], row["compliant"]) == (undated["id"], None, False)


def test_tags_that_a_list_leaves_out_are_read_by_one_query_for_last_backups_only() -> None:
    cloud = Cloud(FLEET, backups=[aged("b", "web", 60, tags=None), aged("b", "db", 60, tags=None)])
    asked = []

    def find_tagged(resource_type: str, query: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        asked.append(resource_type)
        return [{"resource_id": "item-b-web", "tags": [{"key": "a", "value": "1"}]}]

    cloud.find_tagged = find_tagged  # type: ignore[method-assign]
    found = read(cloud)
    assert [row["last_backup"] and row["last_backup"]["tags"] for row in found["servers"]] == [None, {}, {"a": "1"}]
    assert asked == ["backup"]


def test_one_server_asks_for_its_own_backups_and_many_for_all() -> None:
    single, many, none = Cloud(FLEET), Cloud(FLEET), Cloud(FLEET)
    read(single, servers=["web"])
    read(many)
    read(none, servers=[])
    assert ("backups", {"resource_id": "id-web"}) in single.asked
    assert sorted(what for what, about in many.asked) == ["backups", "policies", "protectable", "servers"]
    assert ("backups", {}) in many.asked
    assert [what for what, about in none.asked] == ["servers"]


# ========== Agreement with csbs_backup ==========
BACKUP_PARAMS: dict[str, t.Any] = {
    **dict.fromkeys(("description", "ids", "name", "server_filters", "tags", "vault")),
    "state": "present",
    "servers": ["web"],
    "incremental": True,
    "skip_unprotectable": False,
    "concurrency": 10,
    "wait": True,
    "poll_interval": 10,
}


def needed(rows: list[dict[str, t.Any]], max_age: str) -> bool:
    """Whether csbs_backup makes a backup of the server web."""
    options = backup_module.parse_options({**BACKUP_PARAMS, "max_age": max_age})
    return bool(backup_module.plan(options, Cloud(FLEET, backups=rows)).changed)


@pytest.mark.parametrize(
    ("rows", "compliant"),
    [
        ([], False),
        ([aged("b", "web", 3599.999999)], True),
        ([aged("b", "web", 3600)], False),
        ([aged("b", "web", 3600.000001)], False),
        ([aged("b", "web", -60)], True),
        ([aged("b", "web", 60, "error")], False),
        ([aged("b", "web", 60, "error"), aged("c", "web", 3599)], True),
        ([aged("b", "web", 9999, "protecting")], True),
        ([aged("b", "web", 9999, "waiting_protect"), aged("c", "web", 9999)], True),
        ([aged("b", "web", 60, "restoring")], True),
        ([aged("b", "web", 60, "waiting_delete")], False),
        ([aged("b", "db", 60)], False),
        ([backup("b", "web", created_at=None)], False),
    ],
)
def test_compliant_is_what_csbs_backup_leaves_alone(rows: list[dict[str, t.Any]], compliant: bool) -> None:
    assert row_of(Cloud(FLEET, backups=rows), max_age="1h")["compliant"] is compliant
    assert needed(rows, "1h") is not compliant


@given(
    st.lists(
        st.tuples(
            st.integers(-5, 20),
            st.sampled_from(["available", "error", "protecting", "waiting_protect", "restoring", "deleting"]),
        ),
        max_size=5,
    )
)
def test_both_agree_whatever_backups_there_are(made: list[tuple[int, str]]) -> None:
    rows = [aged(f"b{number}", "web", age, status) for number, (age, status) in enumerate(made)]
    row = row_of(Cloud(FLEET, backups=rows), max_age="10")
    assert row["compliant"] is not needed(rows, "10")
    running = any(status in ("protecting", "waiting_protect") for age, status in made)
    assert row["compliant"] is (running or (row["age_seconds"] is not None and row["age_seconds"] < 10))


def test_without_max_age_nothing_is_said_about_it() -> None:
    found = read(Cloud(FLEET, backups=[aged("b", "web", 60)]))
    assert {row["compliant"] for row in found["servers"]} == {None}
    assert (found["summary"]["compliant"], found["summary"]["stale"]) == (None, None)
    nothing = read(Cloud(FLEET), servers=[], max_age="1h")
    assert (nothing["summary"]["compliant"], nothing["summary"]["stale"]) == (0, 0)
