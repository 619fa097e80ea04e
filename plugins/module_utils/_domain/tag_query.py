# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of info modules that ask for tags, as the service's query.

Reference: api_description/tag_management.
"""

from __future__ import annotations

import typing as t

from .errors import InvalidInput
from .limits import MAX_OLD_TAG_KEY, MAX_OLD_TAG_VALUE, MAX_TAGS, TAG_QUERIES, as_text

_MAX_VALUES_PER_KEY = 10


def tag_query(params: dict[str, t.Any]) -> dict[str, list[dict[str, t.Any]]]:
    """Return the tag options of an info module as the service's query, empty when none is given.

    Each key may have a value, a list of values (any of them), or nothing (any value). Raises InvalidInput.
    """
    query = {}
    for option in TAG_QUERIES:
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
    if not 1 <= len(text.strip()) <= MAX_OLD_TAG_KEY:
        raise InvalidInput(
            f"{option}: {text!r} is not a tag key that can be looked for; it has 1 to {MAX_OLD_TAG_KEY} characters"
        )
    return text


def _query_values(option: str, value: t.Any) -> list[str]:
    if value is None:
        return []
    entries = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(entry, (dict, list)) for entry in entries):
        raise InvalidInput(
            f"{option}: {value!r} is not a tag value; give one value, a list of values, or nothing for any value"
        )
    texts = list(dict.fromkeys(as_text(entry) for entry in entries))
    if len(texts) > _MAX_VALUES_PER_KEY or any(len(text) > MAX_OLD_TAG_VALUE for text in texts):
        raise InvalidInput(
            f"{option}: a key can have at most {_MAX_VALUES_PER_KEY} values of up to {MAX_OLD_TAG_VALUE} characters"
        )
    return texts
