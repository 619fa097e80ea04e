# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option tags: its rules.

Reference: api_description/tag_management.
"""

from __future__ import annotations

import re
import typing as t

from .errors import InvalidInput
from .limits import MAX_OLD_TAG_KEY, MAX_OLD_TAG_VALUE, MAX_TAGS, as_text
from .selection import is_id


def parse_tags(option: str, tags: dict[str, t.Any] | None, vaults: bool = False) -> dict[str, str] | None:
    """Return tags to set, as text; None stays None. Raises InvalidInput for a tag that the service does not allow.

    vaults says that vaults have the tags. There a key that is an ID marks a server on its way.
    """
    if tags is None:
        return None
    given = {as_text(key): as_text(value) for key, value in tags.items()}
    for key, value in given.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,36}", key):
            raise InvalidInput(
                f"{option}: {key!r} is not a valid tag key; a key has 1 to 36 letters, digits, hyphens and underscores"
            )
        if vaults and is_id(key):
            raise InvalidInput(
                f"{option}: {key!r} has the form of an ID; on vaults such a tag marks a server that is on its way from"
                " CSBS to CBR. What to do: choose another key"
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
        too_long = len(key) > MAX_OLD_TAG_KEY or len(value) > MAX_OLD_TAG_VALUE
        if isinstance(tags.get(key), (dict, list)) or not key.strip() or too_long:
            raise InvalidInput(
                f"{option}: {key!r} cannot be removed;"
                f" a key has 1 to {MAX_OLD_TAG_KEY} and a value up to {MAX_OLD_TAG_VALUE} characters"
            )
    return given
