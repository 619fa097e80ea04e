# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON of answers: read once, and checked for the types that everything else relies on.

Fields have one meaning in all services, so they are told apart by their names.
"""

from __future__ import annotations

import json
import re
import typing as t

_TEXTS = (
    "availability_zone|created_at|description|device|error_code|error_msg|expired_at|finished_at|image_type|key|name"
    "|OS-EXT-AZ:availability_zone|protected_at|resource_az|resource_name|resource_type|source_volume_name|start_time"
    "|status|updated_at|value"
)
# IDs become parts of addresses.
_IDS = (
    "__backup_id|backup_id|checkpoint_id|id|image_id|job_id|policy_id|resource_id|server_id|source_volume_id|vault_id"
    "|volumeId|volume_id"
)
_OBJECTS = (
    "addresses|billing|checkpoint|checkpoint_item|entities|extend_info|metadata|operation_definition|policy|properties"
    "|server|trigger"
)
_ROWS = (
    "associated_vaults|attachments|backups|checkpoint_items|children|images|os_images_data|policies"
    "|resources|scheduled_operations|servers|skipped_resources|vaults|volume_backups|volumes"
)
_LISTS = "tags|values"
_KINDS = {
    name: kind
    for kind, names in (
        ("text", _TEXTS),
        ("ID", _IDS),
        ("object", _OBJECTS),
        ("list of objects", _ROWS),
        ("list", _LISTS),
    )
    for name in names.split("|")
}
# Their keys or IDs are the users' own.
_FREE = ("addresses", "flavor", "metadata")
_SAFE_ID = re.compile(r"(?!\.)[A-Za-z0-9._-]{0,255}").fullmatch
_MAYBE_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]").search


class BadAnswer(ValueError):
    """An answer that is no JSON, or has another type in a field; the text says which, without any part of it."""


def read_json(content: bytes) -> t.Any:
    """Return the JSON of an answer. What is no text in a text of it becomes U+FFFD. Raises BadAnswer."""
    try:
        answer = json.loads(content.decode("utf-8", "replace"), parse_constant=_refuse_constant)
        if _MAYBE_LONE_SURROGATE(content):
            # Loaded here, because few answers need it.
            from .._domain.printable import without_lone_surrogates

            answer = without_lone_surrogates(answer)
    except (RecursionError, ValueError) as error:
        raise BadAnswer("it is no JSON") from error
    _check(answer)
    return answer


def _refuse_constant(name: str) -> t.NoReturn:
    raise ValueError(name)


def _check(answer: t.Any) -> None:
    # A fleet has a million fields, so there is no call for each of them.
    waiting = [answer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(inner for inner in value if isinstance(inner, (dict, list)))
            continue
        if not isinstance(value, dict):
            continue
        for name, inner in value.items():
            kind = _KINDS.get(name)
            if kind is not None and inner is not None and not _fits(kind, inner):
                raise BadAnswer(f"{name!r} is no {kind}")
            if isinstance(inner, (dict, list)) and name not in _FREE:
                waiting.append(inner)


def _fits(kind: str, value: t.Any) -> bool:
    if kind == "text":
        return isinstance(value, str)
    if kind == "ID":
        return isinstance(value, str) and _SAFE_ID(value) is not None
    # Some services send an empty text for nothing.
    if not value:
        return True
    if kind == "object":
        return isinstance(value, dict)
    return isinstance(value, list) and (kind == "list" or all(isinstance(one, dict) for one in value))
