# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_policy against the local cloud: what only a cloud with state can show."""

from __future__ import annotations

import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import create_policy, delete_server, policy_in, send, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok
from tests.support.policy_sets import meanwhile

SCHEDULE = {"frequency": "daily", "times": ["02:00"]}


def policy(cloud: Emulator, name: str, **args: t.Any) -> dict[str, t.Any]:
    return run_ok("csbs_policy", {"name": name, **args}, cloud)["policy"]


def members(cloud: Emulator, name: str) -> list[str]:
    found = run_ok("csbs_policy_info", {"name": name}, cloud)["policies"]
    return sorted(server["name"] for one in found for server in one["servers"])


def refused(cloud: Emulator, name: str, **args: t.Any) -> str:
    cloud.journal.clear()
    result = run_module("csbs_policy", {"name": name, **args}, cloud)
    assert result.get("failed"), result
    return str(result["msg"])


def test_moving_a_server_leaves_all_others_and_all_other_fields_alone(cloud: Emulator) -> None:
    policy(
        cloud,
        "old",
        schedule=SCHEDULE,
        servers=["srv-0001", "srv-0002"],
        description="Stays",
        tags={"a": "b"},
        retention={"days": 3},
    )
    policy(cloud, "new", schedule=SCHEDULE, servers=["srv-0003"])
    policy(cloud, "new", servers=["srv-0002"])
    assert members(cloud, "new") == ["srv-0002", "srv-0003"]
    old = run_ok("csbs_policy_info", {"name": "old"}, cloud)["policies"][0]
    assert [server["name"] for server in old["servers"]] == ["srv-0001"]
    assert (old["description"], old["tags"], old["retention"]["days"], old["enabled"]) == ("Stays", {"a": "b"}, 3, True)


def test_a_move_that_the_new_policy_refuses_is_undone(cloud: Emulator) -> None:
    policy(cloud, "old", schedule=SCHEDULE, servers=["srv-0001"])
    policy(cloud, "new", schedule=SCHEDULE, servers=["srv-0002"])
    new = run_ok("csbs_policy_info", {"name": "new"}, cloud)["policies"][0]["id"]
    cloud.faults.add(method="PUT", path=f"/policies/{new}$", status=400, error_code="CSBS.6033", error_msg="dss")
    message = refused(cloud, "new", servers=["srv-0001"])
    assert "update backup policy 'new'" in message and "CSBS.6033" in message and "Put back" in message
    cloud.faults.clear()
    assert (members(cloud, "old"), members(cloud, "new")) == (["srv-0001"], ["srv-0002"])


def test_nobody_leaves_a_policy_for_a_full_one(cloud: Emulator) -> None:
    cloud.reset(servers=66)
    full = [f"srv-{number:04d}" for number in range(1, 65)]
    policy(cloud, "full", schedule=SCHEDULE, servers=full)
    policy(cloud, "old", schedule=SCHEDULE, servers=["srv-0065"])
    assert "64" in refused(cloud, "full", servers=["srv-0065"])
    assert cloud.journal.writes() == []


@one_mode
def test_a_65th_server_is_refused_before_any_request(cloud: Emulator) -> None:
    message = refused(cloud, "p", schedule=SCHEDULE, servers=[f"srv-{number:04d}" for number in range(1, 66)])
    assert "65" in message and "64" in message
    assert list(cloud.journal) == []


def test_a_server_in_error_stays_in_its_policy_but_may_leave_on_request(cloud: Emulator) -> None:
    policy(cloud, "old", schedule=SCHEDULE, servers=["srv-0001", "srv-0002"])
    policy(cloud, "new", schedule=SCHEDULE)
    set_server(cloud, "srv-0001", status="ERROR")
    message = refused(cloud, "new", servers=["srv-0001"])
    assert "srv-0001" in message and "ERROR" in message
    assert cloud.journal.writes() == []
    policy(cloud, "old", servers=["srv-0002"], purge_servers=True)
    assert members(cloud, "old") == ["srv-0002"]


