# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding backups or policies by name or ID for the modules of tags. resource_type is "backup" or "policy"."""

from __future__ import annotations

import typing as t

from .._domain.errors import InvalidInput, NotFound
from .._domain.limits import MAX_SINGLE_READS
from .._domain.selection import find_one, is_id, once
from .._domain.tag_carriers import carriers_of, shared_tags, vaults_of
from .tags import add_tags

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, PolicyRow

    TaggableRow = BackupRow | PolicyRow

    class TaggedResource(t.TypedDict):
        """A backup or policy with its tags as results show it; tags are None where they could not be read."""

        id: str
        name: str | None
        tags: dict[str, str] | None


# Unknown IDs after which a task that fails for them looks for no more
_MOST_MISSING = 10
# Unknown IDs after which the list decides about the others, where they are no mistake
_MOST_UNKNOWN = 100


def read_resources(resource_type: str, refs: list[str], cloud: Cloud, missing_ok: bool = False) -> list[TaggedResource]:
    """Return the backups or policies that refs name, as results show them; see read_rows."""
    return [as_resource(resource_type, row) for row in read_rows(resource_type, refs, cloud, missing_ok)]


def as_resource(resource_type: str, row: TaggableRow) -> TaggedResource:
    """Return a row with its tags as results show it."""
    tags = shared_tags([carrier.tags for carrier in carriers_of(resource_type, row)])
    return {"id": row["id"], "name": row["name"], "tags": tags}


def read_rows(resource_type: str, refs: list[str], cloud: Cloud, missing_ok: bool = False) -> list[TaggableRow]:
    """Return the backups or policies that refs name, each once, with their tags and those of their vaults.

    A few are read one by one, more by one list and one tag query.
    Raises InvalidInput that lists what does not exist, unless missing_ok, or the IDs of an ambiguous name.
    """
    few = len(refs) <= MAX_SINGLE_READS
    found = (_find_few if few else _find_many)(resource_type, refs, cloud, missing_ok)
    missing = [ref for ref, row in found.items() if row is None]
    if missing and not missing_ok:
        # Loaded here, because most tasks name what exists.
        from .._domain.listing import name_all

        raise InvalidInput(f"resources: no such {resource_type}: {name_all(missing)}")
    rows = once(row for row in found.values() if row is not None)
    if few:
        rows = [row for row in rows if _add_own_tags(resource_type, row, cloud, missing_ok)]
    else:
        add_tags(cloud, rows, resource_type)
    return rows


def _find_few(resource_type: str, refs: list[str], cloud: Cloud, missing_ok: bool) -> dict[str, TaggableRow | None]:
    """Return by ref what it names. Only what was read by its ID has tags: lists may be older than the last change."""
    found = {ref: _read(resource_type, ref, cloud) for ref in refs}
    names = [ref for ref, row in found.items() if row is None]
    if names and resource_type == "policy":
        rows = _by_ref(cloud.policies())
    else:
        # The service finds backups by a part of their name, so there is no need to list them all.
        rows = _by_ref([row for name in names for row in cloud.backups(name=name)])
    for name in names:
        row = find_one(resource_type, name, rows.get(name, ()))
        if row is not None:
            row["tags"] = None
            for vault in vaults_of(row) or ():
                vault["tags"] = None
        found[name] = row
    return found


def _find_many(resource_type: str, refs: list[str], cloud: Cloud, missing_ok: bool) -> dict[str, TaggableRow | None]:
    """Return by ref what it names. What is too new to be listed is found by its ID.

    Once a task is sure to fail for what is missing, or most IDs are unknown, not much more is read.
    """
    rows = _by_ref(cloud.policies() if resource_type == "policy" else cloud.backups())
    found: dict[str, TaggableRow | None] = {}
    missing = 0
    for ref in refs:
        found[ref] = find_one(resource_type, ref, rows.get(ref, ()))
        if found[ref] is None and (missing < (_MOST_UNKNOWN if missing_ok else _MOST_MISSING)):
            found[ref] = _read(resource_type, ref, cloud)
            missing += found[ref] is None and is_id(ref)
    return found


def _by_ref(rows: t.Iterable[TaggableRow]) -> dict[str, list[TaggableRow]]:
    """Return rows of a list by their ID and by their name. A row that two pages show counts once."""
    found: dict[str, list[TaggableRow]] = {}
    for row in once(rows):
        for ref in dict.fromkeys((row["id"], row["name"] or row["id"])):
            found.setdefault(ref, []).append(row)
    return found


def _read(resource_type: str, ref: str, cloud: Cloud) -> TaggableRow | None:
    """Return the backup or policy with an ID in full, None when there is none or ref is no ID."""
    return cloud.policy(ref) if resource_type == "policy" else cloud.backup(ref)


def _add_own_tags(resource_type: str, row: TaggableRow, cloud: Cloud, missing_ok: bool) -> bool:
    """Give a row the tags that the resource has now; return False when it was deleted meanwhile and missing_ok."""
    if row.get("tags") is None:
        try:
            vaults = vaults_of(row)
            if vaults is None:
                row["tags"] = cloud.tags_of(resource_type, row["id"])
            for vault in vaults or ():
                vault["tags"] = cloud.tags_of("vault", str(vault["id"]))
        except NotFound:
            if not missing_ok:
                raise
            return False
    return True
