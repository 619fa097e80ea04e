# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of CSBS v1, by the operation ids of the contract. Each answers (status, body)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import backups, deletions, listing, policies, render, restores, tags
from .call import Answer, Call
from .model import Item, Policy
from .render_live import LiveRenderer
from .render_reference import ReferenceRenderer
from .rules import ApiError, bad
from .tag_calls import tag_calls

RENDERERS: dict[str, render.Renderer] = {"live": LiveRenderer(), "reference": ReferenceRenderer()}


class CsbsCall(Call):
    """A request of CSBS."""

    @property
    def render(self) -> render.Renderer:
        """How the present mode prints."""
        return RENDERERS[self.state.settings.mode]


def _need_open(call: CsbsCall) -> None:
    """Refuse what a project that is new to backup may not make here."""
    if call.state.settings.csbs_closed:
        raise ApiError("BackupService.4008", call.project_id)


def list_policies(call: CsbsCall) -> Answer:
    """GET policies"""
    found = listing.policies(call.state, call.project_id, call.query)
    page = listing.page(call.state, found, call.query, listing.POLICY_KEYS)
    return 200, {"policies": [call.render.policy(call.state, policy, "list") for policy in page]}


def create_policy(call: CsbsCall) -> Answer:
    """POST policies"""
    _need_open(call)
    policy = policies.create(call.state, call.project_id, call.body["policy"])
    return 200, {"policy": call.render.policy(call.state, policy, "create")}


def get_policy(call: CsbsCall) -> Answer:
    """GET policies/{id}"""
    policy = call.state.policy(call.project_id, call.path["policy_id"])
    return 200, {"policy": call.render.policy(call.state, policy, "get")}


def update_policy(call: CsbsCall) -> Answer:
    """PUT policies/{id}"""
    policy = policies.update(call.state, call.project_id, call.path["policy_id"], call.body["policy"])
    return 200, {"policy": call.render.policy(call.state, policy, "update")}


def delete_policy(call: CsbsCall) -> Answer:
    """DELETE policies/{id}"""
    policies.delete(call.state, call.project_id, call.path["policy_id"])
    return 200, {}


def check_resources(call: CsbsCall) -> Answer:
    """POST providers/{p}/resources/action"""
    if "check_protectable" in call.body:
        return 200, {"protectable": [_protectable(call, row) for row in call.body["check_protectable"]]}
    return 200, {"restorable": [_restorable(call, row) for row in call.body["check_restorable"]]}


def _protectable(call: CsbsCall, row: dict[str, Any]) -> dict[str, Any]:
    problem = None
    try:
        backups.check_protectable(call.state, call.project_id, row["resource_id"], row["resource_type"])
    except ApiError as error:
        problem = error
    return call.render.protectable(call.state, row["resource_id"], row["resource_type"], problem)


def _restorable(call: CsbsCall, row: dict[str, Any]) -> dict[str, Any]:
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


def protect_resource(call: CsbsCall) -> Answer:
    """POST providers/{p}/resources/{id}/action"""
    _need_open(call)
    made = backups.protect(call.state, call.project_id, call.path["resource_id"], call.body["protect"])
    return 200, {"checkpoint": call.render.protected(call.state, *made)}


def run_policy(call: CsbsCall) -> Answer:
    """POST providers/{p}/checkpoints"""
    _need_open(call)
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


def delete_checkpoint(call: CsbsCall) -> Answer:
    """DELETE providers/{p}/checkpoints/{id}"""
    chosen = call.query.get("checkpoint_items")
    item_ids = None
    if chosen is not None:
        item_ids = list(dict.fromkeys(part.strip() for part in chosen.split(",")))
        if "" in item_ids:
            raise bad("checkpoint_items")
    deletions.delete(call.state, call.project_id, call.path["checkpoint_id"], item_ids)
    return 200, {}


def list_items(call: CsbsCall) -> Answer:
    """GET checkpoint_items"""
    found = listing.items(call.state, call.project_id, call.query)
    page = listing.page(call.state, found, call.query, listing.ITEM_KEYS)
    return 200, {"checkpoint_items": [call.render.item(call.state, item, "list") for item in page]}


def count_items(call: CsbsCall) -> Answer:
    """GET checkpoint_items/count"""
    return 200, {"count": len(listing.items(call.state, call.project_id, call.query))}


def get_item(call: CsbsCall) -> Answer:
    """GET checkpoint_items/{id}"""
    item = call.state.item(call.project_id, call.path["checkpoint_item_id"])
    return 200, {"checkpoint_item": call.render.item(call.state, item, "get")}


def create_restore(call: CsbsCall) -> Answer:
    """POST restores"""
    record = restores.restore(call.state, call.project_id, call.body["restore"])
    return 200, {"restore": call.render.restore(call.state, record)}


def get_quotas(call: CsbsCall) -> Answer:
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


def _policy_detail(_call: CsbsCall, _policy: Policy) -> dict[str, Any]:
    return {}


def _item_detail(call: CsbsCall, item: Item) -> dict[str, Any]:
    return call.render.item(call.state, item, "get")


CALLS: dict[str, Callable[[CsbsCall], Answer]] = {
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
    **tag_calls(tags.BACKUPS, "Backup", _item_detail),
    **tag_calls(tags.POLICIES, "Policy", _policy_detail),
}
