# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of CSBS v1.

Each call imports its own resource, because Ansible compiles every imported file in every task.
"""

from __future__ import annotations

from ...guarded import proxy

#: The only backup provider of CSBS. It is part of every provider URL and of every policy.
PROVIDER_ID = "fc4d5750-22e7-4798-8a46-f48f62c4c1da"

#: The type of backed-up objects; the service knows no other
SERVER_TYPE = "OS::Nova::Server"


class Proxy(proxy.Proxy):
    """Cloud Server Backup Service.

    Every method raises openstack.exceptions.HttpException (NotFoundException for 404) or an exception of
    keystoneauth1. Lists are generators over all pages; their objects are dicts with every field of the resource.
    """

    # The catalog's URL already ends in version and project, so there is nothing to discover.
    skip_discovery = True

    # ========== Policies ==========
    def create_policy(self, **attrs):
        """Create a policy; attrs are the fields of Policy. Return the Policy."""
        from .policy import Policy

        attrs.setdefault("provider_id", PROVIDER_ID)
        attrs.setdefault("parameters", {"common": {}})
        return self._create(Policy, **attrs)

    def get_policy(self, policy):
        """Return the Policy with this ID."""
        from .policy import Policy

        return self._get(Policy, policy)

    def policies(self, **query):
        """Yield policies as dicts. query is all_tenants, name (exact), sort, offset."""
        from .policy import Policy

        return Policy.rows(self, **query)

    def update_policy(self, policy, **attrs):
        """Change fields of a policy; resources replaces all its servers. Return a part of the Policy's fields."""
        from .policy import Policy

        return self._update(Policy, policy, **attrs)

    def delete_policy(self, policy, ignore_missing=True):
        """Delete a policy; its backups stay."""
        from .policy import Policy

        return self._delete(Policy, policy, ignore_missing=ignore_missing)

    # ========== Capabilities ==========
    def check_protectable(self, servers):
        """Ask whether servers, a list of IDs, can be backed up. Return a verdict for each: a dict with resource_id."""
        from . import capability

        questions = [{"resource_id": server, "resource_type": SERVER_TYPE} for server in servers]
        return capability.check(self, PROVIDER_ID, "check_protectable", "protectable", questions)

    def check_restorable(self, backup, server, volumes):
        """Ask whether a backup can be restored to a server, both given by ID. Return a list of one verdict.

        volumes is a list of dicts with backup_id (a disk of the backup) and volume_id (a disk of the server).
        """
        from . import capability

        target = {"resource_id": server, "resource_type": SERVER_TYPE, "volumes": volumes}
        question = {"checkpoint_item_id": backup, "target": target}
        return capability.check(self, PROVIDER_ID, "check_restorable", "restorable", [question])

    # ========== Backups ==========
    def protect_server(self, server, **attrs):
        """Back a server up now. Return the Checkpoint. attrs are backup_name, description, incremental, tags."""
        from .checkpoint import Checkpoint

        return Checkpoint.protect(self, PROVIDER_ID, server, **attrs)

    def execute_policy(self, policy, servers=None):
        """Run a policy now, for all its servers or for some. Return the Checkpoint."""
        from .checkpoint import Checkpoint

        parameters = {"auto_trigger": False}
        if servers is not None:
            parameters["resources"] = list(servers)
        return self._create(Checkpoint, provider_id=PROVIDER_ID, plan_id=policy, parameters=parameters)

    def backups(self, **query):
        """Yield backups as dicts.

        query is status, name (a part of it), resource_id, policy_id and the others of CheckpointItem.
        """
        from .checkpoint_item import CheckpointItem

        return CheckpointItem.rows(self, **query)

    def count_backups(self, **query):
        """Return the number of backups that match a query."""
        from .checkpoint_item import CheckpointItem

        return CheckpointItem.count(self, **query)

    def get_backup(self, backup):
        """Return the CheckpointItem with this ID."""
        from .checkpoint_item import CheckpointItem

        return self._get(CheckpointItem, backup)

    def delete_backup(self, checkpoint, item):
        """Start to delete one backup of a checkpoint, both given by ID."""
        from .checkpoint import Checkpoint

        return Checkpoint.delete_item(self, PROVIDER_ID, checkpoint, item)

    # ========== Restores ==========
    def create_restore(self, **attrs):
        """Restore a backup; attrs are the fields of Restore. Return the Restore."""
        from .restore import Restore

        return self._create(Restore, provider_id=PROVIDER_ID, **attrs)

    # ========== Quotas ==========
    def quotas(self):
        """Return the quotas of the project as a list of Quota."""
        from .quota import Quota

        return Quota.all(self)

    # ========== Tags (api_description/tag_management); resource_type is "backup" or "policy" ==========
    def _tags(self, resource_type):
        from ...tags import Tags

        return Tags(self, {"backup": "csbs_backup", "policy": "csbs_backup_policy"}[resource_type])

    def tags_of(self, resource_type, resource_id):
        """Return the tags of one backup or policy as dicts with key and value."""
        return self._tags(resource_type).of(resource_id)

    def tags_in_project(self, resource_type):
        """Return the tags of all backups or policies as dicts with key and values."""
        return self._tags(resource_type).in_project()

    def add_tag(self, resource_type, resource_id, key, value):
        """Set one tag."""
        self._tags(resource_type).add(resource_id, key, value)

    def remove_tag(self, resource_type, resource_id, key):
        """Remove one tag."""
        self._tags(resource_type).remove(resource_id, key)

    def set_tags(self, resource_type, resource_id, tags):
        """Set several tags, dicts with key and value; others stay."""
        self._tags(resource_type).change(resource_id, "create", tags)

    def unset_tags(self, resource_type, resource_id, tags):
        """Remove several tags, dicts with key and value."""
        self._tags(resource_type).change(resource_id, "delete", tags)

    def find_tagged(self, resource_type, **query):
        """Yield each backup or policy that matches a tag query, as a dict with resource_id, resource_name and tags."""
        return self._tags(resource_type).find(**query)

    def count_tagged(self, resource_type, **query):
        """Return the number of backups or policies that match a tag query."""
        return self._tags(resource_type).count(**query)
