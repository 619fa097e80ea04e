# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_restore against the local cloud: what is chosen, what is refused with nothing sent, and how restores end."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from tests.emulator import Emulator
from tests.support.estate import delete_server, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok, run_refused

FAST = {"poll_interval": 0.1, "timeout": 60, "confirm": True}
SYSTEM = {"size": 20, "bootable": True}
HTML: dict[str, t.Any] = {"body": "<html>Log in</html>", "content_type": "text/html"}
GATEWAY = {"status": 404, "error_code": "APIGW.0101"}
# Answers that are not the service's own
FOREIGN = {
    "page": HTML,
    "empty": {"body": "{}"},
    "404-page": {"status": 404, **HTML},
    "404-without-code": {"status": 404, "body": "{}"},
    "gateway": GATEWAY,
}
Result = dict[str, t.Any]


@pytest.fixture
def made(cloud: Emulator) -> t.Any:
    """A good backup of srv-0001, as the cloud holds it."""
    return cloud.make_backup(cloud.server("srv-0001").id, name="safe", age=3600)


def restore(cloud: Emulator, **args: t.Any) -> Result:
    return run_ok("csbs_restore", {**FAST, **args}, cloud)


def failed(cloud: Emulator, **args: t.Any) -> Result:
    result = run_module("csbs_restore", {**FAST, **args}, cloud)
    assert result.get("failed"), result
    return result


def refused(cloud: Emulator, **args: t.Any) -> str:
    return run_refused("csbs_restore", {**FAST, **args}, cloud)


def sent(cloud: Emulator) -> list[Result]:
    """Return what the cloud was asked to restore, whether it answered or not."""
    return [record.request["parameters"] for record in cloud.state.restores.values()]


def disks_of(cloud: Emulator, name: str) -> list[str]:
    return list(cloud.server(name).volume_ids)


def wide(cloud: Emulator, *sizes: int) -> t.Any:
    """Return a backup of a server wide, which has a system disk and data disks of these sizes."""
    server = cloud.add_server("wide", disks=[SYSTEM, *({"size": size} for size in sizes)])
    return cloud.make_backup(server.id, name="wide", age=60)


# ========== Which backup ==========
@pytest.mark.parametrize("key", ["name", "id", "row"])
def test_a_backup_is_restored_by_name_by_id_and_as_results_hold_it(cloud: Emulator, made: t.Any, key: str) -> None:
    backup = {"name": "safe", "id": made.id, "row": {"id": made.id, "name": "safe"}}[key]
    done = restore(cloud, backup=backup)
    disk = disks_of(cloud, "srv-0001")[0]
    assert sent(cloud) == [
        {
            "checkpoint_item_id": made.id,
            "power_on": True,
            "targets": {
                "server_id": made.resource_id,
                "volumes": [{"backup_id": made.volumes[0].id, "volume_id": disk}],
            },
        }
    ]
    assert done["changed"] is True and done["backup"]["id"] == made.id and done["backup"]["status"] == "available"
    assert done["restore"]["status"] == "restored" and done["restore"]["id"] in cloud.state.restores
    assert done["restore"]["target_server"] == {"id": made.resource_id, "name": "srv-0001"}
    assert cloud.server("srv-0001").status == "ACTIVE"


def test_an_ambiguous_name_lists_the_ids_and_the_server_settles_it(cloud: Emulator, made: t.Any) -> None:
    other = cloud.make_backup(cloud.server("srv-0002").id, name="safe", age=60)
    message = refused(cloud, backup="safe")
    assert made.id in message and other.id in message and "ambiguous" in message
    assert restore(cloud, backup="safe", server="srv-0002")["backup"]["id"] == other.id


def test_a_failed_backup_of_the_same_name_is_not_what_is_meant(cloud: Emulator, made: t.Any) -> None:
    broken = cloud.make_backup(made.resource_id, name="safe", age=60)
    cloud.force_backup(broken.id, status="error", fail_reason="disk gone")
    assert restore(cloud, backup="safe")["backup"]["id"] == made.id


