# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_prune with CBR: the rules are those of CSBS; what is locked, held or busy there is told as such."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime

import pytest

from tests.emulator import Emulator
from tests.support.estate import delete_server, send, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

FAST = {"service": "cbr", "poll_interval": 0.1, "timeout": 60}
DAY = 86400.0
DELETIONS = "/backups/"
Result = dict[str, t.Any]


def prune(cloud: Emulator, **args: t.Any) -> Result:
    return run_ok("csbs_backup_prune", {**FAST, **args}, cloud)


def failed(cloud: Emulator, **args: t.Any) -> Result:
    result = run_module("csbs_backup_prune", {**FAST, **args}, cloud)
    assert result.get("failed"), result
    return result


def vault_of(cloud: Emulator, server: str) -> str:
    """Return the ID of the vault of a server, which gets one when it has none."""
    server_id = cloud.server(server).id
    vaults = cloud.state.cbr.vault_of
    return str(vaults[server_id] if server_id in vaults else cloud.make_vault(f"vault-of-{server}", [server_id]).id)


def made(cloud: Emulator, server: str, *days: float, name: str | None = None, **fields: t.Any) -> list[str]:
    """Make backups of a server, so many days old, named for server and age; return their IDs."""
    vault_of(cloud, server)
    server_id = cloud.server(server).id
    ids = []
    for one in days:
        backup = cloud.make_vault_backup(server_id, name=name or f"{server}-{one:g}", age=one * DAY, **fields)
        ids.append(str(backup.id))
    return ids


def make_image(cloud: Emulator, backup_id: str) -> None:
    """Begin to make an image of a backup."""
    body = {"name": "image", "backup_id": backup_id, "whole_image_type": "CBR"}
    send(cloud, "POST", "/v1/cloudimages/wholeimages/action", body, base=cloud.ims_url)


def names(rows: list[Result]) -> list[str]:
    return [row["name"] for row in rows]


def reasons(result: Result) -> dict[str, list[str]]:
    return {row["name"]: row["reasons"] for row in result["kept"]}


def there(cloud: Emulator) -> set[str]:
    return {backup.name for backup in cloud.state.cbr.backups.values()}


# ========== What goes ==========
def test_each_server_is_thinned_for_itself_and_others_are_not_touched(cloud: Emulator) -> None:
    for server, days in (("srv-0001", (0, 1, 2)), ("srv-0002", (5, 6)), ("srv-0003", (7, 8))):
        made(cloud, server, *days)
    cloud.make_backup(cloud.server("srv-0001").id, name="of-csbs", age=9 * DAY)
    args: Result = {"servers": ["srv-0002", "srv-0001"], "keep_last": 1}
    cloud.journal.clear()
    check = run_module("csbs_backup_prune", {**FAST, **args}, cloud, check=True)
    assert cloud.journal.writes() == []
    result = prune(cloud, **args)
    assert reasons(result) == {"srv-0002-5": ["last"], "srv-0001-0": ["last"]}
    assert names(result["removed"]) == ["srv-0002-6", "srv-0001-1", "srv-0001-2"]
    assert all(check[key] == result[key] for key in ("changed", "kept", "removed", "busy", "servers", "diff"))
    assert there(cloud) == {"srv-0002-5", "srv-0001-0", "srv-0003-7", "srv-0003-8"}
    assert [item.name for item in cloud.state.items.values()] == ["of-csbs"]
    cloud.journal.clear()
    again = prune(cloud, **args)
    assert (again["changed"], again["removed"], cloud.journal.writes()) == (False, [], [])


