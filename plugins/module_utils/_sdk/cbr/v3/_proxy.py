# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of CBR v3.

Each call imports its own resource, because Ansible compiles every imported file in every task.
"""

from __future__ import annotations

from ...guarded import proxy

#: The type of members that are servers
SERVER_TYPE = "OS::Nova::Server"
#: What the billing of a vault for backups of servers has besides its size
BILLING = {"consistent_level": "crash_consistent", "object_type": "server", "protect_type": "backup"}


def _typed(resources):
    return [{"type": SERVER_TYPE, **one} for one in resources]


class Proxy(proxy.Proxy):
    """Cloud Backup and Recovery.

    Every method raises openstack.exceptions.HttpException (NotFoundException for 404) or an exception of
    keystoneauth1. KeyError and TypeError mean that an answer is not the service's. Lists are generators over all pages;
    their objects are dicts with every field of the resource, None where the service sends none. A filter may be a list
    of values: any of them fits. Vaults, policies, backups, tasks and servers are given by ID.
    """

    # The catalog's URL already ends in version and project, and nothing answers discovery there.
    skip_discovery = True

    # ========== Vaults (cbr_apis/vaults) ==========
    def create_vault(self, **attrs):
        """Create a vault for backups of servers. Return the Vault.

        attrs are the fields of Vault: name, billing with size (GB), resources as for add_resources, tags and others.
        """
        from .vault import Vault

        attrs["billing"] = {**BILLING, **attrs["billing"]}
        attrs["resources"] = _typed(attrs.get("resources", ()))
        if not attrs.get("tags"):
            # The service refuses an empty list.
            attrs.pop("tags", None)
        return self._create(Vault, **attrs)

    def get_vault(self, vault):
        """Return the Vault with this ID."""
        from .vault import Vault

        return self._get(Vault, vault)

    def vaults(self, **query):
        """Yield vaults as dicts.

        query is id, name (maybe a part of it), object_type, policy_id, protect_type, resource_ids, status, cloud_type.
        """
        from .vault import Vault

        return Vault.rows(self, **query)

    def update_vault(self, vault, **attrs):
        """Change fields of a vault. Return the Vault.

        attrs are name, billing with size (GB) only, auto_bind, auto_expand, bind_rules, locked, smn_notify, threshold.
        The service changes a size after its answer: until then billing.status is lock.
        """
        from .vault import Vault

        return self._update(Vault, vault, **attrs)

    def delete_vault(self, vault, ignore_missing=True):
        """Start to delete a vault and ALL BACKUPS in it. Return None."""
        from .vault import Vault

        return self._delete(Vault, vault, ignore_missing=ignore_missing)

    def add_resources(self, vault, resources):
        """Add members to a vault. Return the list of their IDs.

        resources is a list of 1 to 256 dicts with id, and maybe name, extra_info with exclude_volumes, and type, by
        default a server.
        """
        from .vault import Vault

        return Vault.add_resources(self, vault, _typed(resources))

    def remove_resources(self, vault, resource_ids):
        """Start to remove members from a vault and to delete ALL THEIR BACKUPS. Return the list of their IDs."""
        from .vault import Vault

        return Vault.remove_resources(self, vault, resource_ids)

    def migrate_resources(self, vault, destination, resource_ids):
        """Start to move members of a vault with their backups to the vault destination.

        Return a list of IDs, which the reference shows with those of the members or of the destination.
        """
        from .vault import Vault

        return Vault.migrate_resources(self, vault, destination, resource_ids)

    def associate_policy(self, vault, policy):
        """Apply a policy to a vault, in place of the one it has. Return a dict with vault_id and policy_id."""
        from .vault import Vault

        return Vault.associate_policy(self, vault, policy)

    def dissociate_policy(self, vault, policy):
        """Take a policy off a vault; backups stay. Return a dict with vault_id and policy_id."""
        from .vault import Vault

        return Vault.dissociate_policy(self, vault, policy)

    # ========== Policies (cbr_apis/policies) ==========
    def create_policy(self, **attrs):
        """Create a backup policy; attrs are the fields of Policy. Return the Policy."""
        from .policy import Policy

        attrs.setdefault("operation_type", "backup")
        return self._create(Policy, **attrs)

    def get_policy(self, policy):
        """Return the Policy with this ID."""
        from .policy import Policy

        return self._get(Policy, policy)

    def policies(self, **query):
        """Yield policies as dicts. query is operation_type, vault_id."""
        from .policy import Policy

        return Policy.rows(self, **query)

    def update_policy(self, policy, **attrs):
        """Change fields of a policy: name, enabled, trigger, operation_definition as a whole. Return the Policy."""
        from .policy import Policy

        return self._update(Policy, policy, **attrs)

    def delete_policy(self, policy, ignore_missing=True):
        """Delete a policy; its vaults and all backups stay. Return None."""
        from .policy import Policy

        return self._delete(Policy, policy, ignore_missing=ignore_missing)

    # ========== Checkpoints (cbr_apis/restore_points) ==========
    def create_checkpoint(self, vault, resources=None, **parameters):
        """Start to back up all members of a vault, or those in resources, a list of IDs. Return the Checkpoint.

        parameters are name, description, incremental (default true), auto_trigger (default false). A member that cannot
        be backed up is no error: see vault.skipped_resources of the answer.
        """
        from .checkpoint import Checkpoint

        if resources is not None:
            parameters["resources"] = list(resources)
        return self._create(Checkpoint, vault_id=vault, parameters=parameters)

    def get_checkpoint(self, checkpoint):
        """Return the Checkpoint with this ID, with fewer fields than after its creation."""
        from .checkpoint import Checkpoint

        return self._get(Checkpoint, checkpoint)

    # ========== Backups (cbr_apis/backups) ==========
    def backups(self, **query):
        """Yield backups as dicts; children is always empty.

        query is status, name (maybe a part of it), resource_id, resource_name, resource_type, vault_id, checkpoint_id,
        start_time and end_time (such as 2018-02-01T12:00:00Z), sort (such as created_at:desc), image_type, own_type and
        the others of Backup.
        """
        from .backup import Backup

        return Backup.rows(self, **query)

    def get_backup(self, backup):
        """Return the Backup with this ID, with the backups of its disks in children."""
        from .backup import Backup

        return self._get(Backup, backup)

    def delete_backup(self, backup, ignore_missing=True):
        """Start to delete a backup. Return None."""
        from .backup import Backup

        return self._delete(Backup, backup, ignore_missing=ignore_missing)

    def restore_backup(self, backup, **attrs):
        """Start to restore a backup. Return None: the backup's status and the tasks of its server show how it goes on.

        attrs are server_id, mappings (a list of dicts with backup_id, the ID of a child, and volume_id, the target) and
        power_on (default true). The server is shut down.
        """
        from .backup import Backup

        return Backup.restore(self, backup, **attrs)

    # ========== Tasks (cbr_apis/tasks) ==========
    def tasks(self, **query):
        """Yield tasks as dicts.

        query is operation_type, status, resource_id, resource_name, vault_id, vault_name, provider_id, start_time and
        end_time (such as 2018-02-01T12:00:00Z).
        """
        from .task import Task

        return Task.rows(self, **query)

    def get_task(self, task):
        """Return the Task with this ID."""
        from .task import Task

        return self._get(Task, task)

    # ========== Servers that could join ==========
    def protectable_servers(self, **query):
        """Yield servers with a verdict, as dicts. query is id, name, status. A cloud may lack it (404 or 403)."""
        from .protectable import ProtectableServer

        return ProtectableServer.rows(self, **query)

    def get_protectable_server(self, server):
        """Return the ProtectableServer with this ID. A cloud may lack it (404 or 403)."""
        from .protectable import ProtectableServer

        return self._get(ProtectableServer, server)

    # ========== Tags of vaults (cbr_apis/tags); backups and policies have none ==========
    def _tags(self):
        from ...tags import Tags

        return Tags(self, "vault")

    def tags_of(self, vault):
        """Return the tags of one vault as dicts with key and value."""
        return self._tags().of(vault)

    def tags_in_project(self):
        """Return the tags of all vaults as dicts with key and values."""
        return self._tags().in_project()

    def add_tag(self, vault, key, value):
        """Set one tag."""
        self._tags().add(vault, key, value)

    def remove_tag(self, vault, key):
        """Remove one tag; NotFoundException when the vault has none of this key."""
        self._tags().remove(vault, key)

    def set_tags(self, vault, tags):
        """Set several tags, dicts with key and value; others stay."""
        self._tags().change(vault, "create", tags)

    def unset_tags(self, vault, tags):
        """Remove several tags, dicts with key and value; those that the vault lacks are no error."""
        self._tags().change(vault, "delete", tags)

    def find_tagged(self, **query):
        """Yield each vault that matches a tag query, as a dict with resource_id, resource_name and tags.

        query is tags, tags_any, not_tags, not_tags_any (each a list of dicts with key and values), matches (a list of
        one dict with key, which is resource_name, and value), without_any_tag, object_type, cloud_type.
        """
        return self._tags().find(**query)

    def count_tagged(self, **query):
        """Return the number of vaults that match a tag query."""
        return self._tags().count(**query)
