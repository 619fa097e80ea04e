# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy_set against the local cloud: who is where, what each policy gets, and what is never touched."""

from __future__ import annotations

import json
import re
import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import create_policy, policy_in, send, set_server
from tests.support.modes import one_mode
from tests.support.modules import Args, run_module, run_ok
from tests.support.policy_sets import (
    MODULE,
    NIGHTLY,
    all_in,
    fields_in,
    hurry,
    make,
    of,
    protected,
    refused,
    spread_in,
)

OLD: Args = {
    "name": "old",
    "schedule": {"frequency": "weekly", "days": ["MO"], "times": ["04:00"]},
    "enabled": False,
    "description": "stays",
    "retention": {"days": 9, "monthly": 4, "timezone": "UTC+01:00"},
    "tags": {"team": "db"},
}
PURGE: Args = {"purge_servers": True}


@pytest.fixture(autouse=True)
def _quick(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    cloud.settings(list_delay=0)
    cloud.reset(servers=9)


def rules_in(cloud: Emulator) -> dict[str, str]:
    """Return by name of each policy in the cloud the rule of its schedule."""
    found = {}
    for policy in cloud.state.policies.values():
        match = re.search(r"RRULE:(.*?)\r\n", policy.pattern)
        assert match
        found[policy.name] = match[1]
    return dict(sorted(found.items()))


def idle(cloud: Emulator, *numbers: int, **args: t.Any) -> None:
    """Run a task that must have nothing to do."""
    cloud.journal.clear()
    result = make(cloud, *numbers, **args)
    assert result["changed"] is False and cloud.journal.writes() == []


# ========== Who is where ==========
def test_servers_stay_where_they_are_when_others_come_and_go(cloud: Emulator) -> None:
    make(cloud, 1, 2, 3, 4)
    ids = {policy.name: policy.id for policy in cloud.state.policies.values()}
    make(cloud, 4, 3, 1, 5, 6, **PURGE)
    # The place of server 2 is taken by a new one; nobody else moves, in whatever order the servers are named.
    assert spread_in(cloud) == {"nightly-0001": of(1, 5), "nightly-0002": of(3, 4), "nightly-0003": of(6)}
    make(cloud, 6, 5, 4, 3, **PURGE)
    assert spread_in(cloud) == {"nightly-0001": of(5, 6), "nightly-0002": of(3, 4)}
    assert {policy.name: policy.id for policy in cloud.state.policies.values()} == ids
    idle(cloud, 3, 4, 5, 6)


def test_a_number_that_is_free_again_is_used_again(cloud: Emulator) -> None:
    make(cloud, 1, 2, 3, 4, 5)
    make(cloud, 3, 4, 5, **PURGE)
    assert spread_in(cloud) == {"nightly-0002": of(3, 4), "nightly-0003": of(5)}
    make(cloud, 1, 2, 6, 3, 4, 5)
    assert spread_in(cloud) == {"nightly-0001": of(2, 6), "nightly-0002": of(3, 4), "nightly-0003": of(1, 5)}


def test_without_moving_a_set_gets_no_smaller_but_by_what_leaves(cloud: Emulator) -> None:
    make(cloud, 1, 2, 3, 4)
    make(cloud, 1, 3, **PURGE, move_servers=False)
    assert spread_in(cloud) == {"nightly-0001": of(1), "nightly-0002": of(3)}
    make(cloud, 3, **PURGE, move_servers=False)
    assert spread_in(cloud) == {"nightly-0002": of(3)}
    make(cloud, **PURGE)
    assert spread_in(cloud) == {"nightly-0002": []}


def test_a_server_that_is_left_out_keeps_its_policy_and_its_place(cloud: Emulator) -> None:
    """It also keeps its policy alive: after an interruption nobody would put it back."""
    make(cloud, 1, 2, 3, 4)
    idle(cloud, 1, 3, servers_per_policy=4, move_servers=False)
    make(cloud, 3, servers_per_policy=4)
    assert spread_in(cloud) == {"nightly-0001": of(1, 2), "nightly-0002": of(3, 4)}
    idle(cloud, servers_per_policy=4)


@pytest.mark.parametrize("broken", ["ERROR", "unprotectable"])
def test_a_server_that_no_policy_would_take_never_leaves_its_own(cloud: Emulator, broken: str) -> None:
    make(cloud, 1, 2, 3)
    if broken == "ERROR":
        set_server(cloud, "srv-0003", status="ERROR")
    else:
        set_server(cloud, "srv-0003", unprotectable="CSBS.6033")
    make(cloud, 2, 3, **PURGE)
    # The other server moves in its stead.
    assert spread_in(cloud) == {"nightly-0002": of(2, 3)}
    idle(cloud, 2, 3, **PURGE)
    run_ok("csbs_policy", {**OLD, "servers": of(1)}, cloud)
    idle(cloud, 3, servers_per_policy=1, move_servers=False)


@pytest.mark.parametrize("broken", [{"status": "ERROR"}, {"unprotectable": "CSBS.6033"}], ids=["error", "refused"])
def test_nobody_leaves_another_policy_with_a_server_that_would_be_refused(cloud: Emulator, broken: Args) -> None:
    run_ok("csbs_policy", {**OLD, "servers": of(3, 4)}, cloud)
    set_server(cloud, "srv-0003", **broken)
    before = all_in(cloud)
    cloud.journal.clear()
    message = refused(cloud, servers=of(1, 3, 4))["msg"]
    assert "srv-0003" in message and cloud.journal.writes() == [] and all_in(cloud) == before


def test_nobody_moves_within_the_set_together_with_a_server_that_would_be_refused(cloud: Emulator) -> None:
    """The update would be refused as a whole, again and again, with the moving server out of its old policy."""
    make(cloud, 1, 2, 3, 4, 5, 6, servers_per_policy=3)
    set_server(cloud, "srv-0007", unprotectable="CSBS.6033")
    before = all_in(cloud)
    cloud.journal.clear()
    result = refused(cloud, servers=of(1, 4, 7), servers_per_policy=3, **PURGE)
    assert "srv-0007" in result["msg"]
    assert cloud.journal.writes() == [] and all_in(cloud) == before


def test_old_policies_keep_their_other_servers_and_fields(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**OLD, "servers": of(1, 2, 3)}, cloud)
    run_ok("csbs_policy", {**OLD, "name": "older", "servers": of(4, 5)}, cloud)
    before = {name: fields_in(cloud, name) for name in ("old", "older")}
    make(cloud, 1, 3, 5)
    assert fields_in(cloud, "old") == {**before["old"], "servers": of(2)}
    assert fields_in(cloud, "older") == {**before["older"], "servers": of(4)}
    message = refused(cloud, servers=of(1, 2, 3, 4, 5), move_servers=False)["msg"]
    assert "move_servers" in message and "'old'" in message and "'older'" in message
    assert protected(cloud) == set(of(1, 2, 3, 4, 5))