def test_one_backup_of_a_restore_point_goes_and_the_others_stay(cloud: Emulator) -> None:
    cloud.make_vault("both", [cloud.server(name).id for name in ("srv-0001", "srv-0002")])
    servers: Result = {"servers": ["srv-0001", "srv-0002"]}
    done = run_ok("csbs_backup", {**FAST, **servers, "name": "both"}, cloud)
    assert len({row["checkpoint_id"] for row in done["backups"]}) == 1
    made(cloud, "srv-0001", 0)
    result = prune(cloud, **servers, keep_last=1)
    assert [row["server"]["name"] for row in result["removed"]] == ["srv-0001"]
    left = [backup.resource_id for backup in cloud.state.cbr.backups.values()]
    assert sorted(left) == sorted(cloud.server(name).id for name in ("srv-0001", "srv-0002"))


@pytest.mark.parametrize("said", [True, False], ids=["said", "by-name"])
def test_what_schedules_made_is_touched_only_when_asked_for(cloud: Emulator, said: bool) -> None:
    made(cloud, "srv-0001", 1, 3)
    made(cloud, "srv-0001", 0, 2, name="autobk_0001", auto_trigger=True)
    if not said:
        _leave_out_who_made_them(cloud)
    assert names(prune(cloud, servers=["srv-0001"], keep_last=1)["removed"]) == ["srv-0001-3"]
    cloud.faults.clear()
    result = prune(cloud, servers=["srv-0001"], keep_last=1, include_automatic=True)
    assert (names(result["kept"]), names(result["removed"])) == (["autobk_0001"], ["srv-0001-1", "autobk_0001"])


def _leave_out_who_made_them(cloud: Emulator) -> None:
    """Let the list of backups not say who made them."""
    answer = send(cloud, "GET", "/backups", base=cloud.cbr_url)
    for row in answer["backups"]:
        del row["extend_info"]["auto_trigger"]
    cloud.faults.add(method="GET", path=r"/backups\?", body=json.dumps(answer), times=1)


def test_failed_ones_go_and_never_take_the_place_of_good_ones(cloud: Emulator) -> None:
    for broken in made(cloud, "srv-0001", 0, 1):
        cloud.force_backup(broken, status="error")
    made(cloud, "srv-0001", 2, 3, 4)
    result = prune(cloud, servers=["srv-0001"], keep_last=2)
    assert reasons(result) == {"srv-0001-2": ["last"], "srv-0001-3": ["last"]}
    assert names(result["removed"]) == ["srv-0001-0", "srv-0001-1", "srv-0001-4"]


def test_a_server_that_is_gone_is_named_by_its_id_or_by_the_name_on_its_backups(cloud: Emulator) -> None:
    server = cloud.server("srv-0001").id
    made(cloud, "srv-0001", 0, 1, 2)
    made(cloud, "srv-0002", 0, 1)
    delete_server(cloud, "srv-0001")
    assert names(prune(cloud, servers=[server], keep_last=2)["removed"]) == ["srv-0001-2"]
    assert names(prune(cloud, servers=["srv-0001"], keep_last=1)["removed"]) == ["srv-0001-1"]
    assert there(cloud) == {"srv-0001-0", "srv-0002-0", "srv-0002-1"}


def test_durations_and_ages_count_by_the_clock_of_the_cloud(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 1, 2, 40)
    cloud.clock.advance(30 * DAY)
    result = prune(cloud, servers=["srv-0001"], keep_last=1, older_than="756h")
    assert reasons(result) == {"srv-0001-1": ["last", "young"]}
    assert names(result["removed"]) == ["srv-0001-2", "srv-0001-40"]


# ========== What the service keeps ==========
def test_locked_backups_are_kept_with_that_reason_and_the_others_go(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0, 3)
    made(cloud, "srv-0001", 1, 2, name="autobk_0001", auto_trigger=True)
    cloud.force_vault(vault_of(cloud, "srv-0001"), locked=True)
    args: Result = {"servers": ["srv-0001"], "keep_last": 1, "include_automatic": True}
    result = prune(cloud, **args)
    assert [row["reasons"] for row in result["kept"]] == [["last"], ["locked"], ["locked"]]
    assert (names(result["removed"]), result["busy"], result["changed"]) == (["srv-0001-3"], [], True)
    assert there(cloud) == {"srv-0001-0", "autobk_0001"}
    again = prune(cloud, **args)
    assert ([row["reasons"] for row in again["kept"]], again["removed"], again["changed"]) == (
        [["last"], ["locked"], ["locked"]],
        [],
        False,
    )


