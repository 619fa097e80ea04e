# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of CBR v3, by the operation ids of the contract. Each answers (status, body)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tags
from ..call import Answer, Call
from ..listing import ITEM_KEYS, page
from ..tag_calls import tag_calls
from . import checkpoints, deletions, listing, members, policies, protectables, render, restores, vaults
from .model import Vault
from .rules import VAULT_TAGS, bad


def list_vaults(call: Call) -> Answer:
    """GET vaults"""
    found = listing.vaults(call.state, call.project_id, call.query)
    rows = [render.vault(call.state, vault) for vault in page(call.state, found, call.query)]
    return 200, {"vaults": rows, "count": len(found)}


def _vault(call: Call) -> Vault:
    return call.state.cbr.vault(call.project_id, call.path["vault_id"])


def create_vault(call: Call) -> Answer:
    """POST vaults"""
    vault = vaults.create(call.state, call.project_id, call.body["vault"])
    return 200, {"vault": render.vault(call.state, vault)}


def get_vault(call: Call) -> Answer:
    """GET vaults/{id}"""
    return 200, {"vault": render.vault(call.state, _vault(call))}


def update_vault(call: Call) -> Answer:
    """PUT vaults/{id}"""
    vault = vaults.update(call.state, call.project_id, call.path["vault_id"], call.body["vault"])
    return 200, {"vault": render.vault(call.state, vault)}


def delete_vault(call: Call) -> Answer:
    """DELETE vaults/{id}"""
    vaults.delete(call.state, call.project_id, call.path["vault_id"])
    return 204, None


def add_resources(call: Call) -> Answer:
    """POST vaults/{id}/addresources"""
    rows = call.body["resources"]
    members.add(call.state, _vault(call), rows)
    return 200, {"add_resource_ids": [row["id"] for row in rows]}


def remove_resources(call: Call) -> Answer:
    """POST vaults/{id}/removeresources"""
    members.remove(call.state, _vault(call), call.body["resource_ids"])
    return 200, {"remove_resource_ids": call.body["resource_ids"]}


def migrate_resources(call: Call) -> Answer:
    """POST vaults/{id}/migrateresources"""
    target = call.state.cbr.vault(call.project_id, call.body["destination_vault_id"])
    members.migrate(call.state, _vault(call), target, call.body["resource_ids"])
    # The sample of the reference has the vault where one expects the servers.
    return 200, {"migrated_resources": call.body["resource_ids"] if call.state.settings.live else [target.id]}


def associate_policy(call: Call) -> Answer:
    """POST vaults/{id}/associatepolicy"""
    vault = _vault(call)
    vaults.apply(call.state, vault, call.body["policy_id"], call.body.get("destination_vault_id"))
    return 200, {"associate_policy": {"vault_id": vault.id, "policy_id": call.body["policy_id"]}}


def dissociate_policy(call: Call) -> Answer:
    """POST vaults/{id}/dissociatepolicy"""
    vault_id, policy_id = call.path["vault_id"], call.body["policy_id"]
    vaults.dissociate(call.state, call.project_id, vault_id, policy_id)
    return 200, {"dissociate_policy": {"vault_id": vault_id, "policy_id": policy_id}}


def list_policies(call: Call) -> Answer:
    """GET policies"""
    found = listing.policies(call.state, call.project_id, call.query)
    return 200, {
        "policies": [render.policy(call.state, policy) for policy in reversed(found)],
        "count": len(found),
    }


def create_policy(call: Call) -> Answer:
    """POST policies"""
    policy = policies.create(call.state, call.project_id, call.body["policy"])
    return 200, {"policy": render.policy(call.state, policy, made=True)}


def get_policy(call: Call) -> Answer:
    """GET policies/{id}"""
    policy = call.state.cbr.policy(call.project_id, call.path["policy_id"])
    return 200, {"policy": render.policy(call.state, policy)}


def update_policy(call: Call) -> Answer:
    """PUT policies/{id}"""
    policy = policies.update(call.state, call.project_id, call.path["policy_id"], call.body["policy"])
    return 200, {"policy": render.policy(call.state, policy)}


