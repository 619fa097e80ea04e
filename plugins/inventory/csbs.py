# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: csbs
short_description: Servers as hosts, grouped by their protection
version_added: 0.1.0
description:
  - Reads the servers of a project. Each server becomes a host, with its protection in variables and groups.
  - The name of the inventory file must end in C(csbs.yml) or C(csbs.yaml).
  - A host has the variables C(csbs_id), C(csbs_name), C(csbs_status), C(csbs_metadata), C(csbs_tags) and
    C(csbs_addresses) of its server. C(csbs_addresses) has, for each network, a list of addresses with C(addr),
    C(version), C(type) and C(mac).
  - It also has C(csbs_service), C(csbs_policy), C(csbs_protectable), C(csbs_reason), C(csbs_last_backup),
    C(csbs_age_seconds), C(csbs_backup_count), C(csbs_size_mb) and C(csbs_compliant), which mean the same as the keys
    without C(csbs_) in the result of M(opentelekomcloud.csbs.csbs_protection_info).
  - A host is in the group C(csbs_protected) if its policy is enabled, and else in C(csbs_unprotected). With a disabled
    policy it is also in C(csbs_disabled). It is in C(csbs_policy_NAME) of its policy, and in C(csbs_stale) as
    O(max_age) decides. In names of groups, an underscore replaces each character that Ansible does not accept there. If
    the names of several policies give the same group, the policies share it, and the plugin warns. Policies of two
    services that have the same name share the group without a warning, so that a server stays in it while it moves.
  - If the inventory cannot be read, the command fails with one line that says why. It never continues with an empty or
    incomplete inventory. Ansible itself only warns when a source of an inventory fails, so the plugin ends the command.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  service:
    description:
      - Which backup service to read. V(csbs) is Cloud Server Backup Service, V(cbr) is its successor, Cloud Backup and
        Recovery.
    type: str
    choices: [cbr, csbs]
    default: csbs
    env:
      - name: CSBS_SERVICE
  plugin:
    description:
      - Name of this plugin.
    type: str
    required: true
    choices: [opentelekomcloud.csbs.csbs]
  servers:
    description:
      - Names or IDs of servers. An unknown server is an error.
      - Without O(servers) and O(server_filters), all servers of the project are in the inventory.
    type: list
    elements: raw
  max_age:
    description:
      - Maximum age of the last good backup of a server, such as V(90m), V(24h), V(7d), V(2w), or a number of seconds.
      - Servers without a good backup that is younger, and without a backup in progress, are in the group C(csbs_stale).
        Without this option, the group does not exist, and C(csbs_compliant) is null.
    type: str
  ansible_host_from:
    description:
      - Which address of a server becomes its C(ansible_host). The first choice that an address fits is used.
      - Without it, and for a server without a fitting address, C(ansible_host) is not set. Ansible then connects to
        the name of the host.
      - O(compose) can also set C(ansible_host), and has precedence.
    type: list
    elements: dict
    suboptions:
      network:
        description:
          - Name of the network.
        type: str
      version:
        description:
          - Version of IP.
        type: int
        choices: [4, 6]
      type:
        description:
          - Whether the address is of the server's port, or a floating one (elastic IP).
        type: str
        choices: [fixed, floating]
  timeout:
    description:
      - How many seconds it may take to read the cloud, with all retries.
      - M(opentelekomcloud.csbs.csbs_protection_info) has no such option and reads for 120 seconds. An inventory is
        often the whole of a large project, so it has more time.
    type: int
    default: 600
notes:
  - A host has the name of its server. If several servers have the same name, their hosts are called C(NAME_ID), so all
    of them appear. This is also the case if the name is C(localhost), the name of a group, or the name of a host that
    another source of this plugin made from another server. The ID replaces a name that cannot be shown or that contains
    the path C(..).
  - Names, metadata, tags and all other texts from the cloud are never evaluated as templates. The options in the
    inventory file can be templates, for example C(lookup('ansible.builtin.env', 'NAME')).
  - With O(cache), ages, C(csbs_compliant) and C(csbs_stale) are as old as the cache. C(--flush-cache) reads the cloud
    again. A failed reading is never kept, and removes what was kept before. Another cloud, another project, other
    services or another choice of servers have a cache of their own.
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.server_filters
  - opentelekomcloud.csbs.services
