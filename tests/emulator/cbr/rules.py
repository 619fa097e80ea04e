# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of CBR, and how it refuses."""

from __future__ import annotations

import re

from ..rules import CODES, ApiError, TagRules

SERVER_PROVIDER = "0daac4c5-6707-4851-97ba-169e36266b66"
DISK_PROVIDER = "d1603440-187d-4516-af25-121250c7cc97"
PROVIDERS = {
    "server": SERVER_PROVIDER,
    "disk": DISK_PROVIDER,
    "turbo": "3f3c3220-245c-4805-b811-758870015881",
}
DISK_TYPE = "OS::Cinder::Volume"
SPEC_CODES = {"server": "server", "disk": "volume", "turbo": "turbo"}

MAX_MEMBERS = 256
MAX_SHARED_DISKS = 10
ROOM_TO_BIND = 40
BUSY = ("waiting_protect", "protecting")
RESTORING = ("waiting_restore", "restoring")
LEAVING = ("waiting_delete", "deleting")
VAULT_STATUSES = ("available", "lock", "frozen", "deleting", "error")
MEMBER_STATUSES = ("available", "protecting", "restoring", "removing", "error")
TASK_STATUSES = ("waiting", "running", "success", "failed", "skipped", "timeout")
VAULT_TAGS = TagRules(20, "BackupService.6600", "BackupService.6601", "BackupService.9900")
CODE = re.compile(r"BackupService\.\d{4}")


def bad(detail: str) -> ApiError:
    """A parameter that the service refuses."""
    return ApiError("BackupService.9900", detail)


def verdict(reason: str) -> tuple[str, str]:
    """Code and message of a failure that a test asked for: the reason may begin with a code."""
    code, _space, words = reason.partition(" ")
    if CODE.fullmatch(code):
        return code, words or CODES.get(code, (400, code))[1]
    return "BackupService.9910", reason


def own_code(code: str, other: str) -> str:
    """The code, unless it is CSBS's, which CBR does not know."""
    return code if CODE.fullmatch(code) else other
