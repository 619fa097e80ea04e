# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of CSBS v1, by the operation ids of the contract. Each answers (status, body)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import backups, deletions, listing, policies, render, restores, tags
from .model import Policy
from .render_live import LiveRenderer
from .render_reference import ReferenceRenderer
from .rules import ApiError, bad, tag_rows
from .state import State

RENDERERS: dict[str, render.Renderer] = {"live": LiveRenderer(), "reference": ReferenceRenderer()}
Answer = tuple[int, Any]


@dataclass
class Call:
    """One request, already held against the contract."""

    state: State
    project_id: str
    path: dict[str, str]
    query: dict[str, Any]
    body: Any

    @property
    def render(self) -> render.Renderer:
        """How the present mode prints."""
        return RENDERERS[self.state.settings.mode]


def list_policies(call: Call) -> Answer:
    """GET policies"""
    found = listing.policies(call.state, call.project_id, call.query)
    page = listing.page(call.state, found, call.query, listing.POLICY_KEYS)
    return 200, {"policies": [call.render.policy(call.state, policy, "list") for policy in page]}


def create_policy(call: Call) -> Answer:
    """POST policies"""
    policy = policies.create(call.state, call.project_id, call.body["policy"])
    return 200, {"policy": call.render.policy(call.state, policy, "create")}


def get_policy(call: Call) -> Answer:
    """GET policies/{id}"""
    policy = call.state.policy(call.project_id, call.path["policy_id"])
    return 200, {"policy": call.render.policy(call.state, policy, "get")}


def update_policy(call: Call) -> Answer:
    """PUT policies/{id}"""
    policy = policies.update(call.state, call.project_id, call.path["policy_id"], call.body["policy"])
    return 200, {"policy": call.render.policy(call.state, policy, "update")}


def delete_policy(call: Call) -> Answer:
    """DELETE policies/{id}"""
    policies.delete(call.state, call.project_id, call.path["policy_id"])
    return 200, {}


def check_resources(call: Call) -> Answer:
    """POST providers/{p}/resources/action"""
    if "check_protectable" in call.body:
        return 200, {"protectable": [_protectable(call, row) for row in call.body["check_protectable"]]}
    return 200, {"restorable": [_restorable(call, row) for row in call.body["check_restorable"]]}