def test_servers_that_no_longer_exist_leave_and_take_no_room(cloud: Emulator) -> None:
    make(cloud, 1, 2, 3, 4)
    former = cloud.server("srv-0001").id
    cloud.remove_server(former)
    run_ok("csbs_policy_set", {"name": "nightly", "servers_per_policy": 2, "enabled": True}, cloud)
    assert former in {member["id"] for member in policy_in(cloud, "nightly-0001").resources}, "nobody names the servers"
    make(cloud, 2)
    assert spread_in(cloud) == {"nightly-0001": of(2), "nightly-0002": of(3, 4)}
    make(cloud, 5)
    assert spread_in(cloud) == {"nightly-0001": of(2, 5), "nightly-0002": of(3, 4)}


def test_a_server_that_only_the_list_lacks_keeps_its_policy(cloud: Emulator) -> None:
    make(cloud, 1, 2)
    listed = send(cloud, "GET", "/servers/detail", base=f"{cloud.url}/compute/v2.1/{cloud.project_id}")["servers"]
    shorter = json.dumps({"servers": [server for server in listed if server["name"] != "srv-0001"]})
    cloud.faults.add(method="GET", path="/servers/detail", times=-1, body=shorter, status=200)
    idle(cloud, 2)
    assert spread_in(cloud) == {"nightly-0001": of(1, 2)}


