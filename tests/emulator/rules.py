# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits, error codes and the checks of single values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .cbr.codes import CODES as CBR_CODES

PROVIDER_ID = "fc4d5750-22e7-4798-8a46-f48f62c4c1da"
SERVER_TYPE = "OS::Nova::Server"

MAX_POLICIES = 32
MAX_SERVERS = 64
MAX_TAGS = 10
MAX_PAGE = 1000
DELETIONS_AT_ONCE = 5
PROTECTABLE_STATUSES = ("ACTIVE", "SHUTOFF")
BROKEN_STATUSES = ("ERROR", "DELETED", "SOFT_DELETED", "SHELVED", "SHELVED_OFFLOADED", "SUSPENDED", "PAUSED", "UNKNOWN")
BUSY_ITEM = ("waiting_protect", "protecting", "waiting_restore", "restoring", "waiting_delete", "deleting")
ITEM_STATUSES = BUSY_ITEM + ("available", "error", "deleted")

TAG_KEY = re.compile(r"[A-Za-z0-9_-]{1,36}")
TAG_VALUE = re.compile(r"[A-Za-z0-9_-]{0,43}")
TIMEZONE = re.compile(r"UTC[+-](0\d|1[0-4]):[0-5]\d")
LONG_TERM = ("day_backups", "week_backups", "month_backups", "year_backups")

# code: (status, what the emulator says)
CODES: dict[str, tuple[int, str]] = {
    "CSBS.0001": (400, "the project has all the policies it may have"),
    "CSBS.1001": (500, "a manual run of the policy is in progress"),
    "CSBS.2003": (400, "the backup or its server is busy"),
    "CSBS.2004": (400, "the policy is running"),
    "CSBS.3000": (404, "no such policy"),
    "CSBS.3001": (404, "no such backup"),
    "CSBS.4000": (400, "the backup cannot be restored in its present status"),
    "CSBS.5001": (500, "the policy could not be stopped"),
    "CSBS.6000": (400, "no such server"),
    "CSBS.6003": (400, "a resource of this type cannot be backed up"),
    "CSBS.6004": (400, "the server belongs to another policy"),
    "CSBS.6005": (400, "the server is in a state that allows no backup now"),
    "CSBS.6006": (400, "the server's status allows no backup"),
    "CSBS.6007": (400, "the server has no disk to back up"),
    "CSBS.6010": (400, "a shared disk is attached to the server"),
    "CSBS.6013": (400, "a resource of this type cannot be restored"),
    "CSBS.6014": (400, "the disk is not attached to the target server"),
    "CSBS.6015": (400, "the server is being restored"),
    "CSBS.6017": (400, "the disk backup is not part of the backup"),
    "CSBS.6018": (400, "some disk backups have no target disk; restoring a part is not possible"),
    "CSBS.6019": (500, "the target server is of another type"),
    "CSBS.6020": (400, "the target server has no disk"),
    "CSBS.6021": (400, "the target disk is shared"),
    "CSBS.6023": (500, "a system disk and a data disk do not replace each other"),
    "CSBS.6024": (400, "the target disk is smaller than the one in the backup"),
    "CSBS.6025": (400, "the backup and the target server are in different zones"),
    "CSBS.6027": (400, "the server's zone has no backup service"),
    "CSBS.6030": (500, "an automatic run of the policy is in progress"),
    "CSBS.6032": (500, "the policy has no server that can be backed up"),
    "CSBS.6033": (400, "the server has a disk on dedicated storage"),
    "CSBS.6061": (400, "the server's disks are on storage without backup"),
    "CSBS.7000": (400, "more tags than a resource may have"),
    "CSBS.7001": (404, "no such tag"),
    "CSBS.8001": (500, "the backup's status allows no image"),
    "CSBS.8007": (400, "an image holds the backup"),
    "CSBS.8009": (500, "the backup has no system disk"),
    "CSBS.9001": (400, "bad parameter"),
    "CSBS.9006": (400, "quota exceeded"),
    "CSBS.9007": (400, "a policy of this name exists"),
    "CSBS.9998": (500, "service unavailable"),
    "CSBS.9999": (500, "internal error"),
    **CBR_CODES,
    "APIGW.0101": (404, "The API does not exist or has not been published in the environment"),
    "APIGW.0301": (401, "Incorrect IAM authentication information: token is missing, wrong or expired"),
    "APIGW.0302": (403, "The IAM user is not allowed to access the API"),
    "APIGW.0308": (429, "The throttling threshold has been reached"),
}


class ApiError(Exception):
    """An answer with an error code."""

    def __init__(self, code: str, detail: str = "", status: int | None = None) -> None:
        default_status, text = CODES.get(code, (400, code))
        self.code = code
        self.status = status or default_status
        self.message = f"{text}: {detail}" if detail else text
        super().__init__(f"{code} {self.message}")

    def body(self) -> dict[str, Any]:
        """The body in the shape that the service and its gateway share."""
        return {"error_code": self.code, "error_msg": self.message}


def bad(detail: str) -> ApiError:
    """A parameter that the service refuses."""
    return ApiError("CSBS.9001", detail)


@dataclass(frozen=True)
class TagRules:
    """How many tags a resource may have, and with what codes a service refuses tags."""

    most: int
    too_many: str
    missing: str
    bad: str


CSBS_TAGS = TagRules(MAX_TAGS, "CSBS.7000", "CSBS.7001", "CSBS.9001")


def clean_tags(tags: list[dict[str, Any]], rules: TagRules = CSBS_TAGS) -> dict[str, str]:
    """Tags to set, as a dict; spaces round keys and values are dropped."""
    result: dict[str, str] = {}
    for tag in tags:
        key, value = tag["key"].strip(), tag["value"].strip()
        if not TAG_KEY.fullmatch(key):
            raise ApiError(rules.bad, f"tag key {tag['key']!r}")
        if not TAG_VALUE.fullmatch(value):
            raise ApiError(rules.bad, f"value of tag {key!r}")
        if key in result:
            raise ApiError(rules.bad, f"tag key {key!r} is there twice")
        result[key] = value
    if len(result) > rules.most:
        raise ApiError(rules.too_many, f"at most {rules.most}")
    return result


def merge_tags(present: dict[str, str], added: dict[str, str], rules: TagRules) -> dict[str, str]:
    """What a resource has after tags were added, unless that is too many."""
    merged = {**present, **added}
    if len(merged) > rules.most:
        raise ApiError(rules.too_many, f"{len(merged)} after the change, at most {rules.most}")
    return merged


def tag_rows(tags: dict[str, str]) -> list[dict[str, str]]:
    """A dict of tags as the service prints it."""
    return [{"key": key, "value": value} for key, value in tags.items()]