def test_what_an_image_holds_is_kept_with_that_reason_and_counts(cloud: Emulator) -> None:
    newest, dummy, old = made(cloud, "srv-0001", 0, 1, 2)
    for backup_id in (newest, old):
        make_image(cloud, backup_id)
    cloud.clock.advance(7200)
    cloud.journal.clear()
    result = prune(cloud, servers=["srv-0001"], keep_last=1)
    assert reasons(result) == {"srv-0001-0": ["last", "image"], "srv-0001-2": ["image"]}
    assert names(result["removed"]) == ["srv-0001-1"] and len(cloud.journal.writes()) == 1


def test_what_an_image_in_the_making_holds_is_kept_and_no_failure(cloud: Emulator) -> None:
    cloud.settings(speed=60)
    make_image(cloud, made(cloud, "srv-0001", 0, 1)[1])
    result = prune(cloud, servers=["srv-0001"], keep_last=1)
    assert reasons(result) == {"srv-0001-0": ["last"], "srv-0001-1": ["image"]}
    assert (result["changed"], result["removed"]) == (False, [])


# ========== What is busy ==========
def test_what_is_being_restored_is_told_as_busy_and_not_deleted(cloud: Emulator) -> None:
    dummy, one, other = made(cloud, "srv-0001", 0, 1, 2)
    cloud.force_backup(one, status="restoring")
    result = prune(cloud, servers=["srv-0001"], keep_last=1)
    assert (names(result["busy"]), names(result["removed"])) == (["srv-0001-1"], ["srv-0001-2"])
    assert one in cloud.state.cbr.backups and other not in cloud.state.cbr.backups


@one_mode
def test_the_base_of_a_running_backup_goes_when_that_has_ended(cloud: Emulator) -> None:
    # The service takes the one that was made last for the base.
    base = made(cloud, "srv-0001", 1, 2)[1]
    cloud.settings(speed=60)
    run_ok("csbs_backup", {**FAST, "servers": ["srv-0001"], "name": "running", "wait": False}, cloud)
    cloud.journal.clear()
    result = prune(cloud, servers=["srv-0001"], name="srv-0001-*", keep_last=1)
    assert names(result["removed"]) == ["srv-0001-2"]
    statuses = [entry["status"] for entry in cloud.journal.select(method="DELETE") if entry["path"].endswith(base)]
    assert statuses[0] == 400 and statuses[-1] == 204


@one_mode
@pytest.mark.parametrize("code", ["BackupService.6201", "BackupService.6203", "BackupService.6216"])
def test_what_is_busy_only_for_a_while_goes(cloud: Emulator, code: str) -> None:
    old = made(cloud, "srv-0001", 0, 1)[1]
    cloud.faults.add(method="DELETE", path=old, status=400, error_code=code)
    assert names(prune(cloud, servers=["srv-0001"], keep_last=1)["removed"]) == ["srv-0001-1"]


@one_mode
def test_what_stays_busy_until_the_timeout_is_told_as_busy_and_the_others_go(cloud: Emulator) -> None:
    dummy, busy, other = made(cloud, "srv-0001", 0, 1, 2)
    cloud.faults.add(method="DELETE", path=busy, status=400, error_code="BackupService.6216", times=-1)
    result = prune(cloud, servers=["srv-0001"], keep_last=1, timeout=3)
    assert (names(result["busy"]), names(result["removed"])) == (["srv-0001-1"], ["srv-0001-2"])
    assert busy in cloud.state.cbr.backups and other not in cloud.state.cbr.backups