# ========== What belongs to a set ==========
def test_policies_that_are_only_named_alike_are_never_touched(cloud: Emulator) -> None:
    names = ("nightly", "nightly-2024", "nightly-00001", "nightly-x", "nightly-0000", "nightly-0033", "nightly-0001-a")
    for name in (*names, "my-nightly-0001"):
        create_policy(cloud, name)
    before = all_in(cloud)
    make(cloud, 1, 2, 3, tags={"a": "b"}, description="x")
    make(cloud, 1, new_name="each", **PURGE)
    assert spread_in(cloud).keys() == {*before, "each-0001"}
    run_ok(MODULE, {"name": "each", "state": "absent"}, cloud)
    run_ok(MODULE, {"name": "nightly", "state": "absent"}, cloud)
    assert all_in(cloud) == before


def test_a_set_without_a_number_is_one_policy_until_it_needs_two(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**OLD, "name": "nightly", "servers": of(1)}, cloud)
    first = policy_in(cloud, "nightly").id
    make(cloud, 1, 2, suffix="when_needed")
    assert spread_in(cloud) == {"nightly": of(1, 2)}
    make(cloud, 1, 2, 3, suffix="when_needed")
    assert spread_in(cloud) == {"nightly-0001": of(1, 2), "nightly-0002": of(3)}
    assert policy_in(cloud, "nightly-0001").id == first
    make(cloud, 3, suffix="when_needed", **PURGE)
    assert spread_in(cloud) == {"nightly": of(3)}
    idle(cloud, 3, suffix="when_needed")
    assert fields_in(cloud, "nightly")["tags"] == OLD["tags"]


@pytest.mark.parametrize("suffix", ["always", "when_needed"])
def test_a_new_name_that_others_have_is_refused_before_anything_is_written(cloud: Emulator, suffix: str) -> None:
    make(cloud, 1, 2, 3)
    run_ok(MODULE, {**NIGHTLY, "name": "other", "servers": of(4)}, cloud)
    cloud.journal.clear()
    message = refused(cloud, new_name="other", suffix=suffix)["msg"]
    assert "'other'" in message and policy_in(cloud, "other-0001").id in message and cloud.journal.writes() == []


# ========== Limits ==========
@pytest.mark.parametrize("others", [31, 29])
def test_a_set_that_needs_more_policies_than_the_project_may_have_is_refused_first(
    cloud: Emulator, others: int
) -> None:
    for number in range(others):
        create_policy(cloud, f"other-{number}")
    free = 32 - others
    cloud.journal.clear()
    for check in (False, True):
        args = {**NIGHTLY, "servers": of(*range(1, free + 2)), "servers_per_policy": 1}
        result = run_module(MODULE, args, cloud, check=check)
        assert result["failed"] and result["changed"] is False
        assert all(number in result["msg"] for number in ("32", "33", f" {free + 1} ")) and "'nightly'" in result["msg"]
    assert cloud.journal.writes() == []
    make(cloud, *range(1, free + 1), servers_per_policy=1)
    assert len(cloud.state.policies) == 32
    # What is there already still changes, and what is dropped makes room.
    make(cloud, *range(2, free + 1), servers_per_policy=1, **PURGE)
    idle(cloud, *range(2, free + 1), servers_per_policy=1)