def test_a_part_of_a_name_names_nothing(cloud: Emulator, made: t.Any) -> None:
    assert "'saf'" in refused(cloud, backup="saf")


def test_before_chooses_the_newest_good_backup_until_then(cloud: Emulator) -> None:
    server = cloud.server("srv-0001").id
    old, middle, bad, new = (cloud.make_backup(server, name=f"b{age}", age=age * 3600) for age in (9, 6, 4, 1))
    cloud.make_backup(cloud.server("srv-0002").id, name="other", age=5 * 3600)
    cloud.force_backup(bad.id, status="error", fail_reason="no")
    moment = cloud.clock.now().replace(tzinfo=None)

    def chosen(**args: t.Any) -> str:
        return str(run_module("csbs_restore", {"server": "srv-0001", **args}, cloud, check=True)["backup"]["id"])

    assert chosen() == new.id
    assert chosen(before=(moment - timedelta(hours=3)).isoformat()) == middle.id
    assert chosen(before=(moment - timedelta(hours=7)).isoformat() + "+00:00") == old.id
    assert chosen(before=(moment - timedelta(hours=7)).isoformat() + "-02:00") == middle.id
    assert chosen(before=middle.protected_at.isoformat()) == middle.id, "at a time is before it as well"
    message = refused(cloud, server="srv-0001", before="2001-01-01")
    assert "srv-0001" in message and "no good backup" in message and old.protected_at.isoformat()[:19] in message
    assert (
        restore(cloud, server="srv-0001", before=(moment - timedelta(hours=3)).isoformat())["backup"]["id"] == middle.id
    )


def test_a_server_without_backup_is_told(cloud: Emulator) -> None:
    assert "no good backup" in refused(cloud, server="srv-0002")
    assert "no such server" in refused(cloud, server="nobody")
    assert "no such backup" in refused(cloud, backup="90c1d5fa-1b9f-4aeb-b2f4-81c806e98190")


def test_the_backup_of_a_server_that_is_gone_needs_a_target(cloud: Emulator, made: t.Any) -> None:
    delete_server(cloud, "srv-0001")
    for args in ({"backup": "safe"}, {"server": made.resource_id}, {"server": "srv-0001"}):
        message = refused(cloud, **args)
        assert "target_server" in message and "srv-0001" in message and made.id in message
    done = restore(cloud, server="srv-0001", target_server="srv-0002")
    assert done["restore"]["target_server"]["name"] == "srv-0002" and len(sent(cloud)) == 1


def test_a_former_server_of_the_name_is_named_with_what_to_write(cloud: Emulator, made: t.Any) -> None:
    newest = cloud.make_backup(made.resource_id, name="newest", age=60)
    delete_server(cloud, "srv-0001")
    now = cloud.add_server("srv-0001", disks=[SYSTEM])
    for args in ({"server": "srv-0001"}, {"server": now.id}, {"server": "srv-0001", "backup": "newest"}):
        message = refused(cloud, **args)
        count = "1 good backup," if "backup" in args else "2 good backups,"
        assert all(
            word in message
            for word in (made.resource_id, count, "'newest'", f"server: {made.resource_id}", "target_server: ")
        ), message
    done = restore(cloud, server=made.resource_id, target_server="srv-0001")
    assert done["backup"]["id"] == newest.id and done["restore"]["target_server"] == {"id": now.id, "name": "srv-0001"}
    assert "former" not in refused(cloud, server="srv-0001", backup="nothing").lower()


