# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds backups, policies and their tags with as few requests as are safe."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from .._domain.backup import UNUSABLE, backup_result
from .._domain.errors import CloudError, InvalidInput, NotFound, Unsettled
from .._domain.image import is_alive, unread_image
from .._domain.limits import MAX_SINGLE_READS
from .._domain.policy import operation_of, policy_result
from .._domain.rows import Row
from .._domain.selection import find_one
from .._domain.tags import tags_as_dict
from .._domain.times import parse_time

_BAD_REQUEST = 400


def add_tags(cloud: t.Any, rows: list[dict[str, t.Any]], resource_type: str = "backup") -> list[dict[str, t.Any]]:
    """Give rows the tags that lists leave out, and return the rows; one query tells of all.

    resource_type is backup or policy. What the query leaves out, as its pages move while others write, is read by
    itself; a row that is gone gets no tags.
    """
    lacking = [row for row in rows if row.get("tags") is None]
    if not lacking:
        return rows
    known = {row["resource_id"]: row.get("tags") or [] for row in all_tagged(cloud, resource_type) or ()}
    for row in lacking:
        try:
            row["tags"] = known[row["id"]] if row["id"] in known else cloud.tags_of(resource_type, row["id"])
        except NotFound:
            row["tags"] = []
    return rows


def all_tagged(cloud: t.Any, resource_type: str) -> list[dict[str, t.Any]] | None:
    """Return all backups or policies with their tags, None where the service refuses a query without a tag."""
    try:
        rows: list[dict[str, t.Any]] = cloud.find_tagged(resource_type, {})
    except CloudError as error:
        if error.status != _BAD_REQUEST:
            raise
        return None
    return rows


# Time in which tasks that created policies of one name at once agree on one of them.
_SETTLES_WITHIN = timedelta(minutes=2)


def find_policy_row(key: str, rows: list[dict[str, t.Any]], cloud: t.Any) -> dict[str, t.Any] | None:
    """Return the row of a list whose id or else name is key, None when there is none.

    Raises InvalidInput listing the ids when several have that name, as Unsettled when one of them is new: tasks on several
    machines that created it at once are about to keep the oldest.
    """
    try:
        return find_one("policy", key, rows)
    except InvalidInput as error:
        made = [parse_time(row.get("created_at")) for row in rows if row["name"] == key]
        if any(moment and cloud.now() - moment < _SETTLES_WITHIN for moment in made):
            raise Unsettled(str(error)) from error
        raise


def read_policy(cloud: t.Any, policy_id: str) -> dict[str, t.Any] | None:
    """Return a policy in full with its tags, None when it has gone."""
    raw: dict[str, t.Any] | None = cloud.policy(policy_id)
    if raw is not None and raw.get("tags") is None:
        raw["tags"] = cloud.tags_of("policy", policy_id)
    return raw


def find_policy(key: str, rows: list[dict[str, t.Any]], cloud: t.Any) -> dict[str, t.Any] | None:
    """Return in full the policy that rows of a list have by that name or ID, None when there is none.

    Raises InvalidInput when several have that name.
    """
    row = find_policy_row(key, rows, cloud)
    # What is too new to be listed is found by its ID.
    if row is None:
        return read_policy(cloud, key)
    return read_policy(cloud, row["id"])


def read_memberships(cloud: t.Any) -> dict[str, Row]:
    """Return by server the policy that it is in: id, name and enabled.

    A row of the list that lacks the servers or the schedule's switch is read in full; there are few policies.
    """
    found: dict[str, Row] = {}
    for row in cloud.policies():
        sparse = row.get("resources") is None or operation_of(row).get("enabled") is None
        shape = policy_result((cloud.policy(row["id"]) or {}) if sparse else row)
        for member in shape["servers"]:
            found.setdefault(member["id"], {key: shape[key] for key in ("id", "name", "enabled")})
    return found