@one_mode
@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"name": "n" * 251}, ["name", "255", "-0001"]),
        ({"new_name": "a b"}, ["new_name"]),
        ({"servers_per_policy": 0}, ["servers_per_policy", "1", "64"]),
        ({"servers_per_policy": 65}, ["servers_per_policy", "64"]),
        ({"stagger_minutes": 1440}, ["stagger_minutes", "1439"]),
        ({"stagger_minutes": -1}, ["stagger_minutes"]),
        ({"stagger_minutes": 5, "schedule": None}, ["stagger_minutes", "schedule"]),
        ({"tags": {str(number): "" for number in range(11)}}, ["tags", "10"]),
        ({"servers": [""]}, ["servers"]),
        ({"server_filters": {}}, ["server_filters"]),
        ({"state": "absent"}, ["state: absent"]),
        ({"name": "27b11f3f-578d-4464-89d1-7c6d5894f753"}, ["name", "ID"]),
    ],
    ids=str,
)
def test_bad_input_is_refused_before_the_first_request(cloud: Emulator, args: Args, words: list[str]) -> None:
    cloud.journal.clear()
    message = refused(cloud, **args)["msg"]
    assert all(word in message for word in words), message
    assert list(cloud.journal) == []


def test_filters_that_match_nothing_choose_nobody(cloud: Emulator) -> None:
    make(cloud, 1, 2, 3)
    nobody: Args = {"server_filters": {"name": "zzz-*"}}
    cloud.journal.clear()
    assert run_ok(MODULE, {**NIGHTLY, **nobody}, cloud)["changed"] is False
    assert "purge_servers" in refused(cloud, **nobody, **PURGE)["msg"]
    assert "'srv-none'" in refused(cloud, servers=["srv-none"])["msg"]
    assert cloud.journal.writes() == []


# ========== What each policy gets ==========
def test_start_times_follow_the_number_of_a_policy_and_stay_when_the_fleet_changes(cloud: Emulator) -> None:
    stagger: Args = {
        "stagger_minutes": 40,
        "schedule": {"frequency": "daily", "times": ["22:30", "10:30"], "timezone": "UTC"},
    }
    make(cloud, 1, 2, 3, 4, 5, 6, 7, **stagger)
    assert rules_in(cloud) == {
        "nightly-0001": "FREQ=DAILY;BYHOUR=10,22;BYMINUTE=30",
        "nightly-0002": "FREQ=DAILY;BYHOUR=11,23;BYMINUTE=10",
        "nightly-0003": "FREQ=DAILY;BYHOUR=11,23;BYMINUTE=50",
        # Past midnight, every day is every day.
        "nightly-0004": "FREQ=DAILY;BYHOUR=00,12;BYMINUTE=30",
    }
    rules = rules_in(cloud)
    make(cloud, 3, 4, 7, **PURGE, **stagger, move_servers=False)
    assert rules_in(cloud) == {name: rule for name, rule in rules.items() if name in ("nightly-0002", "nightly-0004")}
    make(cloud, 1, 2, 3, 4, 7, 8, **stagger)
    assert rules_in(cloud) == {name: rule for name, rule in rules.items() if name != "nightly-0003"}
    idle(cloud, 1, 2, 3, 4, 7, 8, **stagger)
    make(cloud, 1, **{**stagger, "stagger_minutes": 0}, move_servers=False)
    assert len(set(rules_in(cloud).values())) == 1


def test_weekly_runs_past_midnight_are_on_the_next_day(cloud: Emulator) -> None:
    weekly: Args = {"schedule": {"frequency": "weekly", "days": ["MO", "SU"], "times": ["23:30"], "timezone": "UTC"}}
    make(cloud, 1, 2, 3, 4, stagger_minutes=30, **weekly)
    assert rules_in(cloud) == {
        "nightly-0001": "FREQ=WEEKLY;BYDAY=MO,SU;BYHOUR=23;BYMINUTE=30",
        "nightly-0002": "FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=00;BYMINUTE=00",
    }
    idle(cloud, 1, 2, 3, 4, stagger_minutes=30, **weekly)
    cloud.journal.clear()
    weekly["schedule"]["times"] = ["22:30", "23:30"]
    message = refused(cloud, servers=of(1, 2, 3, 4), stagger_minutes=45, **weekly)["msg"]
    assert "stagger_minutes" in message and cloud.journal.writes() == []