# ========== How it ends ==========
@pytest.mark.parametrize(
    "fault",
    [{"drop": "before"}, {"drop": "after"}, {"status": 502, "effect": True}, {"status": 504}],
    ids=["before", "after", "502", "504"],
)
def test_a_lost_answer_is_no_failure(cloud: Emulator, fault: Result) -> None:
    made(cloud, "srv-0001", 0, 1, 2)
    cloud.faults.add(method="DELETE", path=DELETIONS, **fault)
    result = prune(cloud, servers=["srv-0001"], keep_last=1)
    assert names(result["removed"]) == ["srv-0001-1", "srv-0001-2"] and there(cloud) == {"srv-0001-0"}


def test_a_deletion_that_ends_in_error_fails_the_task_and_the_others_are_finished(cloud: Emulator) -> None:
    broken = made(cloud, "srv-0001", 0, 1)[1]
    made(cloud, "srv-0002", 0, 1, 2)
    set_server(cloud, "srv-0001", fail_next_delete="BackupService.9910 storage is away")
    # A deletion takes moments here, and its task must be listed by then.
    cloud.settings(list_delay=0)
    result = failed(cloud, servers=["srv-0001", "srv-0002"], keep_last=1)
    assert all(word in result["msg"] for word in ("'srv-0001-1'", broken, "storage is away", "2 of 3")), result["msg"]
    assert names(result["removed"]) == ["srv-0002-1", "srv-0002-2"] and result["changed"] is True
    again = prune(cloud, servers=["srv-0001", "srv-0002"], keep_last=1)
    assert names(again["removed"]) == ["srv-0001-1"]


@one_mode
def test_without_wait_the_task_ends_when_the_deletions_are_accepted(cloud: Emulator) -> None:
    made(cloud, "srv-0001", 0, 1)
    cloud.settings(speed=0)
    assert names(prune(cloud, servers=["srv-0001"], keep_last=1, wait=False)["removed"]) == ["srv-0001-1"]
    assert there(cloud) == {"srv-0001-0", "srv-0001-1"}


@one_mode
def test_never_more_than_five_deletions_are_sent_at_a_time(cloud: Emulator) -> None:
    made(cloud, "srv-0001", *range(13))
    delay = 0.3
    cloud.settings(speed=100)
    cloud.faults.add(method="DELETE", path=DELETIONS, delay=delay, times=-1)
    cloud.journal.clear()
    assert len(prune(cloud, servers=["srv-0001"], keep_last=1)["removed"]) == 12
    ends = sorted(datetime.fromisoformat(entry["at"]) for entry in cloud.journal.select(method="DELETE"))
    assert all((later - earlier).total_seconds() >= delay * 100 for earlier, later in zip(ends, ends[5:]))


@one_mode
def test_reading_takes_one_list_of_backups_and_one_of_vaults(cloud: Emulator) -> None:
    for number in range(1, 7):
        made(cloud, f"srv-{number:04d}", 0, 1, 2)
    cloud.journal.clear()
    prune(cloud, server_filters={"name": "srv-*"}, keep_last=3)
    assert [entry["path"].rsplit("/", 1)[-1] for entry in cloud.journal.select(service="cbr")] == ["backups", "vaults"]


# ========== Tags ==========
@one_mode
@pytest.mark.parametrize("option", ["tags", "keep_tags"])
def test_tags_are_refused_before_the_first_request(cloud: Emulator, option: str) -> None:
    cloud.journal.clear()
    message = failed(cloud, servers=["srv-0001"], keep_last=1, **{option: {"a": "1"}})["msg"]
    assert message.startswith(f"{option}: Cloud Backup and Recovery (CBR) keeps no tags on backups")
    assert "What to do" in message and list(cloud.journal) == []


@one_mode
def test_no_message_names_an_option_that_would_be_refused(cloud: Emulator) -> None:
    assert "keep_tags" not in failed(cloud, servers=["srv-0001"], keep_last=0)["msg"]