def read_resources(resource_type: str, keys: list[str], cloud: t.Any, missing_ok: bool = False) -> list[Row]:
    """Return the backups or policies that keys name, each once: id, name and tags.

    A few are read one by one, more by one list and one tag query.
    Raises InvalidInput naming those that do not exist, unless missing_ok, and the ids of an ambiguous name.
    """
    few = len(keys) <= MAX_SINGLE_READS
    found = _find_few(resource_type, keys, cloud) if few else _find_many(resource_type, keys, cloud)
    missing = [key for key, row in found.items() if row is None]
    if missing and not missing_ok:
        raise InvalidInput(f"resources: no such {resource_type}: {', '.join(repr(key) for key in missing)}")
    rows = list({row["id"]: row for row in found.values() if row is not None}.values())
    if few:
        rows = [full for row in rows if (full := _with_own_tags(resource_type, row, cloud, missing_ok)) is not None]
    else:
        add_tags(cloud, rows, resource_type)
    return [{"id": row["id"], "name": row["name"], "tags": tags_as_dict(row["tags"])} for row in rows]


def _find_few(resource_type: str, keys: list[str], cloud: t.Any) -> dict[str, Row | None]:
    """Return by key what it names. Only what was read by its ID has tags: lists may be older than the last change."""
    found = {key: _in_full(resource_type, key, cloud) for key in keys}
    names = [key for key, row in found.items() if row is None]
    if names and resource_type == "policy":
        rows = _by_key(cloud.policies())
    else:
        # The service finds backups by a part of their name, so there is no need to list them all.
        rows = _by_key([row for name in names for row in cloud.backups(name=name)])
    for name in names:
        row = find_one(resource_type, name, rows.get(name, ()))
        found[name] = None if row is None else {**row, "tags": None}
    return found


def _find_many(resource_type: str, keys: list[str], cloud: t.Any) -> dict[str, Row | None]:
    """Return by key what it names. What is too new to be listed is found by its ID."""
    rows = _by_key(cloud.policies() if resource_type == "policy" else cloud.backups())
    return {key: find_one(resource_type, key, rows.get(key, ())) or _in_full(resource_type, key, cloud) for key in keys}


def _by_key(rows: list[Row]) -> dict[str, list[Row]]:
    """Return rows of a list by their ID and by their name. A row that two pages show is one."""
    found: dict[str, list[Row]] = {}
    for row in {row["id"]: row for row in rows}.values():
        for key in dict.fromkeys((row["id"], row["name"])):
            found.setdefault(key, []).append(row)
    return found


def _in_full(resource_type: str, key: str, cloud: t.Any) -> Row | None:
    """Return the backup or policy with an ID, None when there is none or the key is no ID."""
    row: Row | None = cloud.policy(key) if resource_type == "policy" else cloud.backup(key)
    return row


def _with_own_tags(resource_type: str, row: Row, cloud: t.Any, missing_ok: bool) -> Row | None:
    """Return a row with the tags that the resource has now, None when it was deleted meanwhile and that is allowed."""
    if row.get("tags") is not None:
        return row
    try:
        return {**row, "tags": cloud.tags_of(resource_type, row["id"])}
    except NotFound:
        if not missing_ok:
            raise
        return None


def find_usable_backup(key: str, cloud: t.Any) -> Row:
    """Return the backup that a name or an ID means, in full; raises InvalidInput for none and for several."""
    found: Row | None = cloud.backup(key)
    if found is not None:
        return found
    named = [row for row in cloud.backups(name=key) if row["name"] == key]
    row = find_one("backup", key, [row for row in named if row["status"] not in UNUSABLE] or named)
    # Rows of a list may be sparser than the backup itself.
    full: Row | None = None if row is None else cloud.backup(row["id"])
    if full is None:
        raise InvalidInput(f"backup: no such backup: {key!r}")
    return full


def find_image(backup: Row, cloud: t.Any) -> Row | None:
    """Return the image that a backup has, also one that is being made, None when it has none.

    The backup names its image when that is finished; until then the list of images tells of the backup. An image that
    the backup names and that cannot be read comes with UNREAD. One that the image service itself does not know is gone.
    Raises CloudError when the images cannot be listed.
    """
    unread = None
    for image_id in backup_result(backup)["images"]:
        try:
            image: Row | None = cloud.image(image_id)
        except CloudError as error:
            unread = unread_image(image_id, backup["id"], str(error))
            continue
        if image is not None and is_alive(image):
            return image
    if unread is not None:
        return unread
    listed: Row | None = cloud.image_of(backup["id"])
    return listed