def test_tags_and_retention_reach_every_policy_also_new_ones(cloud: Emulator) -> None:
    make(cloud, 1, 2, 3)
    rich: Args = {
        "tags": {"team": "web"},
        "description": "Every night",
        "retention": {"days": 7, "weekly": 5, "monthly": 12, "timezone": "UTC+01:00"},
    }
    make(cloud, 1, 2, 3, 4, 5, **rich)
    for name in ("nightly-0001", "nightly-0002", "nightly-0003"):
        fields = fields_in(cloud, name)
        kept = {key: value for key, value in fields["definition"].items() if value not in (-1, 0, False)}
        assert kept == {
            "retention_duration_days": 7,
            "week_backups": 5,
            "month_backups": 12,
            "timezone": "UTC+01:00",
        }
        assert (fields["tags"], fields["description"]) == ({"team": "web"}, "Every night")
    idle(cloud, 1, 2, 3, 4, 5, **rich)


def test_a_new_policy_gets_what_the_task_does_not_say_from_the_first_of_the_set(cloud: Emulator) -> None:
    make(cloud, 1, 2, **{key: OLD[key] for key in ("schedule", "description", "retention", "tags")})
    result = run_ok(MODULE, {"name": "nightly", "servers": of(3), "servers_per_policy": 2}, cloud)
    first, second = (fields_in(cloud, name) for name in ("nightly-0001", "nightly-0002"))
    unseen = {"month_backups", "timezone"} if cloud.state.settings.live else set()
    definition = {key: value for key, value in first["definition"].items() if key not in unseen}
    assert {key: value for key, value in second["definition"].items() if value not in (-1, False)} == definition
    assert {**first, "servers": 0, "definition": 0} == {**second, "servers": 0, "definition": 0}
    # What the service hides cannot be copied, and that is told.
    assert any("monthly" in note and "'nightly-0002'" in note for note in result["notes"]) is bool(unseen)


def test_check_mode_predicts_a_change_of_many_parts_and_writes_nothing(cloud: Emulator) -> None:
    run_ok("csbs_policy", {**OLD, "servers": of(8, 9)}, cloud)
    make(cloud, 1, 2, 3, 4, 5)
    args = {**NIGHTLY, "servers": of(1, 3, 5, 8), "new_name": "each", "stagger_minutes": 5, "tags": {"a": "b"}, **PURGE}
    before = all_in(cloud)
    cloud.journal.clear()
    check = run_module(MODULE, args, cloud, check=True)
    assert cloud.journal.writes() == [] and all_in(cloud) == before
    real = run_ok(MODULE, args, cloud)
    assert check["diff"] == real["diff"] and check["changed"] is real["changed"] is True
    assert {name: fields["servers"] for name, fields in all_in(cloud).items()} == {
        "each-0001": of(1, 8),
        "each-0002": of(3, 5),
        "old": of(9),
    }


# ========== What it costs ==========
def test_a_thousand_servers_of_ten_thousand_cost_few_requests(cloud: Emulator) -> None:
    cloud.reset(seed=[{"name": f"{'web' if number < 1000 else 'other'}-{number}"} for number in range(10_000)])
    args: Args = {
        **NIGHTLY,
        "servers_per_policy": 64,
        "server_filters": {"name": "web-*"},
        "tags": {"a": "b"},
        "retention": {"days": 9, "monthly": 3, "timezone": "UTC+01:00"},
    }
    cloud.journal.clear()
    result = run_ok(MODULE, args, cloud)
    assert len(result["servers"]) == 1000 and len(result["policies"]) == 16
    first = len(cloud.journal)
    cloud.journal.clear()
    assert run_ok(MODULE, args, cloud)["changed"] is False and cloud.journal.writes() == []
    assert first <= 60 and len(cloud.journal) <= 30, (first, len(cloud.journal))
