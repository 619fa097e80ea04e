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

if t.TYPE_CHECKING:
    from .rows import TagRow

#: The options of info modules that ask for tags
QUERIES = ("tags", "tags_any", "not_tags", "not_tags_any")
#: Characters of a key and of a value in queries and removals; for new tags the service allows fewer
_MAX_OLD_KEY = 127
_MAX_OLD_VALUE = 255
_MAX_VALUES_PER_KEY = 10


def parse_tags(option: str, tags: dict[str, t.Any] | None) -> dict[str, str] | None:
    """Return tags to set, as text; None stays None. Raises InvalidInput for a tag that the service does not allow."""
    if tags is None:
        return None
    given = {as_text(key): as_text(value) for key, value in tags.items()}
    for key, value in given.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,36}", key):
            raise InvalidInput(
                f"{option}: {key!r} is not a valid tag key; a key has 1 to 36 letters, digits, hyphens and underscores"
            )
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,43}", value):
            raise InvalidInput(
                f"{option}: {value!r} is not a valid value of tag {key!r};"
                " a value has up to 43 letters, digits, hyphens and underscores"
            )
    if len(given) > MAX_TAGS:
        raise InvalidInput(f"{option}: {len(given)} tags given; the service allows {MAX_TAGS}")
    return given


def parse_tags_to_remove(option: str, tags: dict[str, t.Any]) -> dict[str, str]:
    """Return tags to remove, as text. Raises InvalidInput for a key or value that no tag can have.

    Old tags may have keys and values that the service does not allow for new ones.
    """
    given = {as_text(key): as_text(value) for key, value in tags.items()}
    for key, value in given.items():
        if not key.strip() or len(key) > _MAX_OLD_KEY or len(value) > _MAX_OLD_VALUE:
            raise InvalidInput(
                f"{option}: {key!r} cannot be removed;"
                f" a key has 1 to {_MAX_OLD_KEY} and a value up to {_MAX_OLD_VALUE} characters"
            )
    return given


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


def tag_query(params: dict[str, t.Any]) -> dict[str, list[dict[str, t.Any]]]:
    """Return the tag options of an info module as the service's query, empty when none is given.

    Each key may have a value, a list of values (any of them), or nothing (any value). Raises InvalidInput.
    """
    query = {}
    for option in QUERIES:
        tags = params.get(option)
        if not tags:
            continue
        if len(tags) > MAX_TAGS:
            raise InvalidInput(f"{option}: {len(tags)} keys given; the service allows {MAX_TAGS}")
        query[option] = [
            {"key": _query_key(option, key), "values": _query_values(option, value)} for key, value in tags.items()
        ]
    return query


def _query_key(option: str, key: t.Any) -> str:
    text = as_text(key)
    if not 1 <= len(text) <= _MAX_OLD_KEY:
        raise InvalidInput(
            f"{option}: {text!r} is not a tag key that can be looked for; it has 1 to {_MAX_OLD_KEY} characters"
        )
    return text


def _query_values(option: str, value: t.Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, dict):
        raise InvalidInput(
            f"{option}: {value!r} is not a tag value; give one value, a list of values, or nothing for any value"
        )
    entries = value if isinstance(value, (list, tuple)) else [value]
    texts = list(dict.fromkeys(as_text(entry) for entry in entries))
    if len(texts) > _MAX_VALUES_PER_KEY or any(len(text) > _MAX_OLD_VALUE for text in texts):
        raise InvalidInput(
            f"{option}: at most {_MAX_VALUES_PER_KEY} values of up to {_MAX_OLD_VALUE} characters can be looked for at"
            " one key"
        )
    return texts