def _protectable(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    problem = None
    try:
        backups.check_protectable(call.state, call.project_id, row["resource_id"], row["resource_type"])
    except ApiError as error:
        problem = error
    return call.render.protectable(call.state, row["resource_id"], row["resource_type"], problem)


def _restorable(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    problem = None
    target = row["target"]
    try:
        item = call.state.item(call.project_id, row["checkpoint_item_id"])
        restores.check(
            call.state, call.project_id, item, target["resource_id"], target["volumes"], target["resource_type"]
        )
    except ApiError as error:
        problem = error
    return call.render.restorable(target["resource_id"], target["resource_type"], problem)


def protect_resource(call: Call) -> Answer:
    """POST providers/{p}/resources/{id}/action"""
    made = backups.protect(call.state, call.project_id, call.path["resource_id"], call.body["protect"])
    return 200, {"checkpoint": call.render.protected(call.state, *made)}


def run_policy(call: Call) -> Answer:
    """POST providers/{p}/checkpoints"""
    wish = call.body["checkpoint"]
    parameters = wish["parameters"]
    policy = call.state.policy(call.project_id, wish["plan_id"])
    checkpoint = backups.run_policy(
        call.state,
        policy,
        auto=False,
        chosen=parameters.get("resources"),
        auto_trigger=parameters.get("auto_trigger", False),
    )
    return 200, {"checkpoint": render.run(checkpoint, policy)}


def delete_checkpoint(call: Call) -> Answer:
    """DELETE providers/{p}/checkpoints/{id}"""
    chosen = call.query.get("checkpoint_items")
    item_ids = None
    if chosen is not None:
        item_ids = list(dict.fromkeys(part.strip() for part in chosen.split(",")))
        if "" in item_ids:
            raise bad("checkpoint_items")
    deletions.delete(call.state, call.project_id, call.path["checkpoint_id"], item_ids)
    return 200, {}


def list_items(call: Call) -> Answer:
    """GET checkpoint_items"""
    found = listing.items(call.state, call.project_id, call.query)
    page = listing.page(call.state, found, call.query, listing.ITEM_KEYS)
    return 200, {"checkpoint_items": [call.render.item(call.state, item, "list") for item in page]}


def count_items(call: Call) -> Answer:
    """GET checkpoint_items/count"""
    return 200, {"count": len(listing.items(call.state, call.project_id, call.query))}


def get_item(call: Call) -> Answer:
    """GET checkpoint_items/{id}"""
    item = call.state.item(call.project_id, call.path["checkpoint_item_id"])
    return 200, {"checkpoint_item": call.render.item(call.state, item, "get")}


def create_restore(call: Call) -> Answer:
    """POST restores"""
    record = restores.restore(call.state, call.project_id, call.body["restore"])
    return 200, {"restore": call.render.restore(call.state, record)}


def get_quotas(call: Call) -> Answer:
    """GET quotas"""
    count, megabytes = backups.usage(call.state, call.project_id)
    settings = call.state.settings
    return 200, {
        "quotas": {
            "resources": [
                {"type": "backup_capacity", "unit": "GB", "quota": settings.quota_capacity, "used": megabytes // 1024},
                {"type": "backups", "quota": settings.quota_backups, "used": count},
            ]
        }
    }


def _tag_calls(kind: str, word: str) -> dict[str, Callable[[Call], Answer]]:
    def resource(call: Call) -> tags.Tagged:
        return tags.find(call.state, kind, call.project_id, call.path["resource_id"])

    def in_project(call: Call) -> Answer:
        return 200, {"tags": tags.in_project(call.state, kind, call.project_id)}

    def of_resource(call: Call) -> Answer:
        return 200, {"tags": tag_rows(resource(call).tags)}

    def add(call: Call) -> Answer:
        tags.add(resource(call), [call.body["tag"]])
        return 204, None

    def change(call: Call) -> Answer:
        tags.act(kind, resource(call), call.body["action"], call.body["tags"])
        return 204, None

    def remove(call: Call) -> Answer:
        tags.remove(resource(call), call.path["key"])
        return 204, None

    def find(call: Call) -> Answer:
        page, total = tags.query(call.state, kind, call.project_id, call.body)
        if page is None:
            return 200, {"total_count": total}
        return 200, {"resources": [_tagged_row(call, thing) for thing in page], "total_count": total}

    return {
        f"list{word}TagsOfProject": in_project,
        f"list{word}Tags": of_resource,
        f"add{word}Tag": add,
        f"change{word}Tags": change,
        f"delete{word}Tag": remove,
        f"find{word}ByTags": find,
    }


def _tagged_row(call: Call, thing: tags.Tagged) -> dict[str, Any]:
    detail = {} if isinstance(thing, Policy) else call.render.item(call.state, thing, "get")
    return {
        "resource_id": thing.id,
        "resource_name": thing.name,
        "tags": tag_rows(thing.tags),
        "resource_detail": detail,
    }


CALLS: dict[str, Callable[[Call], Answer]] = {
    "listPolicies": list_policies,
    "createPolicy": create_policy,
    "getPolicy": get_policy,
    "updatePolicy": update_policy,
    "deletePolicy": delete_policy,
    "checkResources": check_resources,
    "protectResource": protect_resource,
    "runPolicy": run_policy,
    "deleteCheckpoint": delete_checkpoint,
    "listCheckpointItems": list_items,
    "countCheckpointItems": count_items,
    "getCheckpointItem": get_item,
    "createRestore": create_restore,
    "getQuotas": get_quotas,
    **_tag_calls("csbs_backup", "Backup"),
    **_tag_calls("csbs_backup_policy", "Policy"),
}
