# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_restore with CBR: what is sent, and that a restore ends by its backup and by its task."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution import restore as following
from tests.emulator import Emulator
from tests.support.estate import delete_server, send, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok, run_refused

CBR = {"service": "cbr", "poll_interval": 0.1, "timeout": 60}
FAST = {**CBR, "confirm": True}
SYSTEM = {"size": 20, "bootable": True}
RESTORE = "/backups/[^/]+/restore$"
TASKS = "/operation-logs"
Result = dict[str, t.Any]


def planted(cloud: Emulator, server: str = "srv-0001", name: str = "safe", age: float = 3600) -> t.Any:
    """Return a good backup of a server, in a vault that others made."""
    server_id = cloud.server(server).id
    if server_id not in cloud.state.cbr.vault_of:
        cloud.make_vault(f"vault-of-{server}", [server_id])
    return cloud.make_vault_backup(server_id, name=name, age=age)


@pytest.fixture
def made(cloud: Emulator) -> t.Any:
    return planted(cloud)


def restore(cloud: Emulator, **args: t.Any) -> Result:
    return run_ok("csbs_restore", {**FAST, **args}, cloud)


def failed(cloud: Emulator, **args: t.Any) -> Result:
    result = run_module("csbs_restore", {**FAST, **args}, cloud)
    assert result.get("failed"), result
    return result


def refused(cloud: Emulator, **args: t.Any) -> str:
    return run_refused("csbs_restore", {**FAST, **args}, cloud)


def tasks(cloud: Emulator) -> list[t.Any]:
    """Return the restores that the cloud has begun, whether it answered or not."""
    return [task for task in cloud.state.cbr.tasks.values() if task.operation_type == "restore"]


def sent(cloud: Emulator) -> list[Result]:
    """Return what the cloud was asked to restore."""
    return [entry["body"]["restore"] for entry in cloud.journal.writes() if entry["path"].endswith("/restore")]


def disks_of(cloud: Emulator, name: str) -> list[str]:
    return list(cloud.server(name).volume_ids)


# ========== What is sent ==========
@pytest.mark.parametrize("power_on", [True, False])
def test_server_mapping_and_power_are_sent_and_the_task_is_the_restore(
    cloud: Emulator, made: t.Any, power_on: bool
) -> None:
    done = restore(cloud, backup="safe", power_on=power_on)
    pair = {"backup_id": made.volumes[0].id, "volume_id": disks_of(cloud, "srv-0001")[0]}
    assert sent(cloud) == [{"server_id": made.resource_id, "mappings": [pair], "power_on": power_on}]
    assert done["changed"] is True and done["restore"]["status"] == "restored"
    assert [task.id for task in tasks(cloud)] == [done["restore"]["id"]]
    assert done["backup"]["id"] == made.id and done["backup"]["status"] == "available"
    assert cloud.server("srv-0001").status == ("ACTIVE" if power_on else "SHUTOFF")


def test_check_mode_shows_the_mapping_and_writes_nothing_and_every_run_restores_again(
    cloud: Emulator, made: t.Any
) -> None:
    check = run_module("csbs_restore", {**CBR, "backup": "safe"}, cloud, check=True)
    assert cloud.journal.writes() == [] and check["changed"] is True
    assert (check["restore"]["id"], check["restore"]["status"]) == (None, None)
    first, second = restore(cloud, backup="safe"), restore(cloud, server="srv-0001")
    assert first["restore"]["volumes"] == second["restore"]["volumes"] == check["restore"]["volumes"]
    assert [task.id for task in tasks(cloud)] == [first["restore"]["id"], second["restore"]["id"]]


@one_mode
def test_without_confirm_nothing_at_all_is_sent(cloud: Emulator, made: t.Any) -> None:
    cloud.journal.clear()
    assert "confirm" in run_module("csbs_restore", {**CBR, "backup": "safe"}, cloud)["msg"]
    assert list(cloud.journal) == []


