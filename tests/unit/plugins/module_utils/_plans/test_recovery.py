# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as the effect of a call whose answer was lost, and what as the wanted thing in progress."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup_names import BackupNames
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import Outdated
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.recovery import (
    changed_backup,
    created_policy,
    running_backups,
    started_backups,
)
from tests.support.fakes import Cloud, backup, policy

if t.TYPE_CHECKING:
    from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.recovery import Finder

Row = dict[str, t.Any]


def found(finder: Finder, *backups: Row, policies: t.Iterable[Row] = ()) -> str | None:
    """Return the ID of what a finder finds, or of the only backup of a checkpoint."""
    row = finder(t.cast(t.Any, Cloud(backups=backups, policies=policies)))
    if row is None:
        return None
    rows = list(row.get("rows", {}).values())
    return rows[0]["id"] if len(rows) == 1 else row["id"]


def of_web(names: BackupNames | None, states: t.Any = None) -> Finder:
    return running_backups({"resource_id": "id-web"}, ["id-web"], (), names, states)


# ========== Policies ==========
def test_a_policy_of_the_name_that_was_not_there_before_is_the_one_that_was_created() -> None:
    policies = [policy("other"), policy("nightly", id="old"), policy("nightly", id="new")]
    assert found(created_policy("nightly", {"old"}), policies=policies) == "new"
    assert found(created_policy("nightly", {"old", "new"}), policies=policies) is None


# ========== Backups ==========
@pytest.mark.parametrize("status", ["waiting_protect", "protecting", "available", "error"])
def test_a_started_backup_is_found_in_every_state(status: str) -> None:
    finder = started_backups({"resource_id": "id-web"}, ["id-web"], (), BackupNames("b"))
    assert found(finder, backup("b", "web", status)) == "item-b-web"


@pytest.mark.parametrize(
    "row",
    [backup("b", "db"), backup("bb", "web"), backup("b-0001", "web"), backup("b", "web", id="old")],
    ids=["another-server", "longer-name", "numbered", "there-before"],
)
def test_another_backup_is_not_the_one_that_was_started(row: Row) -> None:
    finder = started_backups({"resource_id": "id-web"}, ["id-web"], {"old"}, BackupNames("b"))
    assert found(finder, row) is None


def test_names_and_states_limit_what_counts_as_running() -> None:
    failed, numbered = backup("b", "web", "error"), backup("b-0002", "web", "protecting")
    states = {"protecting", "available"}
    assert found(of_web(BackupNames("b", 3), states), failed, numbered) == "item-b-0002-web"
    assert found(of_web(BackupNames("b"), states), failed, numbered) is None
    assert found(of_web(None), failed, numbered) == "item-b-web"


# ========== Runs of a policy ==========
def run_of(checkpoint: str, *servers: str, auto: t.Any = False) -> list[Row]:
    """The backups of one run."""
    info = {"auto_trigger": auto}
    return [backup(checkpoint, server, checkpoint_id=checkpoint, info=info) for server in servers]


SERVERS = ["id-a", "id-b", "id-c"]


def test_a_started_run_may_have_left_servers_out_and_the_one_with_the_most_is_taken() -> None:
    finder = started_backups({"policy_id": "pol"}, SERVERS, ())
    assert found(finder, *run_of("one", "a"), *run_of("two", "a", "b"), *run_of("three", "c")) == "two"
    assert found(finder, *run_of("one", "a"), *run_of("all", "a", "b", "c")) == "all"


@pytest.mark.parametrize("auto", [True, "true", "True"])
def test_a_run_by_the_schedule_or_with_other_servers_was_not_started_by_hand_for_these(auto: t.Any) -> None:
    finder = started_backups({"policy_id": "pol"}, SERVERS, ())
    assert found(finder, *run_of("auto", "a", "b", "c", auto=auto)) is None
    assert found(finder, *run_of("other", "a", "d")) is None
    assert found(finder) is None


def test_a_running_run_holds_all_the_servers_whoever_started_it() -> None:
    finder = running_backups({"policy_id": "pol"}, SERVERS[:2], ())
    assert found(finder, *run_of("part", "a"), *run_of("more", "a", "b", "d", auto=True)) == "more"
    assert found(finder, *run_of("part", "a")) is None


def test_backups_of_some_of_the_servers_end_a_call_that_would_make_them_twice() -> None:
    finder = running_backups({"policy_id": "pol"}, SERVERS[:2], (), operation="back up a and b")
    assert found(finder, *run_of("part", "a"), *run_of("more", "a", "b")) == "more"
    assert found(finder, *run_of("others", "d")) is None
    with pytest.raises(Outdated, match="Could not back up a and b: another task is backing up some"):
        found(finder, *run_of("part", "a"), *run_of("others", "d"))


def test_runs_that_were_there_before_are_not_found() -> None:
    rows = run_of("old", "a", "b", "c")
    known = {row["id"] for row in rows}
    assert found(started_backups({"policy_id": "pol"}, SERVERS, known), *rows) is None
    assert found(running_backups({"policy_id": "pol"}, SERVERS, known), *rows) is None


# ========== A backup that shows something ==========
def test_a_backup_counts_as_changed_only_when_it_shows_it() -> None:
    row = backup("b", "web", "restoring")
    assert found(changed_backup("item-b-web", lambda now: now["status"] == "restoring"), row) == "item-b-web"
    assert found(changed_backup("item-b-web", lambda now: now["status"] == "error"), row) is None
    assert found(changed_backup("item-gone", lambda now: True), row) is None