def test_move_servers_false_names_server_and_policy(cloud: Emulator) -> None:
    policy(cloud, "old", schedule=SCHEDULE, servers=["srv-0001"])
    message = refused(cloud, "new", schedule=SCHEDULE, servers=["srv-0001"], move_servers=False)
    assert "srv-0001" in message and "'old'" in message
    assert cloud.journal.writes() == []


def test_an_ambiguous_name_lists_the_ids(cloud: Emulator) -> None:
    twins = [cloud.add_server("twin").id for dummy in range(2)]
    message = refused(cloud, "p", schedule=SCHEDULE, servers=["twin"])
    assert all(twin in message for twin in twins)
    if cloud.describe()["mode"] == "live":
        cloud.settings(list_delay=0)
        for dummy in range(2):
            create_policy(cloud, "same")
        message = refused(cloud, "same", description="Which?")
        assert "ambiguous" in message
        assert len(run_ok("csbs_policy_info", {"name": "same"}, cloud)["policies"]) == 2


def test_the_membership_of_a_deleted_server_can_stay_and_go(cloud: Emulator) -> None:
    made = policy(cloud, "p", schedule=SCHEDULE, servers=["srv-0001", "srv-0002"])
    gone = made["servers"][0]["id"]
    delete_server(cloud, "srv-0001")
    assert (
        run_ok("csbs_policy", {"name": "p", "servers": made["servers"], "purge_servers": True}, cloud)["changed"]
        is False
    )
    policy(cloud, "p", servers=["srv-0002"], purge_servers=True)
    assert gone not in {
        server["id"] for one in run_ok("csbs_policy_info", {}, cloud)["policies"] for server in one["servers"]
    }


def test_unknown_servers_are_named_before_anything_is_written(cloud: Emulator) -> None:
    message = refused(cloud, "p", schedule=SCHEDULE, servers=["srv-0001", "no-such-1", "no-such-2"])
    assert "'no-such-1'" in message and "'no-such-2'" in message
    assert cloud.journal.writes() == []


def test_a_creation_whose_answer_was_lost_makes_one_policy(cloud: Emulator) -> None:
    cloud.faults.add(method="POST", path="/policies$", drop="after", times=1)
    policy(cloud, "once", schedule=SCHEDULE)
    assert len(run_ok("csbs_policy_info", {"name": "once"}, cloud)["policies"]) == 1


def test_long_term_counts_survive_an_update_of_something_else(cloud: Emulator) -> None:
    policy(cloud, "p", schedule=SCHEDULE, retention={"days": 14, "monthly": 12, "timezone": "UTC+01:00"})
    policy(cloud, "p", description="Other", enabled=False)
    assert policy_in(cloud, "p").definition["month_backups"] == 12
    policy(cloud, "p", description="Third", retention={"days": 14})
    assert not policy_in(cloud, "p").definition.get("month_backups")


def test_an_update_of_the_retention_does_not_switch_a_disabled_policy_on(cloud: Emulator) -> None:
    policy(cloud, "p", schedule=SCHEDULE, enabled=False)
    assert policy(cloud, "p", retention={"days": 3})["enabled"] is False
    assert policy_in(cloud, "p").enabled is False