def delete_policy(call: Call) -> Answer:
    """DELETE policies/{id}"""
    policies.delete(call.state, call.project_id, call.path["policy_id"])
    return 204, None


def create_checkpoint(call: Call) -> Answer:
    """POST checkpoints"""
    made, skipped = checkpoints.create(call.state, call.project_id, call.body["checkpoint"])
    return 200, {"checkpoint": render.new_checkpoint(call.state, made, skipped)}


def get_checkpoint(call: Call) -> Answer:
    """GET checkpoints/{id}"""
    found = call.state.cbr.checkpoint(call.project_id, call.path["checkpoint_id"])
    return 200, {"checkpoint": render.checkpoint(call.state, found)}


def list_backups(call: Call) -> Answer:
    """GET backups"""
    found = listing.backups(call.state, call.project_id, call.query)
    chosen = page(call.state, found, call.query, ITEM_KEYS, refused=bad)
    return 200, {
        "backups": [render.backup(call.state, backup, "list") for backup in chosen],
        "count": len(found),
    }


def get_backup(call: Call) -> Answer:
    """GET backups/{id}"""
    backup = call.state.cbr.backup(call.project_id, call.path["backup_id"])
    return 200, {"backup": render.backup(call.state, backup, "get")}


def delete_backup(call: Call) -> Answer:
    """DELETE backups/{id}"""
    deletions.delete(call.state, call.project_id, call.path["backup_id"])
    return 204, None


def restore_backup(call: Call) -> Answer:
    """POST backups/{id}/restore"""
    restores.restore(call.state, call.project_id, call.path["backup_id"], call.body["restore"])
    return 202, None


def list_tasks(call: Call) -> Answer:
    """GET operation-logs"""
    found = listing.tasks(call.state, call.project_id, call.query)
    rows = [render.task(call.state, task) for task in page(call.state, found, call.query)]
    limit, offset = call.query.get("limit", 1000), call.query.get("offset", 0)
    return 200, {"operation_logs": rows, "count": len(found), "limit": limit, "offset": offset}


def get_task(call: Call) -> Answer:
    """GET operation-logs/{id}"""
    task = call.state.cbr.task(call.project_id, call.path["task_id"])
    return 200, {"operation_log": render.task(call.state, task)}


def list_protectables(call: Call) -> Answer:
    """GET protectables/server/instances"""
    rows, count = protectables.servers(call.state, call.project_id, call.query)
    return 200, {"instances": rows, "count": count}


def get_protectable(call: Call) -> Answer:
    """GET protectables/server/instances/{id}"""
    return 200, {"instance": protectables.server(call.state, call.project_id, call.path["server_id"])}


def _detail(call: Call, vault: Vault) -> Any:
    row = render.vault(call.state, vault)
    return row if call.state.settings.live else [row]


VAULTS = tags.Kind(
    VAULT_TAGS,
    lambda state, project_id, vault_id: state.cbr.vault(project_id, vault_id),
    lambda state: state.cbr.vaults.values(),
    fits=listing.fits_tag_query,
)

CALLS: dict[str, Callable[[Call], Answer]] = {
    "listVaults": list_vaults,
    "createVault": create_vault,
    "getVault": get_vault,
    "updateVault": update_vault,
    "deleteVault": delete_vault,
    "addResources": add_resources,
    "removeResources": remove_resources,
    "migrateResources": migrate_resources,
    "associatePolicy": associate_policy,
    "dissociatePolicy": dissociate_policy,
    "listPolicies": list_policies,
    "createPolicy": create_policy,
    "getPolicy": get_policy,
    "updatePolicy": update_policy,
    "deletePolicy": delete_policy,
    "createCheckpoint": create_checkpoint,
    "getCheckpoint": get_checkpoint,
    "listBackups": list_backups,
    "getBackup": get_backup,
    "deleteBackup": delete_backup,
    "restoreBackup": restore_backup,
    "listTasks": list_tasks,
    "getTask": get_task,
    "listProtectables": list_protectables,
    "getProtectable": get_protectable,
    **tag_calls(VAULTS, "Vault", _detail),
}