def test_another_server_takes_it_on_larger_disks(cloud: Emulator) -> None:
    cloud.add_server("wide", disks=[SYSTEM, {"size": 40}, {"size": 10}])
    made = planted(cloud, "wide", "wide")
    cloud.add_server("target", disks=[{"size": 30, "bootable": True}, {"size": 15}, {"size": 50}])
    done = restore(cloud, backup="wide", target_server="target")
    system, small, large = disks_of(cloud, "target")
    assert [pair["volume_id"] for pair in sent(cloud)[0]["mappings"]] == [system, large, small]
    assert [pair["backup_id"] for pair in sent(cloud)[0]["mappings"]] == [part.id for part in made.volumes]
    assert done["restore"]["status"] == "restored" and done["restore"]["id"] == tasks(cloud)[0].id
    assert done["restore"]["target_server"]["name"] == "target"


@one_mode
def test_smaller_disks_are_refused_with_nothing_sent(cloud: Emulator, made: t.Any) -> None:
    cloud.add_server("target", disks=[{"size": 10, "bootable": True}])
    assert "smaller" in refused(cloud, backup="safe", target_server="target")


@one_mode
def test_what_the_service_refuses_is_told_with_its_code_and_not_sent_again(cloud: Emulator, made: t.Any) -> None:
    cloud.faults.add(method="POST", path=RESTORE, status=400, error_code="BackupService.2014", error_msg="arm64")
    result = failed(cloud, backup="safe")
    assert result["error_code"] == "BackupService.2014" and "arm64" in result["msg"] and result["changed"] is False
    assert tasks(cloud) == [] and len(sent(cloud)) == 1


# ========== Which backup ==========
def test_the_newest_good_backup_of_a_server_is_chosen_from_any_of_its_names(cloud: Emulator, made: t.Any) -> None:
    old = planted(cloud, name="old", age=9000)
    broken = planted(cloud, name="broken", age=60)
    cloud.force_backup(broken.id, status="error")
    moment = cloud.clock.now().replace(tzinfo=None)

    def chosen(**args: t.Any) -> str:
        return str(run_module("csbs_restore", {**CBR, **args}, cloud, check=True)["backup"]["id"])

    assert chosen(server="srv-0001") == made.id
    assert chosen(server="srv-0001", before=old.protected_at.isoformat()) == old.id
    assert chosen(server="srv-0001", before=moment.isoformat()) == made.id
    assert chosen(backup=made.id) == chosen(backup={"id": made.id}) == made.id
    assert "'saf'" in refused(cloud, backup="saf")
    assert "is error" in refused(cloud, backup="broken")


def test_the_backup_of_a_server_that_is_gone_needs_a_target(cloud: Emulator, made: t.Any) -> None:
    delete_server(cloud, "srv-0001")
    for args in ({"backup": "safe"}, {"server": made.resource_id}, {"server": "srv-0001"}):
        assert "target_server" in refused(cloud, **args)
    done = restore(cloud, server="srv-0001", target_server="srv-0002")
    assert done["restore"]["target_server"]["name"] == "srv-0002" and len(tasks(cloud)) == 1


def test_a_former_server_of_the_name_is_named_with_what_to_write(cloud: Emulator, made: t.Any) -> None:
    delete_server(cloud, "srv-0001")
    cloud.add_server("srv-0001", disks=[SYSTEM])
    message = refused(cloud, server="srv-0001")
    assert f"server: {made.resource_id}" in message and "target_server: srv-0001" in message
    assert restore(cloud, server=made.resource_id, target_server="srv-0001")["backup"]["id"] == made.id


def test_backups_of_csbs_are_not_found(cloud: Emulator) -> None:
    cloud.make_backup(cloud.server("srv-0001").id, name="safe", age=60)
    assert "no such backup" in refused(cloud, backup="safe")


# ========== How it ends ==========
def test_a_failed_task_is_a_failure_although_the_backup_is_available(cloud: Emulator, made: t.Any) -> None:
    for dummy in range(2):
        set_server(cloud, "srv-0001", fail_next_restore="BackupService.2011 storage node lost", status="ACTIVE")
        result = failed(cloud, backup="safe")
        assert result["backup"]["status"] == "available", "it gives no other sign"
        names = ("srv-0001", made.id, tasks(cloud)[-1].id, "storage node lost (BackupService.2011)")
        assert all(word in result["msg"] for word in (*names, "The server is shut off", "What to do")), result["msg"]
        assert (result["error_code"], result["restore"]["status"]) == ("BackupService.2011", "failed")
        assert result["changed"] is True
    assert restore(cloud, backup="safe")["restore"]["status"] == "restored", "old failures are not this one's"


