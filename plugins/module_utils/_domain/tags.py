# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of backups and policies: rules, comparison and queries.

Reference: api_description/tag_management.
"""

from __future__ import annotations

import re
import typing as t

from .errors import InvalidInput
from .limits import MAX_TAGS, as_text

_KEY = re.compile(r"[A-Za-z0-9_-]{1,36}")
_VALUE = re.compile(r"[A-Za-z0-9_-]{0,43}")
QUERIES = ("tags", "tags_any", "not_tags", "not_tags_any")


def parse_tags(option: str, tags: dict[str, t.Any] | None) -> dict[str, str] | None:
    """Return tags to be set, as text, when each keeps the rules, else raise InvalidInput; None stays None."""
    if tags is None:
        return None
    wanted = {as_text(key): as_text(value) for key, value in tags.items()}
    for key, value in wanted.items():
        if not _KEY.fullmatch(key):
            raise InvalidInput(
                f"{option}: {key!r} is not a valid tag key; a key has 1 to 36 letters, digits, hyphens and underscores"
            )
        if not _VALUE.fullmatch(value):
            raise InvalidInput(
                f"{option}: {value!r} is not a valid value of tag {key!r}; a value has up to 43 letters, digits, hyphens and underscores"
            )
    if len(wanted) > MAX_TAGS:
        raise InvalidInput(f"{option}: {len(wanted)} tags given; the service allows {MAX_TAGS}")
    return wanted


def parse_tags_to_remove(option: str, tags: dict[str, t.Any]) -> dict[str, str]:
    """Return tags to be removed, as text; a removal takes keys that no tag could be given today."""
    wanted = {as_text(key): as_text(value) for key, value in tags.items()}
    for key, value in wanted.items():
        if not key.strip() or len(key) > 127 or len(value) > 255:
            raise InvalidInput(
                f"{option}: {key!r} cannot be removed; a key has 1 to 127 and a value up to 255 characters"
            )
    return wanted


def tags_as_dict(tags: t.Any) -> dict[str, str]:
    """Return the service's list of tags as a dict, sorted by key. An entry without a key is no tag."""
    entries = [tag for tag in tags or () if isinstance(tag, dict) and tag.get("key") is not None]
    return dict(sorted((str(tag["key"]), as_text(tag.get("value"))) for tag in entries))


def values_by_key(tags: t.Any) -> dict[str, list[str]]:
    """Return the service's list of the tags in use, key and values, as a dict with the values in order."""
    entries = [tag for tag in tags or () if isinstance(tag, dict) and tag.get("key") is not None]
    return {str(tag["key"]): sorted(as_text(value) for value in tag.get("values") or ()) for tag in entries}


def tags_as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Return a dict of tags as the list that the service takes, sorted by key."""
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]


def compare_tags(current: dict[str, str], wanted: dict[str, str], purge: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Return (tags to remove, tags to set) that lead from current to wanted; purge removes what is not wanted."""
    remove = {key: value for key, value in current.items() if purge and key not in wanted}
    put = {key: value for key, value in wanted.items() if current.get(key) != value}
    return remove, put


def apply_tags(current: dict[str, str], remove: dict[str, str], put: dict[str, str]) -> dict[str, str]:
    """Return current without remove and with put, sorted by key."""
    merged = {**{key: value for key, value in current.items() if key not in remove}, **put}
    return dict(sorted(merged.items()))


def check_count(resource_type: str, tags: dict[str, str]) -> None:
    """Raise InvalidInput when owner would carry more tags than the service allows."""
    if len(tags) > MAX_TAGS:
        raise InvalidInput(f"tags: {resource_type} would have {len(tags)} tags; the service allows {MAX_TAGS}")


def tag_query(params: dict[str, t.Any]) -> dict[str, list[dict[str, t.Any]]]:
    """Return the tag filters of an info module as the service's query; empty when none is given.

    A value, a list of values (any of them), or nothing (any value) may stand at each key.
    """
    query = {}
    for option in QUERIES:
        wanted = params.get(option)
        if not wanted:
            continue
        if len(wanted) > MAX_TAGS:
            raise InvalidInput(f"{option}: {len(wanted)} keys given; the service allows {MAX_TAGS}")
        query[option] = [
            {"key": _query_key(option, key), "values": _query_values(option, value)} for key, value in wanted.items()
        ]
    return query


def _query_key(option: str, key: t.Any) -> str:
    text = as_text(key)
    if not 1 <= len(text) <= 127:
        raise InvalidInput(f"{option}: {text!r} is not a tag key that can be looked for; it has 1 to 127 characters")
    return text


def _query_values(option: str, value: t.Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, dict):
        raise InvalidInput(
            f"{option}: {value!r} is not a tag value; give one value, a list of values, or nothing for any value"
        )
    values = list(dict.fromkeys(as_text(one) for one in (value if isinstance(value, (list, tuple)) else [value])))
    if len(values) > 10 or any(len(one) > 255 for one in values):
        raise InvalidInput(f"{option}: at most 10 values of up to 255 characters can be looked for at one key")
    return values