def test_results_and_diff_have_the_names_that_servers_have_now(cloud: Emulator, made: t.Any) -> None:
    cloud.change_server(made.resource_id, name="renamed")
    expected = {"id": made.resource_id, "name": "renamed"}
    check = run_module("csbs_restore", {"backup": "safe"}, cloud, check=True)
    assert check["backup"]["server"] == check["restore"]["target_server"] == expected and "srv-0001'" not in str(
        check["diff"]
    )
    done = restore(cloud, backup="safe")
    assert done["backup"]["server"] == done["restore"]["target_server"] == expected
    set_server(cloud, "renamed", fail_next_restore="storage node lost")
    result = failed(cloud, server="renamed")
    assert result["backup"]["server"] == expected and "srv-0001" not in result["msg"]
    assert "is now 'renamed'" in refused(cloud, server="srv-0001"), "nobody's disks are overwritten by an old name"


@pytest.mark.parametrize("status", ["error", "protecting", "deleting"])
def test_only_a_good_backup_is_restored(cloud: Emulator, made: t.Any, status: str) -> None:
    cloud.force_backup(made.id, status=status)
    assert status in refused(cloud, backup="safe")


# ========== Which disks ==========
def test_another_server_takes_it_on_larger_disks(cloud: Emulator) -> None:
    made = wide(cloud, 40, 10)
    cloud.add_server("target", disks=[{"size": 30, "bootable": True}, {"size": 15}, {"size": 50}])
    done = restore(cloud, backup="wide", target_server="target")
    system, small, large = disks_of(cloud, "target")
    assert [pair["volume_id"] for pair in sent(cloud)[0]["targets"]["volumes"]] == [system, large, small]
    assert [
        (one["source_size_gb"], one["volume_size_gb"], one["device"], one["bootable"])
        for one in done["restore"]["volumes"]
    ] == [
        (20, 30, "/dev/vda", True),
        (40, 50, "/dev/vdc", False),
        (10, 15, "/dev/vdb", False),
    ]
    assert [one["backup_id"] for one in done["restore"]["volumes"]] == [part.id for part in made.volumes]


@one_mode
@pytest.mark.parametrize(
    ("sizes", "disks", "words"),
    [
        ([40], [SYSTEM, {"size": 30}], ["40 GB", "wide-volume-0001", "30 GB", "target-volume-0001"]),
        ([], [{"size": 10, "bootable": True}], ["smaller", "20 GB", "10 GB", "target-volume-0000"]),
        ([40], [SYSTEM, {"size": 40, "shareable": True}], ["shared", "target-volume-0001"]),
        ([40], [SYSTEM], ["wide-volume-0001", "no data disk left"]),
        ([40], [SYSTEM, {"size": 40, "bootable": True}], ["no data disk left"]),
        ([], [{"size": 40, "bootable": False}], ["no system disk left", "wide-volume-0000"]),
        ([], [], ["has no disk"]),
    ],
    ids=["small", "small-system", "shared", "missing", "second-system", "mixed", "none"],
)
def test_what_does_not_fit_is_refused_with_nothing_sent(
    cloud: Emulator, sizes: list[int], disks: list[Result], words: list[str]
) -> None:
    made = wide(cloud, *sizes)
    cloud.add_server("target", disks=disks)
    message = refused(cloud, backup="wide", target_server="target")
    assert all(word in message for word in [*words, *(part.id for part in made.volumes), *disks_of(cloud, "target")]), (
        message
    )
    assert "volumes says where a disk goes" in message


@one_mode
def test_foreign_and_mixed_disks_are_refused(cloud: Emulator) -> None:
    made = wide(cloud, 40)
    (system, data), foreign = disks_of(cloud, "wide"), disks_of(cloud, "srv-0001")[0]
    parts = [part.id for part in made.volumes]

    def told(*pairs: tuple[str, str]) -> str:
        return refused(
            cloud, backup="wide", volumes=[{"backup_id": ours, "volume_id": theirs} for ours, theirs in pairs]
        )

    assert f"{foreign} is not attached" in told((parts[0], foreign))
    assert f"{foreign} is no disk of the backup" in told((foreign, system))
    assert "system disk goes to system disk" in told((parts[0], data))
    assert "system disk goes to system disk" in told((parts[1], system))
    assert "mapped twice" in told((parts[0], system), (system, data))


