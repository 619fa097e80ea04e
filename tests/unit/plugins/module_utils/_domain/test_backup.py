# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup has one shape, and its states and times have one meaning."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup import (
    BEING_DELETED,
    IN_PROGRESS,
    USABLE,
    backup_result,
    describe_backup,
    fail_reason,
    newest,
    recovery_point,
)
from tests.support.fakes import backup

VOLUME = {
    "id": "v",
    "status": "available",
    "source_volume_id": "d",
    "source_volume_size": "40",
    "bootable": "true",
    "size": 29.9,
    "snapshot_id": None,
}


def test_a_full_answer_has_numbers_booleans_and_times_whatever_their_types() -> None:
    shown = backup_result(
        backup(
            "b",
            "web",
            protected_at="2026-07-01 06:01:00",
            info={
                "auto_trigger": "False",
                "incremental": True,
                "support_lld": "true",
                "progress": "100",
                "size": 29.9,
                "resource_az": "eu-de-01",
                "os_images_data": [{"image_id": "img"}],
                "volume_backups": [VOLUME],
                "copy_from": None,
            },
        )
    )
    assert shown["server"] == {"id": "id-web", "name": "web"}
    assert (shown["created_at"], shown["protected_at"]) == (
        "2026-07-01T06:00:00.000000Z",
        "2026-07-01T06:01:00.000000Z",
    )
    assert (shown["auto_trigger"], shown["incremental"], shown["instant_restore"]) == (False, True, True)
    assert (shown["progress"], shown["size_mb"], shown["images"]) == (100, 29, ["img"])
    (volume,) = shown["volumes"]
    assert (volume["volume_size_gb"], volume["bootable"], volume["size_mb"], volume["volume_name"]) == (
        40,
        True,
        29,
        None,
    )


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"extend_info": None, "tags": None},
        {"extend_info": {"os_images_data": None, "volume_backups": None, "fail_code": None}},
    ],
)
def test_what_is_not_known_is_null_under_the_same_keys(raw: dict[str, t.Any]) -> None:
    shown = backup_result(raw)
    assert shown.keys() == backup_result(backup("b", "web", info={"volume_backups": [VOLUME]})).keys()
    assert (shown["id"], shown["status"], shown["progress"], shown["auto_trigger"]) == (None, None, None, None)
    assert (shown["server"], shown["tags"], shown["images"], shown["volumes"]) == (
        {"id": None, "name": None},
        {},
        [],
        [],
    )


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ({}, ""),
        ({"fail_reason": "disk gone"}, "disk gone"),
        ({"fail_code": {"Code": "5004", "Description": "timeout"}}, "timeout (code 5004)"),
        ({"fail_reason": "timeout ", "fail_code": {"Code": "5004", "Description": "timeout"}}, "timeout (code 5004)"),
        ({"fail_reason": "x", "fail_code": {"Code": "", "Description": "y"}}, "x; y"),
        ({"fail_reason": "", "fail_code": {}}, ""),
    ],
)
def test_the_reason_of_a_failure_is_told_once(info: dict[str, t.Any], reason: str) -> None:
    assert fail_reason(backup("b", "web", info=info)) == reason


def test_the_recovery_point_is_protected_at_and_never_updated_at() -> None:
    early, late = "2026-07-01T05:00:00", "2026-07-01T09:00:00"
    point = recovery_point
    assert point(backup("b", "w", protected_at=early, created_at=late)) == datetime(2026, 7, 1, 5, tzinfo=timezone.utc)
    assert point(backup("b", "w", created_at=early, updated_at=late)) == datetime(2026, 7, 1, 5, tzinfo=timezone.utc)
    assert point({"updated_at": late}) is None


def test_the_newest_backup_has_the_latest_recovery_point_whatever_the_order() -> None:
    rows = [
        backup("a", "w", created_at="2026-07-01T05:00:00"),
        backup("b", "w", protected_at="2026-07-02T00:00:00"),
        {"id": "undated"},
    ]
    assert all((newest(order) or {})["name"] == "b" for order in (rows, rows[::-1]))
    assert newest([{"id": "undated"}]) == {"id": "undated"}
    assert newest([]) is None


def test_a_message_names_backup_server_and_id() -> None:
    assert describe_backup(backup("b", "web")) == "'b' of server 'web' (item-b-web)"
    assert "id-web" in describe_backup({**backup("b", "web"), "extend_info": None})


def test_no_status_is_both_good_and_going() -> None:
    groups = [USABLE, IN_PROGRESS, BEING_DELETED, {"error", "deleted"}]
    assert sum(len(group) for group in groups) == len(frozenset().union(*groups)) == 9


def test_a_cause_that_is_a_text_and_an_image_without_an_id_are_no_trouble() -> None:
    raw = {"extend_info": {"fail_code": "snapshot failed", "os_images_data": [{}]}}
    result = backup_result(raw)
    assert (result["fail_reason"], result["images"]) == ("snapshot failed", [])


def test_a_backup_that_is_not_listed_yet_is_named_by_its_checkpoint() -> None:
    raw = {"id": None, "checkpoint_id": "rec-1", "name": "b", "resource_id": "id-web"}
    assert describe_backup(raw) == "'b' of server 'id-web' (checkpoint rec-1)"