def test_tags_go_before_tags_come(cloud: Emulator) -> None:
    policy(cloud, "p", schedule=SCHEDULE, tags={f"k{number}": "v" for number in range(10)})
    assert len(policy(cloud, "p", tags={f"n{number}": "v" for number in range(10)})["tags"]) == 10
    message = refused(cloud, "p", tags={"one-more": ""}, purge_tags=False)
    assert "11" in message and cloud.journal.writes() == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"name": "with space"}, ["name", "with space"]),
        ({"description": "a<b"}, ["description", "a<b"]),
        ({"description": "x" * 256}, ["description", "256"]),
        ({"tags": {"bad key": "x"}}, ["tags", "bad key"]),
        ({"tags": {"k": "v" * 44}}, ["tags", "43"]),
        ({"tags": {f"k{n}": "" for n in range(11)}}, ["tags", "11"]),
        ({"retention": {"days": 100000}}, ["retention.days", "100000"]),
        ({"retention": {"daily": 101, "timezone": "UTC+00:00"}}, ["retention.daily", "101"]),
        ({"retention": {"daily": 1}}, ["retention.timezone"]),
        ({"schedule": {"frequency": "daily", "times": ["24:00"]}}, ["schedule.times", "24:00"]),
        ({"schedule": {"frequency": "daily", "times": [870]}}, ["14:30"]),
        ({"schedule": {"frequency": "daily", "times": ["02:00", "14:30"]}}, ["one rule"]),
        ({"schedule": {"frequency": "daily", "times": ["02:00", "02:30"]}}, ["30 minutes"]),
        ({"schedule": {"frequency": "daily", "times": ["02:00"], "timezone": "Europe/Nowhere"}}, ["Europe/Nowhere"]),
        ({"schedule": {"frequency": "daily", "times": ["02:00"], "interval": 31}}, ["schedule.interval", "31"]),
        ({"schedule": {"frequency": "daily", "times": ["02:00"], "days": ["MO"]}}, ["schedule.days"]),
        ({"schedule": {"frequency": "weekly", "times": ["02:00"], "days": ["XX"]}}, ["XX"]),
        ({"schedule": {"frequency": "weekly", "times": ["02:00"]}}, ["days", "schedule"]),
        ({"schedule": {"frequency": "weekly", "times": ["02:00"], "days": None}}, ["schedule.days"]),
        ({"schedule": {"frequency": "daily"}}, ["times", "schedule"]),
        ({"schedule": {"frequency": "daily", "times": []}}, ["schedule.times"]),
        ({"schedule": {"timezone": "UTC"}}, ["frequency, pattern"]),
        (
            {"schedule": {"pattern": "FREQ=DAILY;BYHOUR=1;BYMINUTE=0", "times": ["02:00"]}},
            ["schedule.pattern", "schedule.times"],
        ),
        ({"server_filters": {}}, ["server_filters"]),
    ],
)
@one_mode
def test_bad_input_is_refused_before_the_first_request(
    cloud: Emulator, args: dict[str, t.Any], words: list[str]
) -> None:
    message = refused(cloud, **{"name": "p", "schedule": SCHEDULE, **args})
    assert all(word in message for word in words), message
    assert list(cloud.journal) == []


def test_a_pattern_that_no_policy_has_and_the_service_refuses_is_refused_before_anything_is_written(
    cloud: Emulator,
) -> None:
    """Only the service knows whether the policy has that pattern already, so one look at it comes first."""
    message = refused(cloud, name="p", schedule={"pattern": "FREQ=MONTHLY;BYHOUR=1;BYMINUTE=0"})
    assert "schedule.pattern" in message and "MONTHLY" in message
    assert cloud.journal.writes() == []


def test_a_policy_too_new_to_be_listed_is_found_by_its_id(cloud: Emulator) -> None:
    cloud.settings(list_delay=60)
    made = create_policy(cloud, "new")
    assert policy(cloud, made, description="Found")["name"] == "new"
    assert run_ok("csbs_policy", {"name": made, "state": "absent"}, cloud)["changed"] is True


@one_mode
def test_a_policy_that_is_to_go_only_without_servers_stays_for_one_that_has_just_joined(cloud: Emulator) -> None:
    made = create_policy(cloud, "old")
    rows = [{"id": cloud.server("srv-0001").id, "type": "OS::Nova::Server", "name": "srv-0001"}]

    def join() -> None:
        send(cloud, "PUT", f"/policies/{made}", {"policy": {"resources": rows}})

    with meanwhile("GET", join, calls=2, before=False):
        result = run_module("csbs_policy", {"name": made, "state": "absent", "servers": []}, cloud)
    assert result.get("failed") and "srv-0001" in result["msg"] and result["changed"] is False
    assert members(cloud, "old") == ["srv-0001"]
    run_ok("csbs_policy_server", {"policy": "old", "servers": ["srv-0001"], "state": "absent"}, cloud)
    assert run_ok("csbs_policy", {"name": made, "state": "absent", "servers": []}, cloud)["changed"] is True