@one_mode
def test_what_could_go_more_than_one_way_is_refused_and_solved_with_volumes(cloud: Emulator) -> None:
    made = wide(cloud, 40, 50)
    cloud.add_server("target", disks=[SYSTEM, {"size": 100}, {"size": 100}])
    first, second = disks_of(cloud, "target")[1:]
    message = refused(cloud, backup="wide", target_server="target")
    assert all(word in message for word in ("wide-volume-0001", "wide-volume-0002", first, second, "more than one"))
    # The one is named by the disk in the backup or by the disk that it was made of, the other follows.
    for key in (made.volumes[1].id, made.volumes[1].source_volume_id):
        restore(cloud, backup="wide", target_server="target", volumes=[{"backup_id": key, "volume_id": second}])
    for request in sent(cloud):
        assert [pair["volume_id"] for pair in request["targets"]["volumes"]][1:] == [second, first]


@one_mode
def test_disks_that_were_replaced_by_equal_ones_are_not_guessed(cloud: Emulator) -> None:
    """The backup does not hold devices, so their order tells nothing."""
    made = wide(cloud, 40, 40, 10)
    set_server(cloud, "wide", disks=[SYSTEM, {"size": 10}, {"size": 40}, {"size": 40}])
    system, small, first, second = disks_of(cloud, "wide")
    assert "more than one" in refused(cloud, backup="wide")
    parts = [part.id for part in made.volumes]
    volumes = [{"backup_id": parts[1], "volume_id": second}, {"backup_id": parts[3], "volume_id": small}]
    restore(cloud, backup="wide", volumes=volumes)
    assert [pair["volume_id"] for pair in sent(cloud)[0]["targets"]["volumes"]] == [system, second, first, small]


# ========== Whether it may begin ==========
@one_mode
@pytest.mark.parametrize("status", ["ERROR", "REBOOT", "SHELVED_OFFLOADED"])
def test_a_server_that_neither_runs_nor_is_stopped_is_refused(cloud: Emulator, made: t.Any, status: str) -> None:
    set_server(cloud, "srv-0001", status=status)
    message = refused(cloud, backup="safe")
    assert status in message and "srv-0001" in message and made.resource_id in message


@one_mode
def test_the_services_final_refusal_is_explained(cloud: Emulator, made: t.Any) -> None:
    cloud.add_server("far", availability_zone="eu-de-02")
    message = refused(cloud, backup="safe", target_server="far")
    assert message.startswith("Could not restore backup 'safe'") and "different availability zones" in message
    assert "What to do: choose a target server in the zone of the backup" in message
    assert failed(cloud, backup="safe", target_server="far")["error_code"] == "CSBS.6025"


@one_mode
def test_without_confirm_nothing_at_all_is_sent(cloud: Emulator, made: t.Any) -> None:
    for given in ({}, {"confirm": False}):
        cloud.journal.clear()
        result = run_module("csbs_restore", {"backup": "safe", **given}, cloud)
        assert result["failed"] and "confirm" in result["msg"]
        assert list(cloud.journal) == []


def test_check_mode_shows_the_mapping_without_confirm_and_writes_nothing(cloud: Emulator) -> None:
    made = wide(cloud, 40)
    cloud.journal.clear()
    check = run_module("csbs_restore", {"backup": "wide", "power_on": False}, cloud, check=True)
    assert cloud.journal.writes() == []
    assert check["changed"] is True and check["backup"]["id"] == made.id
    assert (check["restore"]["id"], check["restore"]["status"], check["restore"]["power_on"]) == (None, None, False)
    assert [one["volume_id"] for one in check["restore"]["volumes"]] == disks_of(cloud, "wide")
    before, after = check["diff"]["before"], check["diff"]["after"]
    assert (before["status"], after["status"]) == ("ACTIVE", "SHUTOFF")
    assert [one["content"] for one in after["disks"]] == [
        "disk 'wide-volume-0000' (20 GB) of backup 'wide' of server 'wide'",
        "disk 'wide-volume-0001' (40 GB) of backup 'wide' of server 'wide'",
    ]
    assert made.id not in str(check["diff"])


