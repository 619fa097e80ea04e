# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_image with CBR: one image for a backup of a vault, found again whatever happened."""

from __future__ import annotations

import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import send, set_server
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

FAST = {"service": "cbr", "poll_interval": 0.1, "timeout": 60}
ACTION = "/wholeimages/action$"
Result = dict[str, t.Any]


def image(cloud: Emulator, **args: t.Any) -> Result:
    return run_ok("csbs_image", {**FAST, "backup": "b", "name": "golden", **args}, cloud)


def failed(cloud: Emulator, **args: t.Any) -> Result:
    result = run_module("csbs_image", {**FAST, "backup": "b", "name": "golden", **args}, cloud)
    assert result.get("failed"), result
    return result


@pytest.fixture
def made(cloud: Emulator) -> t.Any:
    """A good backup in a vault that others made."""
    server_id = cloud.server("srv-0001").id
    cloud.make_vault("theirs", [server_id])
    return cloud.make_vault_backup(server_id, name="b", age=3600)


def start_job(cloud: Emulator, backup_id: str, name: str = "golden") -> str:
    """Start an image as a run does that is killed right then; return its ID."""
    body = {"name": name, "backup_id": backup_id, "whole_image_type": "CBR"}
    send(cloud, "POST", "/v1/cloudimages/wholeimages/action", body, base=cloud.ims_url)
    cloud.journal.clear()
    return str(cloud.state.cbr.backups[backup_id].image_id)


def asked(cloud: Emulator) -> list[Result]:
    """Return what the image service was asked to make."""
    return [entry["body"] for entry in cloud.journal if entry["path"].endswith("/wholeimages/action")]


def test_an_image_is_made_and_a_second_run_finds_it(cloud: Emulator, made: t.Any) -> None:
    check = run_module("csbs_image", {**FAST, "backup": "b", "name": "golden"}, cloud, check=True)
    assert check["changed"] is True and cloud.journal.writes() == []
    first = image(cloud, tags={"release": "12"}, min_ram=1024)
    assert asked(cloud) == [
        {
            "name": "golden",
            "backup_id": made.id,
            "whole_image_type": "CBR",
            "image_tags": [{"key": "release", "value": "12"}],
            "min_ram": 1024,
        }
    ]
    assert first["image_id"] == made.image_id and first["image"]["status"] == "active"
    assert first["image"]["backup_id"] == made.id
    cloud.journal.clear()
    again = image(cloud)
    assert (again["changed"], again["image"], cloud.journal.writes()) == (False, first["image"], [])


@pytest.mark.parametrize("finished", [True, False], ids=["finished", "in-the-making"])
def test_another_name_is_an_error_that_names_the_image_there_is(cloud: Emulator, made: t.Any, finished: bool) -> None:
    cloud.settings(speed=1)
    there = start_job(cloud, made.id, "theirs")
    cloud.state.images[there].visible_at = 0
    if finished:
        cloud.clock.advance(7200)
    message = failed(cloud)["msg"]
    assert "'theirs'" in message and there in message and ("being made" in message) is not finished
    assert cloud.journal.writes() == []


@one_mode
def test_an_image_that_an_interrupted_run_began_is_found_and_waited_for(cloud: Emulator, made: t.Any) -> None:
    cloud.settings(speed=300)
    there = start_job(cloud, made.id)
    done = image(cloud)
    assert (done["image_id"], done["image"]["status"]) == (there, "active")
    assert len(cloud.state.images) == 1


@one_mode
def test_a_backup_in_progress_and_one_that_is_restored_are_waited_for(cloud: Emulator, made: t.Any) -> None:
    cloud.settings(speed=200)
    run_ok("csbs_restore", {**FAST, "backup": "b", "confirm": True, "wait": False}, cloud)
    assert image(cloud)["image_id"] == made.image_id
    run_ok("csbs_backup", {**FAST, "servers": ["srv-0001"], "name": "new", "wait": False}, cloud)
    assert image(cloud, backup="new", name="other")["image"]["status"] == "active"


@one_mode
@pytest.mark.parametrize("fault", [{"drop": "before"}, {"drop": "after"}, {"status": 504}])
def test_a_lost_answer_makes_exactly_one_image(cloud: Emulator, made: t.Any, fault: Result) -> None:
    cloud.faults.add(method="POST", path=ACTION, **fault)
    assert image(cloud)["image_id"] == made.image_id and len(cloud.state.images) == 1


@one_mode
def test_a_final_refusal_is_told_with_its_code(cloud: Emulator, made: t.Any) -> None:
    body = '{"error": {"code": "BackupService.6209", "message": "no system disk"}}'
    cloud.faults.add(method="POST", path=ACTION, status=500, body=body)
    result = failed(cloud)
    assert (result["error_code"], result["changed"]) == ("BackupService.6209", False) and len(asked(cloud)) == 1


@one_mode
def test_a_job_that_fails_is_told_with_its_reason(cloud: Emulator, made: t.Any) -> None:
    set_server(cloud, "srv-0001", fail_next_image="no room for images")
    assert "no room for images" in failed(cloud)["msg"]
    assert image(cloud)["changed"] is True


@one_mode
def test_only_a_good_backup_becomes_an_image(cloud: Emulator, made: t.Any) -> None:
    cloud.force_backup(made.id, status="error")
    assert "is error" in failed(cloud)["msg"] and asked(cloud) == []


def test_a_backup_of_csbs_with_the_name_is_not_meant(cloud: Emulator) -> None:
    cloud.make_backup(cloud.server("srv-0001").id, name="b", age=60)
    assert "no such backup" in failed(cloud)["msg"] and asked(cloud) == []
