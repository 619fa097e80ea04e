# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of backups and policies: shapes and comparison.

Reference: api_description/tag_management.
"""

from __future__ import annotations

import typing as t

from .errors import InvalidInput
from .limits import MAX_TAGS, as_text

if t.TYPE_CHECKING:
    from .rows import TagRow


def tags_as_dict(tags: t.Any) -> dict[str, str]:
    """Return the service's list of tags as a dict, sorted by key. Entries without a key are left out."""
    return dict(sorted((str(tag["key"]), as_text(tag.get("value"))) for tag in _tags_with_key(tags)))


def values_by_key(tags: t.Any) -> dict[str, list[str]]:
    """Return the service's list of the tags in use as a dict of the sorted values by key."""
    return {
        str(tag["key"]): sorted(as_text(value) for value in tag.get("values") or ()) for tag in _tags_with_key(tags)
    }


def _tags_with_key(tags: t.Any) -> list[dict[str, t.Any]]:
    return [tag for tag in tags or () if isinstance(tag, dict) and tag.get("key") is not None]


def tags_as_list(tags: dict[str, str]) -> list[TagRow]:
    """Return a dict of tags as the list that the service takes, sorted by key."""
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]


def compare_tags(
    current: dict[str, str], desired: dict[str, str], purge: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Return (tags to remove, tags to set) that lead from current to desired; purge removes what is not desired."""
    remove = {key: value for key, value in current.items() if purge and key not in desired}
    put = {key: value for key, value in desired.items() if current.get(key) != value}
    return remove, put


def apply_tags(current: dict[str, str], remove: dict[str, str], put: dict[str, str]) -> dict[str, str]:
    """Return current without remove and with put, sorted by key."""
    kept = {key: value for key, value in current.items() if key not in remove}
    return dict(sorted({**kept, **put}.items()))


def check_count(resource: str, tags: dict[str, str]) -> None:
    """Raise InvalidInput when a resource would have more tags than the service allows; resource names it in words."""
    if len(tags) > MAX_TAGS:
        raise InvalidInput(f"tags: {resource} would have {len(tags)} tags; the service allows {MAX_TAGS}")