@one_mode
def test_the_disks_of_the_target_are_read_and_nobody_elses(cloud: Emulator) -> None:
    wide(cloud, 10, 20, 30)
    cloud.journal.clear()
    run_module("csbs_restore", {"backup": "wide"}, cloud, check=True)
    read = [
        entry["path"].rsplit("/", 1)[-1]
        for entry in cloud.journal
        if entry["service"] == "volume" and "/volumes" in entry["path"]
    ]
    assert sorted(read) == sorted(cloud.server("wide").volume_ids)


# ========== How it ends ==========
def test_a_restore_that_failed_in_silence_is_noticed(cloud: Emulator, made: t.Any) -> None:
    set_server(cloud, "srv-0001", fail_next_restore="storage node lost")
    result = failed(cloud, backup="safe")
    assert result["backup"]["status"] == "available", "the service gives no other sign"
    names = ("srv-0001", made.resource_id, "'safe'", made.id, result["restore"]["id"])
    for word in (*names, "storage node lost", "The server is shut off", "What to do"):
        assert word in result["msg"]
    assert result["changed"] is True and result["restore"]["status"] == "failed"


def test_a_second_failure_for_the_same_reason_is_no_success(cloud: Emulator, made: t.Any) -> None:
    for dummy in range(2):
        set_server(cloud, "srv-0001", fail_next_restore="storage node lost", status="ACTIVE")
        result = failed(cloud, backup="safe")
    assert "showed the same failure before this one" in result["msg"] and "storage node lost" in result["msg"]
    assert restore(cloud, backup="safe")["restore"]["status"] == "restored"


def test_an_old_failure_of_something_else_is_no_failure_of_the_restore(cloud: Emulator, made: t.Any) -> None:
    cloud.force_backup(made.id, fail_op="delete", fail_reason="was busy")
    assert restore(cloud, backup="safe")["restore"]["status"] == "restored"


@one_mode
@pytest.mark.parametrize("before", ["ACTIVE", "SHUTOFF"])
@pytest.mark.parametrize(("power_on", "after"), [(True, "ACTIVE"), (False, "SHUTOFF")])
def test_the_server_is_started_or_stays_shut_off(
    cloud: Emulator, made: t.Any, before: str, power_on: bool, after: str
) -> None:
    set_server(cloud, "srv-0001", status=before)
    restore(cloud, backup="safe", power_on=power_on)
    assert cloud.server("srv-0001").status == after
    assert sent(cloud)[0]["power_on"] is power_on


@pytest.mark.parametrize(
    ("fault", "speed"),
    [
        ({"drop": "before"}, 3000),
        ({"drop": "after"}, 3000),
        ({"drop": "after"}, 100),
        ({"status": 502, "effect": True}, 3000),
        ({"status": 504}, 3000),
        ({"hang": "after"}, 3000),
        ({"effect": True, **HTML}, 3000),
        ({"effect": True, "body": "{}"}, 100),
        ({"body": "{}"}, 3000),
        (HTML, 3000),
    ],
    ids=[
        "before",
        "after-and-over",
        "after-and-going-on",
        "502",
        "504",
        "hung",
        "page-after",
        "empty-after",
        "empty",
        "page",
    ],
)
def test_a_lost_answer_makes_exactly_one_restore(cloud: Emulator, made: t.Any, fault: Result, speed: float) -> None:
    """In live mode the backup's updated_at moves meanwhile for no reason, and must not be taken for a restore."""
    cloud.settings(speed=speed, list_delay=12)
    cloud.faults.add(method="POST", path="/restores$", times=1, **fault)
    done = restore(cloud, backup="safe", api_timeout=1)
    assert done["restore"]["status"] == "restored" and len(sent(cloud)) == 1


