# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls for tags, which are the same for everything that has tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import tags
from .call import Answer, Call
from .rules import tag_rows


def tag_calls(kind: tags.Kind, word: str, detail: Callable[[Any, Any], Any]) -> dict[str, Callable[[Any], Answer]]:
    """The calls by their operation ids; detail prints what a tag query found."""

    def resource(call: Call) -> tags.Tagged:
        found: tags.Tagged = kind.find(call.state, call.project_id, call.path["resource_id"])
        return found

    def in_project(call: Call) -> Answer:
        return 200, {"tags": tags.in_project(call.state, kind, call.project_id)}

    def of_resource(call: Call) -> Answer:
        return 200, {"tags": tag_rows(resource(call).tags)}

    def add(call: Call) -> Answer:
        tags.add(kind, resource(call), [call.body["tag"]])
        return 204, None

    def change(call: Call) -> Answer:
        tags.act(kind, resource(call), call.body["action"], call.body["tags"])
        return 204, None

    def remove(call: Call) -> Answer:
        tags.remove(kind, resource(call), call.path["key"])
        return 204, None

    def row(call: Call, thing: tags.Tagged) -> dict[str, Any]:
        return {
            "resource_id": thing.id,
            "resource_name": thing.name,
            "tags": tag_rows(thing.tags),
            "resource_detail": detail(call, thing),
        }

    def find(call: Call) -> Answer:
        page, total = tags.query(call.state, kind, call.project_id, call.body)
        if page is None:
            return 200, {"total_count": total}
        return 200, {"resources": [row(call, thing) for thing in page], "total_count": total}

    return {
        f"list{word}TagsOfProject": in_project,
        f"list{word}Tags": of_resource,
        f"add{word}Tag": add,
        f"change{word}Tags": change,
        f"delete{word}Tag": remove,
        f"find{word}ByTags": find,
    }
