# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup: which servers need a backup, under which names, and with which calls."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup import backup_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup_names import backup_names
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.protectability import unprotectable
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup import (
    parse_options as parse_backup_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup import (
    plan as plan_backup,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.backup import BackupOptions, assign_names
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from tests.support.fakes import SUMMER, Cloud, backup, server

DEFAULTS: dict[str, t.Any] = {
    **dict.fromkeys(("servers", "server_filters", "ids", "name", "description", "incremental", "tags", "max_age")),
    "state": "present",
    "skip_unprotectable": False,
    "concurrency": 5,
    "wait": True,
    "poll_interval": 10,
}
FLEET = [server("web"), server("db"), server("app")]


def make_options(**options: t.Any) -> BackupOptions:
    return parse_backup_options({**DEFAULTS, **options})


def plan(cloud: Cloud, **options: t.Any) -> Plan:
    return plan_backup(make_options(**options), cloud)


def sent(todo: Plan) -> dict[str, str]:
    """The names of the new backups by server."""
    assert {call.method for call in todo.calls} <= {"back_up_server"}
    return {call.arguments["server"].removeprefix("id-"): call.arguments["backup_name"] for call in todo.calls}


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({}, "servers or server_filters is needed"),
        ({"servers": ["web"], "ids": ["x"]}, "ids goes with state absent"),
        ({"servers": ["web"], "name": "a b"}, "'a b'"),
        ({"servers": ["web", "db"], "name": "x" * 251}, "256"),
        ({"server_filters": {"name": "*"}, "name": "x" * 251}, "256"),
        ({"servers": ["web"], "description": "<"}, "description"),
        ({"servers": ["web"], "concurrency": 0}, "concurrency: 0"),
        ({"servers": ["web"], "max_age": "0h"}, "max_age: '0h'"),
        ({"servers": ["web"], "tags": {"a.b": ""}}, "'a.b'"),
        ({"server_filters": {"name": ""}}, "server_filters"),
        ({"state": "absent"}, "needs ids or name"),
        ({"state": "absent", "servers": ["web"]}, "needs ids or name"),
        ({"state": "absent", "server_filters": {"name": "*"}}, "needs ids or name"),
        ({"state": "absent", "ids": ["x"], "name": "b"}, "excludes"),
        ({"state": "absent", "ids": ["x"], "servers": ["web"]}, "excludes"),
    ],
)
def test_bad_options_are_refused_before_the_first_request(options: dict[str, t.Any], fragment: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make_options(**options)
    assert fragment in str(refusal.value)


def test_one_server_may_use_the_whole_length_of_a_name() -> None:
    assert make_options(servers=["web", "web"], name="x" * 255).name == "x" * 255


# ========== Always a new backup ==========
def test_without_name_and_age_there_is_always_a_new_backup_and_none_is_listed() -> None:
    cloud = Cloud(FLEET, backups=[backup("b", "web")])
    todo = plan(cloud, servers=["web", "db"])
    made = sent(todo)
    assert made.keys() == {"web", "db"}
    assert all(name.startswith("manualbk_") and len(name) == 13 for name in made.values())
    assert "backups" not in dict(cloud.asked)


def test_a_made_up_name_stays_out_of_diff_and_result() -> None:
    one, two = (plan(Cloud(FLEET), servers=["web"]) for dummy in range(2))
    assert one.after == two.after
    assert one.after["backups"][0]["name"] == "manualbk_xxxx"
    assert one.result["backups"][0]["name"] is None


def test_only_what_was_asked_for_is_sent() -> None:
    (call,) = plan(Cloud(FLEET), servers=["web"], name="b").calls
    assert call.arguments == {"server": "id-web", "backup_name": "b"}
    (call,) = plan(
        Cloud(FLEET), servers=["web"], name="b", description="", incremental=False, tags={"z": 1, "a": None}
    ).calls
    assert call.arguments == {
        "server": "id-web",
        "backup_name": "b",
        "description": "",
        "incremental": False,
        "tags": [{"key": "a", "value": ""}, {"key": "z", "value": "1"}],
    }


def test_a_lost_submission_is_told_from_an_older_backup_of_that_name() -> None:
    rows = [backup("b", "web", "error")]
    (call,) = plan(Cloud(FLEET, backups=rows), servers=["web"], name="b").calls
    assert call.find_effect == (
        "started_backup",
        {"server_id": "id-web", "name": "b", "known": frozenset({"item-b-web"})},
    )


def test_a_planned_backup_has_the_keys_of_a_real_one() -> None:
    todo = plan(Cloud(FLEET), servers=["web"], name="b", description="d", tags={"a": 1})
    (planned,) = todo.result["backups"]
    assert planned.keys() == backup_result(backup("b", "web")).keys()
    assert (planned["name"], planned["server"], planned["tags"], planned["id"]) == (
        "b",
        {"id": "id-web", "name": "web"},
        {"a": "1"},
        None,
    )


# ========== Done by name ==========
@pytest.mark.parametrize(
    ("status", "done"),
    [
        ("available", True),
        ("restoring", True),
        ("waiting_restore", True),
        ("protecting", True),
        ("waiting_protect", True),
        ("error", False),
        ("deleting", False),
        ("waiting_delete", False),
        ("deleted", False),
    ],
)
def test_a_good_or_running_backup_of_the_name_is_done_and_no_other(status: str, done: bool) -> None:
    todo = plan(Cloud(FLEET, backups=[backup("b", "web", status)]), servers=["web"], name="b")
    assert todo.changed is not done
    assert len(todo.result["backups"]) == 1
    assert todo.result["backups"][0]["id"] == ("item-b-web" if done else None)


@pytest.mark.parametrize("name", ["b-0001", "bb", "ab", "b-x", "B"])
def test_a_name_that_the_service_finds_by_a_part_is_not_the_name(name: str) -> None:
    assert sent(plan(Cloud(FLEET, backups=[backup(name, "web")]), servers=["web"], name="b")) == {"web": "b"}


def test_a_backup_of_that_name_of_another_server_is_not_done() -> None:
    assert sent(plan(Cloud(FLEET, backups=[backup("b", "db")]), servers=["web"], name="b")) == {"web": "b"}


@pytest.mark.parametrize("name", ["b", "b-0001", "b-0007"])
def test_one_of_several_servers_is_done_by_the_plain_and_by_the_suffixed_name(name: str) -> None:
    assert sent(plan(Cloud(FLEET, backups=[backup(name, "web")]), servers=["web", "db"], name="b")).keys() == {"db"}


@pytest.mark.parametrize("status", ["available", "protecting"])
@pytest.mark.parametrize("name", ["release-2024", "release-1200", "release-20240101"])
def test_a_year_or_a_time_in_a_name_makes_no_server_done(name: str, status: str) -> None:
    rows = [backup(name, "web", status)]
    todo = plan(Cloud(FLEET, backups=rows), servers=["web", "db"], name="release")
    assert sent(todo) == {"web": "release-0001", "db": "release-0002"}
    method, arguments = todo.calls[0].find_existing or ("", {})
    assert method == "running_backup" and not arguments["names"].fit(name)


def test_a_good_backup_is_shown_rather_than_a_running_one() -> None:
    rows = [backup("b", "web", "protecting", id="running"), backup("b", "web", id="good")]
    assert plan(Cloud(FLEET, backups=rows), servers=["web"], name="b").result["backups"][0]["id"] == "good"


# ========== Names ==========
def test_several_servers_get_the_suffixes_of_the_console() -> None:
    todo = plan(Cloud(FLEET), servers=["web", "db", "app"], name="b")
    assert sent(todo) == {"web": "b-0001", "db": "b-0002", "app": "b-0003"}


def test_several_servers_keep_their_numbers_when_the_list_is_reordered_and_grows() -> None:
    rows = [backup("b-0001", "web", "error"), backup("b-0002", "db")]
    todo = plan(Cloud(FLEET, backups=rows), servers=["app", "db", "web"], name="b")
    assert sent(todo) == {"app": "b-0003", "web": "b-0001"}


def test_numbers_of_servers_that_are_not_asked_for_are_not_given_again() -> None:
    rows = [backup("b-0004", "other"), backup("b-0002", "gone", "error")]
    assert sent(plan(Cloud(FLEET, backups=rows), servers=["web", "db"], name="b")) == {"web": "b-0005", "db": "b-0006"}


def test_two_servers_that_share_a_number_do_not_share_the_next_name() -> None:
    rows = [backup("b-0001", "web", "error"), backup("b-0001", "db", "error")]
    names = sent(plan(Cloud(FLEET, backups=rows), servers=["web", "db"], name="b"))
    assert len(set(names.values())) == 2


def test_a_list_that_shrinks_to_one_server_uses_the_plain_name() -> None:
    assert sent(plan(Cloud(FLEET, backups=[backup("b-0001", "web", "error")]), servers=["web"], name="b")) == {
        "web": "b"
    }


SERVERS = [server(f"s{number}") for number in range(8)]
ROWS = st.lists(
    st.builds(
        backup,
        st.sampled_from(["b", "b-0001", "b-0002", "b-0003", "b-0009", "b-12345", "bx-0007"]),
        st.sampled_from([*(one["name"] for one in SERVERS), "other"]),
        st.sampled_from(["error", "deleting"]),
    ),
    max_size=8,
    unique_by=lambda row: row["resource_id"],
)


@given(rows=ROWS, servers=st.lists(st.sampled_from(SERVERS), unique_by=lambda one: one["id"]))
def test_names_are_never_shared_with_another_server(
    rows: list[dict[str, t.Any]], servers: list[dict[str, t.Any]]
) -> None:
    names = assign_names(backup_names("b", rows, more=len(servers)), servers, rows)
    assert names.keys() == {one["id"] for one in servers}
    assert len(set(names.values())) == len(servers)
    taken = {row["name"] for row in rows if row["resource_id"] not in names}
    assert not taken & set(names.values())


@given(
    rows=ROWS,
    servers=st.lists(st.sampled_from(SERVERS), min_size=1, unique_by=lambda one: one["id"]),
    random=st.randoms(),
)
def test_names_stay_when_the_list_is_reordered_and_grows(
    rows: list[dict[str, t.Any]], servers: list[dict[str, t.Any]], random: t.Any
) -> None:
    first = assign_names(backup_names("b", rows, more=len(servers)), servers, rows)
    made = [backup(str(first[one["id"]]), one["name"], "error", id=f"new-{one['id']}") for one in servers]
    later = random.sample(SERVERS, len(SERVERS))
    shuffled = random.sample(rows + made, len(rows + made))
    again = assign_names(backup_names("b", shuffled, more=len(later)), later, shuffled)
    assert {key: name for key, name in again.items() if key in first} == first


# ========== Done by age ==========
def aged(seconds: float, status: str = "available", **more: t.Any) -> dict[str, t.Any]:
    moment = (SUMMER - timedelta(seconds=seconds)).replace(tzinfo=None)
    return {**backup("any", "web", status, created_at=moment.isoformat()), **more}


@pytest.mark.parametrize(
    ("row", "done"),
    [
        (aged(86399), True),
        (aged(86400), False),
        (aged(86401), False),
        (aged(-60), True),
        (aged(999999, protected_at="2026-07-01T11:00:00"), True),
        (aged(60, protected_at="2026-06-01T11:00:00"), False),
        (aged(999999, updated_at="2026-07-01T11:00:00"), False),
        (aged(999999, "protecting"), True),
        (aged(60, "waiting_protect"), True),
        (aged(60, "error"), False),
        (aged(60, "deleting"), False),
        (aged(60, extend_info={"auto_trigger": True}), True),
        (aged(60, created_at=None), False),
    ],
)
def test_a_backup_is_young_enough_or_running_or_not(row: dict[str, t.Any], done: bool) -> None:
    assert plan(Cloud(FLEET, backups=[row]), servers=["web"], max_age="24h").changed is not done


def test_an_age_goes_before_the_name() -> None:
    rows = [aged(999999, name="b")]
    assert sent(plan(Cloud(FLEET, backups=rows), servers=["web"], name="b", max_age="24h")) == {"web": "b"}
    assert not plan(Cloud(FLEET, backups=[aged(60, name="other")]), servers=["web"], name="b", max_age="24h").changed


def test_each_server_is_judged_by_its_own_backups() -> None:
    assert sent(plan(Cloud(FLEET, backups=[aged(60)]), servers=["web", "db"], max_age="24h")).keys() == {"db"}


# ========== Servers that cannot be backed up ==========
NO_DISK = {"result": False, "error_code": "CSBS.6007", "error_msg": "no volume"}


def test_servers_that_cannot_be_backed_up_are_all_named_and_nothing_is_planned() -> None:
    with pytest.raises(InvalidInput) as refusal:
        plan(Cloud(FLEET, verdicts={"id-web": NO_DISK, "id-db": NO_DISK}), servers=["web", "db", "app"])
    text = str(refusal.value)
    assert (
        all(part in text for part in ("2 of 3", "'web' (id-web)", "'db' (id-db)", "CSBS.6007")) and "'app'" not in text
    )


def test_servers_that_cannot_be_backed_up_can_be_skipped() -> None:
    todo = plan(Cloud(FLEET, verdicts={"id-web": NO_DISK}), servers=["web", "db"], name="b", skip_unprotectable=True)
    assert sent(todo) == {"db": "b-0001"}
    assert [(one["id"], "CSBS.6007" in one["reason"]) for one in todo.result["skipped_servers"]] == [("id-web", True)]
    assert [one["server"]["id"] for one in todo.result["backups"]] == ["id-db"]


@pytest.mark.parametrize(
    ("status", "verdict", "refused"),
    [
        ("ACTIVE", {"result": False, "error_code": "CSBS.2003"}, False),
        ("ACTIVE", {"result": False, "error_code": "CSBS.6005"}, False),
        ("ACTIVE", {"result": False, "error_code": "CSBS.6004"}, False),
        ("ERROR", {"result": False, "error_code": "CSBS.6005"}, True),
        ("ERROR", {"result": True}, False),
        ("ACTIVE", {"result": True, "error_code": "CSBS.6033", "error_msg": "a message can come with true"}, False),
        ("ACTIVE", {"result": False, "error_code": None, "error_msg": None}, True),
    ],
)
def test_a_server_that_is_merely_busy_or_bound_to_a_policy_is_not_refused(
    status: str, verdict: dict[str, t.Any], refused: bool
) -> None:
    found = unprotectable(
        [server("web", status=status)], {"id-web": {"error_code": None, "error_msg": None, **verdict}}
    )
    assert bool(found) is refused


def test_a_server_that_is_done_is_not_asked_about() -> None:
    cloud = Cloud(FLEET, backups=[backup("b", "web")], verdicts={"id-web": NO_DISK})
    assert not plan(cloud, servers=["web"], name="b").changed


# ========== Selections ==========
@pytest.mark.parametrize(
    "options",
    [{"servers": []}, {"server_filters": {"name": "zzz"}}, {"servers": [], "server_filters": {"name": "zzz"}}],
)
def test_a_selection_of_nothing_backs_nothing_up(options: dict[str, t.Any]) -> None:
    todo = plan(Cloud(FLEET), name="b", **options)
    assert (todo.calls, todo.result["backups"], todo.result["servers"]) == ((), [], [])


def test_unknown_servers_are_named_before_anything_is_sent() -> None:
    with pytest.raises(InvalidInput, match="no such server: 'no-1', 'no-2'"):
        plan(Cloud(FLEET), servers=["web", "no-1", "no-2"])


def test_no_more_backups_are_sent_at_a_time_than_asked_for() -> None:
    assert plan(Cloud(FLEET), servers=["web", "db"], concurrency=2).workers == 2


def test_tags_that_the_list_leaves_out_are_read_by_one_query() -> None:
    rows = [backup("b-0001", "web", tags=None), backup("b-0002", "db", tags=None)]
    tagged = [{"resource_id": "item-b-0001-web", "tags": [{"key": "a", "value": "1"}]}]
    cloud = Cloud(FLEET, backups=rows)
    cloud.find_tagged = lambda resource_type, query: tagged  # type: ignore[method-assign]
    shown = plan(cloud, servers=["web", "db"], name="b").result["backups"]
    assert [one["tags"] for one in shown] == [{"a": "1"}, {}]