def test_a_lost_answer_with_a_backup_that_cannot_be_read_then_is_not_sent_again(cloud: Emulator, made: t.Any) -> None:
    """The restore may be over before the next look, and would be sent a second time."""
    cloud.faults.add(method="POST", path="/restores$", drop="after")
    cloud.faults.add(method="GET", path=f"/checkpoint_items/{made.id}", skip=2, status=500)
    result = failed(cloud, backup="safe")
    assert "could not be read" in result["msg"] and "not sent again" in result["msg"] and "What to do" in result["msg"]
    assert len(sent(cloud)) == 1


@one_mode
@pytest.mark.parametrize("answer", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize(
    "path",
    [
        "/servers/detail",
        "/checkpoint_items[?]",
        "/checkpoint_items/",
        "/os-volume_attachments",
        "/volumes/",
        "/resources/action$",
    ],
)
def test_an_answer_that_is_not_the_services_own_ends_the_task_with_nothing_sent(
    cloud: Emulator, made: t.Any, path: str, answer: Result
) -> None:
    cloud.faults.add(path=path, times=-1, **answer)
    message = refused(cloud, backup="safe")
    assert (
        message.startswith("Could not ")
        and "\n" not in message
        and "no such backup" not in message
        and "What to do" in message
    ), message
    assert sent(cloud) == []


@one_mode
@pytest.mark.parametrize("answer", [{"status": 404, **HTML}, GATEWAY], ids=["page", "gateway"])
def test_a_gateways_404_to_the_call_is_a_failure_that_changed_nothing(
    cloud: Emulator, made: t.Any, answer: Result
) -> None:
    cloud.faults.add(method="POST", path="/restores$", times=-1, **answer)
    result = failed(cloud, backup="safe")
    assert (
        result["msg"].startswith("Could not restore backup 'safe'") and result["changed"] is False and sent(cloud) == []
    )


@one_mode
@pytest.mark.parametrize("answer", FOREIGN.values(), ids=FOREIGN)
def test_looks_with_foreign_answers_are_neither_an_end_nor_a_lost_backup(
    cloud: Emulator, made: t.Any, answer: Result
) -> None:
    cloud.faults.add(method="GET", path=f"/checkpoint_items/{made.id}", skip=2, times=2, **answer)
    assert restore(cloud, backup="safe")["restore"]["status"] == "restored"
    cloud.faults.clear()
    cloud.faults.add(method="GET", path=f"/checkpoint_items/{made.id}", skip=2, times=-1, **answer)
    result = failed(cloud, backup="safe")
    assert (
        "not known how" in result["msg"] and result["restore"]["status"] == "in_progress" and result["changed"] is True
    )
    assert "no longer exists" not in result["msg"]


def test_a_backup_that_is_lost_while_the_server_is_busy_is_not_restored(cloud: Emulator, made: t.Any) -> None:
    """The plan's checks are old when a busy server has been waited for."""
    cloud.faults.add(method="POST", path="/restores$", status=400, error_code="CSBS.2003", error_msg="busy")
    cloud.faults.add(
        method="GET", path=f"/checkpoint_items/{made.id}", skip=2, status=404, error_code="CSBS.3001", error_msg="gone"
    )
    result = failed(cloud, backup="safe")
    assert "the backup no longer exists" in result["msg"] and sent(cloud) == []


@one_mode
@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/checkpoint_items/", "status": 502, "times": 2, "skip": 1},
        {"path": "/restores$", "status": 429, "error_code": "APIGW.0308", "retry_after": 1, "times": 1},
        {"path": "/restores$", "status": 400, "error_code": "CSBS.2003", "error_msg": "busy", "times": 1},
        {"path": "/checkpoint_items/", "expire_tokens": True, "times": 1, "skip": 1},
        {"path": "/volumes/", "status": 503, "times": 1},
        {"path": "/os-volume_attachments", "drop": "before", "times": 1},
    ],
    ids=["gateway", "throttled", "busy", "expired", "cinder", "nova"],
)
def test_passing_trouble_is_ridden_out(cloud: Emulator, made: t.Any, fault: Result) -> None:
    cloud.faults.add(**fault)
    assert restore(cloud, backup="safe")["restore"]["status"] == "restored"
    assert len(sent(cloud)) == 1


