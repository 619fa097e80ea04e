# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that the option server_filters means."""

from __future__ import annotations

import fnmatch
import re
import typing as t

from .errors import InvalidInput
from .limits import MAX_NAME, as_text

if t.TYPE_CHECKING:
    Server = t.Mapping[str, t.Any]


def check_filters(option: str, filters: dict[str, t.Any]) -> None:
    """Raise InvalidInput that names the filter for one that is empty, or that nothing can match."""
    for key, value in filters.items():
        _check(f"{option}.{key}", value, pairs=key in ("metadata", "tags"))


def _check(option: str, value: t.Any, pairs: bool) -> None:
    """Raise InvalidInput unless a filter is a text, a list of texts or, with pairs, a dictionary of texts."""
    texts = [*value, *value.values()] if pairs and isinstance(value, dict) else value
    if not isinstance(texts, list):
        texts = [texts]
    needed = [*value] if isinstance(value, dict) else texts
    if not texts or not all(as_text(text).strip() for text in needed):
        raise InvalidInput(f"{option}: {value!r} is empty; leave the filter out, or say what it is to match")
    if any(isinstance(text, (dict, list)) or len(as_text(text)) > MAX_NAME for text in texts):
        raise InvalidInput(
            f"{option}: {value!r} is no filter; what it is to match are texts of 1 to {MAX_NAME} characters"
        )


def match_server(server: Server, filters: dict[str, t.Any]) -> bool:
    """Return whether a server fits all filters."""
    return all(_MATCHERS[key](server, value) for key, value in filters.items())


def _match_name(server: Server, patterns: t.Any) -> bool:
    return any(_fits(server["name"], pattern) for pattern in _texts(patterns))


def _fits(name: str, pattern: str) -> bool:
    try:
        return fnmatch.fnmatchcase(name, pattern)
    except re.error:
        # Old releases of Python translate some globs that fit nothing, such as [z-a], into invalid patterns.
        return False


def _match_status(server: Server, statuses: t.Any) -> bool:
    return server["status"].upper() in {status.upper() for status in _texts(statuses)}


def _match_metadata(server: Server, desired: dict[str, t.Any]) -> bool:
    metadata = server["metadata"]
    return all(key in metadata and as_text(metadata[key]) == as_text(value) for key, value in desired.items())


def _match_tags(server: Server, desired: t.Any) -> bool:
    # Nova's tags are plain words; the platform writes key=value or key.value into them.
    words = set(server["tags"])
    if isinstance(desired, dict):
        return all(_has_tag(words, key, as_text(value)) for key, value in desired.items())
    return words.issuperset(_texts(desired))


def _has_tag(words: set[str], key: str, value: str) -> bool:
    if words & {f"{key}={value}", f"{key}.{value}"}:
        return True
    # Without a value, the key alone is enough.
    return value == "" and any(word == key or word.startswith((f"{key}=", f"{key}.")) for word in words)


def _match_zone(server: Server, zones: t.Any) -> bool:
    return server["availability_zone"] in _texts(zones)


def _texts(values: t.Any) -> list[str]:
    """Return one value or a list of values as a list of texts."""
    return [as_text(value) for value in (values if isinstance(values, (list, tuple)) else [values])]


_MATCHERS: dict[str, t.Callable[[Server, t.Any], bool]] = {
    "name": _match_name,
    "status": _match_status,
    "metadata": _match_metadata,
    "tags": _match_tags,
    "availability_zone": _match_zone,
}
