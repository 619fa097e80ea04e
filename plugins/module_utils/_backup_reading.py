# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""Backups that are known by their IDs, read with as few requests as are safe."""

from __future__ import annotations

import typing as t

from ._rules import MAX_SINGLE_READS

Row = dict[str, t.Any]


def backups_by_id(cloud: t.Any, ids: t.Collection[str]) -> t.Iterator[tuple[str, Row | None]]:
    """Yield each ID with its backup, None when there is none; those that a list shows come first.

    A few are read one by one, more by one list. Pages move while others write, and lists lag: what the list lacks is read
    by itself, for only the backup itself tells that it is gone. Raises CloudError.
    """
    listed = {row["id"]: row for row in cloud.backups()} if len(ids) > MAX_SINGLE_READS else {}
    yield from ((key, listed[key]) for key in ids if key in listed)
    yield from ((key, cloud.backup(key)) for key in ids if key not in listed)