@one_mode
def test_a_final_refusal_of_the_call_itself_is_told_and_not_sent_again(cloud: Emulator, made: t.Any) -> None:
    cloud.faults.add(method="POST", path="/restores$", status=500, error_code="CSBS.6019", error_msg="type differs")
    result = failed(cloud, backup="safe")
    assert result["error_code"] == "CSBS.6019" and result["msg"].startswith("Could not restore backup 'safe'")
    assert sent(cloud) == []


@one_mode
def test_a_busy_server_is_waited_for(cloud: Emulator, made: t.Any) -> None:
    cloud.settings(speed=100)
    run_ok("csbs_backup", {"servers": ["srv-0001"], "name": "running", "wait": False}, cloud)
    assert restore(cloud, backup="safe")["restore"]["status"] == "restored"
    assert len(sent(cloud)) == 1


def test_a_restore_of_the_same_backup_that_goes_on_is_waited_for(cloud: Emulator, made: t.Any) -> None:
    cloud.settings(speed=100)
    restore(cloud, backup="safe", wait=False)
    assert restore(cloud, server="srv-0001")["restore"]["status"] == "restored"
    assert len(sent(cloud)) == 2


@one_mode
def test_a_timeout_returns_what_was_started(cloud: Emulator, made: t.Any) -> None:
    cloud.settings(speed=1)
    result = failed(cloud, backup="safe", timeout=3)
    assert "timeout" in result["msg"] and result["restore"]["id"] in result["msg"] and result["changed"] is True
    assert result["restore"]["status"] == "in_progress" and result["backup"]["status"] in (
        "waiting_restore",
        "restoring",
    )


@one_mode
def test_without_wait_the_task_ends_at_once(cloud: Emulator, made: t.Any) -> None:
    cloud.settings(speed=1)
    done = restore(cloud, backup="safe", wait=False)
    assert done["restore"]["id"] and done["restore"]["status"] == "in_progress"
    assert done["backup"]["status"] in ("waiting_restore", "restoring")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, ["backup", "server"]),
        ({"before": "2026-03-01"}, ["backup", "server"]),
        ({"backup": "b", "before": "2026-03-01"}, ["mutually exclusive: backup|before"]),
        ({"backup": "b", "server": "s", "before": "2026-03-01"}, ["mutually exclusive: backup|before"]),
        ({"server": "s", "before": "yesterday"}, ["before", "yesterday"]),
        ({"backup": ""}, ["backup"]),
        ({"server": {"name": ""}}, ["server"]),
        ({"backup": "b", "target_server": " "}, ["target_server"]),
        ({"backup": "b", "volumes": [{"backup_id": "x", "volume_id": ""}]}, ["volumes", "volume_id: "]),
        (
            {"backup": "b", "volumes": [{"backup_id": "x", "volume_id": "1"}, {"backup_id": "x", "volume_id": "2"}]},
            ["backup_id: x is there twice"],
        ),
        (
            {"backup": "b", "volumes": [{"backup_id": "x", "volume_id": "1"}, {"backup_id": "y", "volume_id": "1"}]},
            ["volume_id: 1 is there twice"],
        ),
        ({"backup": "b", "timeout": 0}, ["timeout"]),
        ({"backup": "b", "poll_interval": -1}, ["poll_interval"]),
    ],
)
@one_mode
def test_bad_input_is_refused_before_the_first_request(cloud: Emulator, args: Result, words: list[str]) -> None:
    cloud.journal.clear()
    message = failed(cloud, **args)["msg"]
    assert all(word in message for word in words), message
    assert list(cloud.journal) == []
