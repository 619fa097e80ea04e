# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a migration, and what is told when one of them fails; tests/cloud/test_migration.py has the rest."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    TaskFailed,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.vault_option import USUAL
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.migration import (
    Migration,
    settle_created,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.migration import (
    MigrationContext,
    MigrationOptions,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy import PolicyContext
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.policy_options import PolicyOptions
from tests.support.fakes import Cloud, Ticks, policy, server

OPTIONS = MigrationOptions("nightly", "moved", None, None, None, USUAL, timedelta(days=1), first_backup=False)
RESULT: dict[str, t.Any] = {"policy": {"name": "nightly"}, "moved": [], "not_moved": [], "backups": [], "notes": ["n"]}
SERVERS: t.Any = [server("web"), server("db")]


def context(**fields: t.Any) -> MigrationContext:
    values: dict[str, t.Any] = {
        "source_id": "pol-csbs",
        "policy_id": "pol-nightly",
        "name": "nightly",
        "vault": USUAL,
        "creation": PolicyContext(None),
        "desired": PolicyOptions("nightly", "present"),
        "tags": [],
        "room": None,
        "moving": SERVERS,
        "refused": {},
        "chosen": SERVERS,
        "stale": {},
        "to_back_up": [],
        "running": {},
        "known": [],
        "names": {},
        **fields,
    }
    return MigrationContext(**values)


class Both(Cloud):
    """A cloud in which servers join unless they are in failures, by the name of a server or of a method."""

    def __init__(self, **failures: CloudError) -> None:
        super().__init__(policies=[{**policy("nightly"), "vaults": []}])
        self.failures = failures
        self.sent: list[str] = []

    def _act(self, what: str) -> None:
        self.sent.append(what)
        if what in self.failures:
            raise self.failures[what]

    def prepare_vaults(self, **arguments: t.Any) -> None:
        self._act("prepare_vaults")

    def remove_marks(self, **arguments: t.Any) -> None:
        self._act("remove_marks")

    def move_server(self, **arguments: t.Any) -> None:
        self._act(arguments["server"]["name"])
        self.all_policies[0]["resources"].append(arguments["server"])

    def policy(self, policy_id: str) -> t.Any:
        if "policy" in self.failures:
            raise self.failures["policy"]
        return super().policy(policy_id)


def run(cloud: Both, changed: bool = False, **fields: t.Any) -> dict[str, t.Any]:
    found: t.Any = cloud
    return Migration(OPTIONS, found, context(**fields), Ticks().clock(), changed).carry_out("pol-nightly", RESULT)


def failed(cloud: Both, **fields: t.Any) -> tuple[str, dict[str, t.Any]]:
    with pytest.raises(TaskFailed) as caught:
        run(cloud, **fields)
    return str(caught.value), caught.value.results


def names(rows: t.Iterable[t.Any]) -> list[str]:
    return [row["name"] for row in rows]


def test_marks_go_first_then_the_vaults_get_room_then_servers_move() -> None:
    cloud = Both()
    result = run(cloud, stale={"v": [{"key": "k", "value": "p"}]}, room=SERVERS)
    assert cloud.sent[:2] == ["remove_marks", "prepare_vaults"] and set(cloud.sent[2:]) == {"web", "db"}
    assert names(result["moved"]) == ["web", "db"] and result["changed"] and result["notes"] == ["n"]
    assert names(result["policy"]["servers"]) == ["db", "web"]


def test_without_room_nobody_moves() -> None:
    cloud = Both(prepare_vaults=FinalError("prepare", "no quota.", "BackupService.6133"))
    told, results = failed(cloud, room=SERVERS)
    assert cloud.sent == ["prepare_vaults"] and "no quota" in told and names(results["not_moved"]) == ["web", "db"]
    assert results["changed"] is False and results["error_code"] == "BackupService.6133"


def test_one_that_fails_does_not_stop_the_others() -> None:
    told, results = failed(Both(web=FinalError("move", "not this one.", "BackupService.6137")))
    assert told.startswith("1 of 2 servers were moved. Server 'web' was not moved: not this one.")
    assert names(results["moved"]) == ["db"] and results["changed"]
    assert results["not_moved"] == [{"id": "id-web", "name": "web", "reason": "not this one"}]


def test_servers_that_the_plan_refused_fail_the_task_although_nothing_changes() -> None:
    told, results = failed(Both(), moving=[], refused={"id-db": "it has no backup"})
    assert "0 of 1" in told and "it has no backup" in told and results["changed"] is False


def test_a_server_that_is_there_has_moved_whatever_its_call_said() -> None:
    cloud = Both(web=FinalError("move", "the mark could not be removed."))
    cloud.all_policies[0]["resources"].append({"id": "id-web", "name": "web"})
    assert names(run(cloud)["moved"]) == ["web", "db"]


def test_a_policy_that_cannot_be_read_afterwards_hides_nothing() -> None:
    cloud = Both(policy=CloudError("read", "broken", status=500), db=FinalError("move", "no."))
    told, results = failed(cloud)
    assert names(results["moved"]) == ["web"] and names(results["not_moved"]) == ["db"] and "broken" in told
    assert results["policy"] == RESULT["policy"]


def test_of_two_new_policies_with_one_name_the_oldest_stays() -> None:
    own = policy("nightly", id="pol-own", created_at="2026-07-01T12:00:01")
    oldest = policy("nightly", id="pol-oldest", created_at="2026-07-01T12:00:00")
    cloud: t.Any = Cloud(policies=[own, oldest])
    creation = PolicyContext(None, name="nightly")
    outcome = Outcome({0: {"id": "pol-own"}})
    assert settle_created(cloud, context(creation=creation), outcome, Ticks().clock()) == "pol-oldest"
    assert [method for method, dummy in cloud.changes.sent] == ["delete_policy"]