"""

EXAMPLES = r"""
# csbs.yml: all servers; the login is in the environment (OS_CLOUD)
plugin: opentelekomcloud.csbs.csbs

---
# prod.csbs.yml: the production servers; those without a good backup of the last 24 hours are in csbs_stale
plugin: opentelekomcloud.csbs.csbs
cloud: otc
server_filters:
  metadata:
    env: prod
max_age: 24h
# The floating address, or else the IPv4 address in the network internal
ansible_host_from:
  - type: floating
  - network: internal
    version: 4
# A variable, and a group for each role: role_web, role_db
compose:
  backup_day: csbs_last_backup.protected_at | default('never')
keyed_groups:
  - key: csbs_metadata.role | default('none')
    prefix: role
groups:
  never_backed_up: csbs_backup_count == 0
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/csbs-inventory
cache_timeout: 600

---
# both.csbs.yml: in the middle of a migration from CSBS to CBR
plugin: opentelekomcloud.csbs.csbs
services: [csbs, cbr]
keyed_groups:
  - key: csbs_service | default('none', true)
    prefix: in
"""

import gc
import json
import logging
import os
import traceback
import typing as t

from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..module_utils._domain.errors import CloudError, InvalidInput
from ..module_utils._domain.inventory import (
    DISABLED,
    PROTECTED,
    STALE,
    UNPROTECTED,
    choose_address,
    host_names,
    host_variables,
    is_stale,
    state_groups,
)
from ..module_utils._domain.limits import check_positive
from ..module_utils._operations.protection_info import parse_options, read_servers
from ..plugin_utils._options import cache_key, checked_options
from ..plugin_utils._untrusted import untrusted, untrusted_name

if t.TYPE_CHECKING:
    Variables = dict[str, t.Any]

# Expressions, which are evaluated for each host
_EXPRESSIONS = ("compose", "groups", "keyed_groups")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Servers as hosts, grouped by their protection."""

    NAME = "opentelekomcloud.csbs.csbs"

    def verify_file(self, path):
        """Return whether a file is for this plugin: its name ends in csbs.yml or csbs.yaml."""
        return super().verify_file(path) and path.endswith(("csbs.yml", "csbs.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        """Read the cloud or the cache, and fill the inventory. Ends the command when that fails."""
        super().parse(inventory, loader, path, cache)
        try:
            self._read_config_data(path)
            self._populate(self._read(path, cache))
            # The hosts stay: looking for garbage among them would cost the rest of the command a twentieth of its CPU.
            gc.freeze()
        except Exception as error:  # noqa: BLE001 - users get one clear line, never a traceback
            self._fail(path, error)

    def _fail(self, path, error):
        # Loaded here, because most commands see no error. It hides the secrets that the login has seen, also those in
        # files, and tokens.
        from ..module_utils._cloud.hiding import hidden

        text = " ".join(hidden(str(error)).split())
        if not isinstance(error, (AnsibleError, CloudError, InvalidInput)):
            text = (
                f"Unexpected error: {type(error).__name__}: {text[:300]}. This is a mistake in the plugin."
                " Please report it with the output of -vvv."
            )
        self.display.vvv(hidden(traceback.format_exc()))
        self.display.error(f"{path}: {text}", wrap_text=False)
        # Ansible would turn any other exception into a warning, and go on without these hosts.
        raise SystemExit(1) from error

    def set_options(self, task_keys=None, var_options=None, direct=None):
        """Set the options of the inventory file. Raises InvalidInput."""
        self.templar.available_variables = self._vars
        given = {name: self._templated(name, value) for name, value in (direct or {}).items()}
        # As for the modules, a variable that is empty is as if not set.
        given.setdefault("service", os.environ.get("CSBS_SERVICE") or "csbs")
        self._params = checked_options(self.option_definitions, given)
        super().set_options(task_keys=task_keys, var_options=var_options, direct=given)

    def _templated(self, option, value):
        try:
            return value if option in _EXPRESSIONS else self.templar.template(value)
        except AnsibleError as error:
            raise InvalidInput(f"{option}: {error}") from error

    # ========== Fetch ==========
    def _read(self, path, cache):
        """Return the variables of all hosts, from the cache if it may be used and has them."""
        options = parse_options(self._params)
        check_positive("timeout", self._params["timeout"])
        if not self.get_option("cache"):
            return self._fetch(options)
        key = f"{self.get_cache_key(path)}_{cache_key(self._params)}"
        kept = self._cache.get(key) if cache else None
        if kept:
            return json.loads(kept)
        # What was kept before must not hide a failure from the next command.
        self._keep(key, "")
        rows = self._fetch(options)
        self._keep(key, json.dumps(rows))
        return rows

    def _keep(self, key, text):
        # One text: the caches of Ansible copy, compare and write each value in nested dicts one by one.
        self._cache[key] = text
        self._cache.update_cache_if_changed()

    def _fetch(self, options):
        """Return the variables of all hosts from the cloud."""
        # Loaded here, because openstacksdk takes long to load, and a cache needs none.
        from ..module_utils._cloud.login import MISSING_SDK, connect_all

        # Else the warnings of the SDK would stand on the screen, beside the one line of an error.
        for library in ("keystoneauth", "openstack"):
            logging.getLogger(library).addHandler(logging.NullHandler())
        if MISSING_SDK:
            raise AnsibleError(missing_required_lib("openstacksdk"))
        clouds = connect_all(self._params, self._params["timeout"])
        return [host_variables(server, protection) for server, protection in read_servers(options, clouds)]

    # ========== Populate ==========
    def _populate(self, rows):
        """Add hosts with their variables and groups."""
        groups = self._add_groups(rows)
        names = [untrusted_name(name) for name in self._names(rows)]
        choices = self._params["ansible_host_from"] or ()
        for name, row in zip(names, rows):
            self.inventory.add_host(name)
            # By the host itself: inventory.set_variable would look at each value once more.
            variables = self.inventory.hosts[name].vars
            variables.update(untrusted(row))
            address = choose_address(row, choices)
            if address is not None:
                variables["ansible_host"] = untrusted(address)
            policy = row["csbs_policy"]
            for group in (
                *state_groups(row),
                STALE if is_stale(row) else None,
                groups[policy["name"]] if policy else None,
            ):
                if group:
                    self.inventory.add_host(name, group=group)
        self._construct(names)

    def _add_groups(self, rows):
        """Add the groups that hosts may be in; return those of policies by the policy's name."""
        # Also groups without hosts: a play for one of them must not warn that it does not exist.
        for group in (PROTECTED, DISABLED, UNPROTECTED, *([STALE] if self._params["max_age"] is not None else [])):
            self.inventory.add_group(group)
        found = {}
        for policy in sorted({row["csbs_policy"]["name"] for row in rows if row["csbs_policy"]}):
            group = self.inventory.add_group(self._sanitize_group_name(f"csbs_policy_{policy}"))
            if group in found.values():
                self.display.warning(f"Several policies share the group {group}, one of them is {policy!r}")
            found[policy] = group
        return found

    def _names(self, rows):
        # A host with the name of a group would get what is meant for the group, and localhost is this machine.
        reserved = {
            *self.inventory.groups,
            *constants.LOCALHOST,
            *(self._sanitize_group_name(group) for group in self.get_option("groups") or ()),
        }
        hosts = self.inventory.hosts.items()
        known = {host.vars["csbs_id"]: name for name, host in hosts if "csbs_id" in host.vars}
        return host_names(rows, reserved, known)

    def _construct(self, names):
        """Set the variables and groups of the options compose, groups and keyed_groups."""
        strict = self.get_option("strict")
        # All variables come first, because a new group may have the name of a host.
        for option, apply in (
            ("compose", self._set_composite_vars),
            ("groups", self._add_host_to_composed_groups),
            ("keyed_groups", self._add_host_to_keyed_groups),
        ):
            expressions = self.get_option(option)
            for name in names if expressions else ():
                apply(expressions, self.inventory.hosts[name].get_vars(), name, strict=strict)
