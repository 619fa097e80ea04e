# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup: under which names servers are backed up, and with which calls."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.csbs import CsbsCloud
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup import backup_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup_names import backup_names
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import Outdated
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import RULES
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.backup import (
    BackupOptions,
    CreationContext,
    assign_names,
    plan_creation,
    planned_row,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Call, Plan
from tests.support.fakes import Cloud, backup, server

WEB, DB, APP = server("web"), server("db"), server("app")


def plan(
    *servers: t.Any, rows: t.Any = (), done: t.Any = None, refusals: dict[str, str] | None = None, **options: t.Any
) -> Plan[CreationContext]:
    """The plan that backs up servers; without any these are all three."""
    chosen = list(servers or (WEB, DB, APP))
    done, refusals = done or {}, refusals or {}
    able = [one for one in chosen if one["id"] not in done and one["id"] not in refusals]
    groups = CsbsCloud.backup_groups(t.cast("t.Any", None), able)[0]
    return plan_creation(BackupOptions("present", **options), chosen, list(rows), done, refusals, groups)


def call_for_web(**options: t.Any) -> Call:
    (call,) = plan(WEB, **options).calls
    return call


def sent(todo: Plan[t.Any]) -> dict[str, str]:
    """By server, the names of the new backups."""
    assert {call.method for call in todo.calls} <= {"back_up"}
    return {call.arguments["server"].removeprefix("id-"): call.arguments["name"] for call in todo.calls}


# ========== Names ==========
def test_a_single_server_gets_the_name() -> None:
    assert sent(plan(WEB, name="b")) == {"web": "b"}


def test_several_servers_get_the_numbers_of_the_console() -> None:
    assert sent(plan(name="b")) == {"web": "b-0001", "db": "b-0002", "app": "b-0003"}


def test_several_servers_keep_their_numbers_when_the_list_is_reordered_and_grows() -> None:
    rows = [backup("b-0001", "web", "error"), backup("b-0002", "db", "error")]
    assert sent(plan(APP, DB, WEB, rows=rows, name="b")) == {"app": "b-0003", "db": "b-0002", "web": "b-0001"}


def test_numbers_of_other_servers_are_not_given_again() -> None:
    rows = [backup("b-0004", "other"), backup("b-0002", "gone", "error")]
    assert sent(plan(WEB, DB, rows=rows, name="b")) == {"web": "b-0005", "db": "b-0006"}


def test_two_servers_that_share_a_number_do_not_share_the_next_name() -> None:
    rows = [backup("b-0001", "web", "error"), backup("b-0001", "db", "error")]
    assert len(set(sent(plan(WEB, DB, rows=rows, name="b")).values())) == 2


def test_a_list_that_shrinks_to_one_server_uses_the_plain_name() -> None:
    assert sent(plan(WEB, rows=[backup("b-0001", "web", "error")], name="b")) == {"web": "b"}


def test_a_server_without_a_new_backup_gets_no_number() -> None:
    todo = plan(done={"id-web": backup("b", "web")}, refusals={"id-db": "no disk"}, name="b")
    assert sent(todo) == {"app": "b-0001"}


SERVERS = [server(f"s{number}") for number in range(8)]
ROWS = st.lists(
    st.builds(
        backup,
        st.sampled_from(["b", "b-0001", "b-0002", "b-0003", "b-0009", "b-12345", "bx-0007"]),
        st.sampled_from([*(server["name"] for server in SERVERS), "other"]),
        st.sampled_from(["error", "deleting"]),
    ),
    max_size=8,
    unique_by=lambda row: row["resource_id"],
)


@given(rows=ROWS, servers=st.lists(st.sampled_from(SERVERS), unique_by=lambda server: server["id"]))
def test_names_are_never_shared_with_another_server(rows: list[t.Any], servers: list[t.Any]) -> None:
    names = assign_names(backup_names("b", rows, more=len(servers)), servers, rows)
    assert names.keys() == {server["id"] for server in servers}
    assert len(set(names.values())) == len(servers)
    taken = {row["name"] for row in rows if row["resource_id"] not in names}
    assert not taken & set(names.values())


@given(
    rows=ROWS,
    servers=st.lists(st.sampled_from(SERVERS), min_size=1, unique_by=lambda server: server["id"]),
    random=st.randoms(),
)
def test_names_stay_when_the_list_is_reordered_and_grows(
    rows: list[t.Any], servers: list[t.Any], random: t.Any
) -> None:
    first = assign_names(backup_names("b", rows, more=len(servers)), servers, rows)
    made = [backup(str(first[server["id"]]), server["name"], "error", id=f"new-{server['id']}") for server in servers]
    later = random.sample(SERVERS, len(SERVERS))
    shuffled = random.sample(rows + made, len(rows + made))
    again = assign_names(backup_names("b", shuffled, more=len(later)), later, shuffled)
    assert {key: name for key, name in again.items() if key in first} == first


# ========== Calls ==========
def test_a_made_up_name_is_in_the_call_and_not_in_diff_and_result() -> None:
    todo, again = plan(WEB), plan(WEB)
    assert sent(todo)["web"].startswith("manualbk_") and len(sent(todo)["web"]) == 13
    assert sent(todo) != sent(again)
    assert todo.after == again.after
    assert todo.after["backups"][0]["name"] == "manualbk_xxxx"
    assert todo.result["backups"][0]["name"] is None


def test_only_what_was_asked_for_is_sent() -> None:
    assert call_for_web(name="b").arguments == {"server": "id-web", "name": "b"}
    call = call_for_web(name="b", description="", incremental=False, tags={"z": "1", "a": ""})
    assert call.arguments == {
        "server": "id-web",
        "name": "b",
        "description": "",
        "incremental": False,
        "tags": [{"key": "a", "value": ""}, {"key": "z", "value": "1"}],
    }


def test_no_more_backups_are_sent_at_a_time_than_asked_for() -> None:
    assert plan(concurrency=2).workers == 2


def test_the_effect_of_a_lost_answer_is_a_backup_that_was_not_there_before() -> None:
    old, new = backup("b", "web", "error"), backup("b", "web", "protecting", id="new")
    find = call_for_web(name="b", rows=[old]).find_effect
    assert find is not None
    assert find(t.cast("t.Any", Cloud(backups=[old]))) is None
    answer = find(t.cast("t.Any", Cloud(backups=[old, backup("other", "web"), new])))
    assert answer == {"id": new["checkpoint_id"], "created_at": new["created_at"], "rows": {"id-web": new}}


@pytest.mark.parametrize(
    ("options", "name", "status", "found"),
    [
        ({"name": "b"}, "b", "protecting", True),
        ({"name": "b"}, "b", "available", True),
        ({"name": "b"}, "b", "deleting", False),
        ({"name": "b"}, "other", "protecting", False),
        ({"max_age": timedelta(days=1)}, "other", "protecting", True),
        ({"name": "b", "max_age": timedelta(days=1)}, "other", "protecting", True),
    ],
)
def test_a_backup_that_makes_the_server_busy_may_be_all_that_is_wanted(
    options: dict[str, t.Any], name: str, status: str, found: bool
) -> None:
    find = call_for_web(**options).find_existing
    assert find is not None
    assert (find(t.cast("t.Any", Cloud(backups=[backup(name, "web", status)]))) is not None) is found


def test_a_year_in_a_name_is_not_the_number_of_a_wanted_backup() -> None:
    (call, dummy) = plan(WEB, DB, name="release").calls
    assert call.find_existing is not None
    for name, found in (("release-0001", True), ("release-2024", False)):
        cloud: t.Any = Cloud(backups=[backup(name, "web", "protecting")])
        assert (call.find_existing(cloud) is not None) is found


def test_without_name_and_age_no_other_backup_is_taken_for_the_wanted_one() -> None:
    assert call_for_web().find_existing is None


# ========== Groups of servers ==========
def vault_group(name: str, *servers: str, joining: t.Any = ()) -> t.Any:
    ids = [f"id-{one}" for one in servers]
    group = {
        "vault": {"id": f"vault-{name}", "name": name},
        "servers": ids,
        "arguments": {"vault": f"vault-{name}", "servers": ids},
        "query": {"vault_id": f"vault-{name}"},
    }
    return {**group, "joining": list(joining)} if joining else group


def plan_in_vaults(*groups: t.Any, **options: t.Any) -> Plan[CreationContext]:
    wanted = BackupOptions("present", rules=RULES["cbr"], **options)
    return plan_creation(wanted, t.cast("t.Any", [WEB, DB, APP]), [], {}, {}, groups)


def test_servers_of_a_vault_are_backed_up_by_one_call_whose_names_the_service_numbers() -> None:
    todo = plan_in_vaults(vault_group("a", "app", "web"), vault_group("b", "db"), name="b")
    assert [(call.method, call.arguments) for call in todo.calls] == [
        ("back_up", {"vault": "vault-a", "servers": ["id-app", "id-web"], "name": "b"}),
        ("back_up", {"vault": "vault-b", "servers": ["id-db"], "name": "b"}),
    ]
    assert [(shown["server"]["name"], shown["name"], shown["vault"]["name"]) for shown in todo.result["backups"]] == [
        ("web", None, "a"),
        ("db", "b", "b"),
        ("app", None, "a"),
    ]
    assert [(shown["name"], shown["vault"]) for shown in todo.after["backups"]] == [
        ("b-xxxx", "a"),
        ("b", "b"),
        ("b-xxxx", "a"),
    ]
    assert [call.operation for call in todo.calls] == [
        "back up servers 'app', 'web' in vault 'a'",
        "back up server 'db' in vault 'b'",
    ]


def test_made_up_names_of_vaults_differ_and_are_not_shown() -> None:
    todo = plan_in_vaults(vault_group("a", "app", "web"), vault_group("b", "db"))
    assert len({call.arguments["name"] for call in todo.calls}) == 2
    assert {shown["name"] for shown in todo.after["backups"]} == {"manualbk_xxxx"}
    assert {shown["name"] for shown in todo.result["backups"]} == {None}


def test_what_is_followed_is_by_the_call_that_backs_up_and_not_by_the_one_before_it() -> None:
    joining = {**WEB, "disks_gb": 20}
    todo = plan_in_vaults(vault_group("b", "db"), vault_group("a", "app", "web", joining=[joining]), name="b")
    assert [(call.method, call.group) for call in todo.calls] == [
        ("back_up", "vault-b"),
        ("put_into_vault", "vault-a"),
        ("back_up", "vault-a"),
    ]
    followed = {place: [row["resource_id"] for row in rows] for place, rows in todo.context.planned.items()}
    assert followed == {0: ["id-db"], 2: ["id-app", "id-web"]}
    assert [row["name"] for rows in todo.context.planned.values() for row in rows] == ["b", None, None]


def test_a_lost_restore_point_is_found_by_its_numbered_names_also_when_servers_were_left_out() -> None:
    (call,) = plan_in_vaults(vault_group("a", "web", "db"), name="b").calls
    assert call.find_effect is not None
    for row, found in (
        (backup("b", "web"), True),
        (backup("b-0002", "db"), True),
        (backup("b-2024", "db"), False),
        (backup("other", "web"), False),
        (backup("b", "app"), False),
    ):
        answer = call.find_effect(t.cast("t.Any", Cloud(backups=[row])))
        assert (answer is not None) is found, row


def test_a_restore_point_of_another_task_does_when_it_has_all_servers() -> None:
    (call,) = plan_in_vaults(vault_group("a", "web", "db"), name="b").calls
    assert call.find_existing is not None
    rows = [backup(f"b-000{n}", name, "protecting", checkpoint_id="c") for n, name in enumerate(("web", "db"), 1)]
    with pytest.raises(Outdated, match="another task is backing up some"):
        call.find_existing(t.cast("t.Any", Cloud(backups=rows[:1])))
    answer = call.find_existing(t.cast("t.Any", Cloud(backups=rows)))
    assert answer is not None and (answer["id"], answer["rows"].keys()) == ("c", {"id-web", "id-db"})


# ========== Results ==========
def test_a_planned_backup_has_the_keys_of_a_real_one() -> None:
    (planned,) = plan(WEB, name="b", description="d", tags={"a": "1"}).result["backups"]
    assert planned.keys() == backup_result(t.cast("t.Any", backup("b", "web"))).keys()
    assert (planned["name"], planned["server"], planned["tags"], planned["id"]) == (
        "b",
        {"id": "id-web", "name": "web"},
        {"a": "1"},
        None,
    )


def test_the_row_of_a_planned_backup_has_what_is_known_of_it() -> None:
    assert planned_row(t.cast("t.Any", WEB), "b", BackupOptions("present", description="d", tags={"a": "1"})) == {
        "name": "b",
        "description": "d",
        "resource_id": "id-web",
        "tags": [{"key": "a", "value": "1"}],
        "extend_info": {"resource_name": "web", "auto_trigger": False},
    }


def test_results_are_in_the_order_of_the_servers_with_their_present_names() -> None:
    todo = plan(done={"id-db": backup("b", "db", info={"resource_name": "db-before"})}, name="b")
    assert [(shown["server"]["name"], shown["id"]) for shown in todo.result["backups"]] == [
        ("web", None),
        ("db", "item-b-db"),
        ("app", None),
    ]
    assert [shown["name"] for shown in todo.after["backups"]] == ["b-0001", "b-0002"]


def test_refused_servers_are_skipped_with_the_reason() -> None:
    todo = plan(WEB, DB, refusals={"id-web": "no disk"}, name="b")
    assert sent(todo) == {"db": "b-0001"}
    assert todo.result["skipped_servers"] == [{"id": "id-web", "name": "web", "reason": "no disk"}]
    assert [shown["server"]["id"] for shown in todo.result["backups"]] == ["id-db"]
    assert [shown["id"] for shown in todo.result["servers"]] == ["id-web", "id-db"]