def test_a_task_that_the_service_gave_up_is_a_failure(cloud: Emulator, made: t.Any) -> None:
    task = {
        "id": "gave-up",
        "status": "timeout",
        "error_info": {"code": "BackupService.9999", "message": "took too long"},
        "extra_info": {"restore": {"backup_id": made.id, "target_resource_id": made.resource_id}},
    }
    cloud.faults.add(path=TASKS, skip=1, times=-1, body=json.dumps({"operation_logs": [task], "count": 1}))
    result = failed(cloud, backup="safe")
    assert "its task ended as timeout: took too long (BackupService.9999)" in result["msg"]
    assert (result["error_code"], result["restore"]["id"]) == ("BackupService.9999", "gave-up")


@one_mode
def test_an_available_backup_without_a_task_is_not_taken_for_success(
    cloud: Emulator, made: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_SECONDS_IF_UNCHANGED", 1.0)
    cloud.faults.add(path=TASKS, times=-1, body='{"operation_logs": [], "count": 0}')
    result = failed(cloud, backup="safe")
    assert "shows no task of the restore, so it is not known" in result["msg"] and len(sent(cloud)) == 1
    assert (result["restore"]["id"], result["changed"]) == (None, True)


@one_mode
def test_a_task_that_lists_show_late_is_waited_for(cloud: Emulator, made: t.Any) -> None:
    cloud.settings(list_delay=3)
    done = restore(cloud, backup="safe")
    assert done["restore"]["status"] == "restored" and done["restore"]["id"] == tasks(cloud)[0].id


@one_mode
def test_tasks_that_cannot_be_read_before_the_restore_stop_it(cloud: Emulator, made: t.Any) -> None:
    cloud.faults.add(path=TASKS, times=-1, status=403, error_code="BackupService.8600")
    result = failed(cloud, backup="safe")
    assert (result["error_code"], result["changed"]) == ("BackupService.8600", False)
    assert "list the tasks of the service" in result["msg"] and tasks(cloud) == []


@one_mode
def test_tasks_that_cannot_be_read_after_the_restore_leave_its_end_unknown(cloud: Emulator, made: t.Any) -> None:
    cloud.faults.add(path=TASKS, skip=1, times=-1, status=500)
    result = failed(cloud, backup="safe")
    assert "not known how this ended" in result["msg"] and len(tasks(cloud)) == 1
    assert (result["restore"]["status"], result["changed"]) == ("in_progress", True)


@one_mode
def test_tasks_of_other_restores_are_not_this_ones(cloud: Emulator, made: t.Any) -> None:
    """A failed one of the same backup to another server, and of another backup to the same server."""
    other = planted(cloud, name="other", age=60)
    set_server(cloud, "srv-0002", fail_next_restore="BackupService.2011 theirs")
    failed(cloud, backup="safe", target_server="srv-0002")
    set_server(cloud, "srv-0001", fail_next_restore="BackupService.2011 theirs")
    failed(cloud, backup=other.id)
    set_server(cloud, "srv-0001", status="ACTIVE")
    assert restore(cloud, backup="safe")["restore"]["id"] == tasks(cloud)[-1].id


@one_mode
def test_a_timeout_returns_what_was_started(cloud: Emulator, made: t.Any) -> None:
    cloud.settings(speed=1)
    result = failed(cloud, backup="safe", timeout=3)
    assert "timeout" in result["msg"] and tasks(cloud)[0].id in result["msg"] and result["changed"] is True
    assert (result["restore"]["status"], result["restore"]["id"]) == ("in_progress", tasks(cloud)[0].id)
    assert result["backup"]["status"] in ("waiting_restore", "restoring")


@one_mode
def test_without_wait_the_task_ends_at_once(cloud: Emulator, made: t.Any) -> None:
    cloud.settings(speed=1)
    done = restore(cloud, backup="safe", wait=False)
    assert done["restore"]["status"] == "in_progress"
    assert done["backup"]["status"] in ("waiting_restore", "restoring")


# ========== Others, and lost answers ==========
@one_mode
def test_another_restore_anywhere_in_the_project_is_waited_for(cloud: Emulator, made: t.Any) -> None:
    planted(cloud, "srv-0002", "theirs")
    cloud.settings(speed=100)
    restore(cloud, backup="theirs", wait=False)
    assert restore(cloud, backup="safe")["restore"]["status"] == "restored"
    assert len(tasks(cloud)) == 2 and len(sent(cloud)) > 2


@one_mode
def test_a_server_that_is_backed_up_is_waited_for(cloud: Emulator, made: t.Any) -> None:
    cloud.settings(speed=100)
    run_ok("csbs_backup", {**CBR, "servers": ["srv-0001"], "name": "running", "wait": False}, cloud)
    assert restore(cloud, backup="safe")["restore"]["status"] == "restored"
    assert len(tasks(cloud)) == 1


HTML: dict[str, t.Any] = {"body": "<html>Log in</html>", "content_type": "text/html"}


@pytest.mark.parametrize(
    ("fault", "speed"),
    [
        ({"drop": "before"}, 3000),
        ({"drop": "after"}, 3000),
        ({"drop": "after"}, 100),
        ({"status": 502, "effect": True}, 3000),
        ({"status": 504}, 3000),
        ({"hang": "after"}, 3000),
        ({"effect": True, **HTML}, 100),
        (HTML, 3000),
    ],
    ids=["before", "after-and-over", "after-and-going-on", "502", "504", "hung", "page-after", "page"],
)
def test_a_lost_answer_makes_exactly_one_restore(cloud: Emulator, made: t.Any, fault: Result, speed: float) -> None:
    cloud.settings(speed=speed)
    cloud.faults.add(method="POST", path=RESTORE, times=1, **fault)
    done = restore(cloud, backup="safe", api_timeout=1)
    assert (done["restore"]["status"], len(tasks(cloud))) == ("restored", 1)
    assert done["restore"]["id"] == tasks(cloud)[0].id


def test_a_restore_that_only_its_task_shows_is_not_sent_again(cloud: Emulator, made: t.Any) -> None:
    """The backup is read too early, and when it is read again the restore is over."""
    before = send(cloud, "GET", f"/backups/{made.id}", base=cloud.cbr_url)
    cloud.faults.add(method="POST", path=RESTORE, drop="after")
    # After the reading of the plan and the one before the call.
    cloud.faults.add(method="GET", path=f"/backups/{made.id}$", skip=2, body=json.dumps(before))
    done = restore(cloud, backup="safe")
    assert (done["restore"]["status"], done["restore"]["id"]) == ("restored", tasks(cloud)[0].id)
    assert len(tasks(cloud)) == len(sent(cloud)) == 1


def test_a_lost_answer_with_a_backup_that_cannot_be_read_then_is_not_sent_again(cloud: Emulator, made: t.Any) -> None:
    cloud.faults.add(method="POST", path=RESTORE, drop="after")
    cloud.faults.add(method="GET", path=f"/backups/{made.id}$", skip=2, status=500)
    result = failed(cloud, backup="safe")
    assert "could not be read" in result["msg"] and "not sent again" in result["msg"]
    assert len(tasks(cloud)) == 1


@one_mode
def test_a_backup_that_is_lost_while_the_service_is_busy_is_not_restored(cloud: Emulator, made: t.Any) -> None:
    cloud.faults.add(method="POST", path=RESTORE, status=400, error_code="BackupService.2010", error_msg="busy")
    gone = {"status": 404, "error_code": "BackupService.6200", "error_msg": "gone"}
    cloud.faults.add(method="GET", path=f"/backups/{made.id}$", skip=2, **gone)
    assert "the backup no longer exists" in failed(cloud, backup="safe")["msg"] and tasks(cloud) == []


@one_mode
@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/backups/", "status": 502, "times": 2, "skip": 1},
        {"path": TASKS, "status": 502, "times": 2},
        {"path": RESTORE, "status": 429, "error_code": "APIGW.0308", "retry_after": 1, "times": 1},
        {"path": TASKS, "expire_tokens": True, "times": 1, "skip": 1},
        {"path": "/volumes/", "status": 503, "times": 1},
    ],
    ids=["gateway", "tasks", "throttled", "expired", "cinder"],
)
def test_passing_trouble_is_ridden_out(cloud: Emulator, made: t.Any, fault: Result) -> None:
    cloud.faults.add(**fault)
    assert restore(cloud, backup="safe")["restore"]["status"] == "restored"
    assert len(tasks(cloud)) == 1
