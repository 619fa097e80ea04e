# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads inventories in this process, as ansible-inventory would read them."""

from __future__ import annotations

import importlib
import json
import typing as t
from pathlib import Path

import yaml
from ansible import constants
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader

from ansible_collections.opentelekomcloud.csbs.plugins.inventory import csbs
from tests.support.modules import auth_of

NAME = csbs.InventoryModule.NAME
FRAGMENTS = {
    "ansible.builtin": "ansible.plugins.doc_fragments",
    "opentelekomcloud.csbs": "ansible_collections.opentelekomcloud.csbs.plugins.doc_fragments",
}


def documented_options() -> dict[str, t.Any]:
    """Return all options of the inventory plugin, with those of the fragments of its documentation."""
    page = yaml.safe_load(csbs.DOCUMENTATION)
    options = dict(page["options"])
    for fragment in page["extends_documentation_fragment"]:
        collection, name = fragment.rsplit(".", 1)
        module = importlib.import_module(f"{FRAGMENTS[collection]}.{name}")
        options.update(yaml.safe_load(module.ModuleDocFragment.DOCUMENTATION)["options"])
    return options


def plugin() -> t.Any:
    """Return the plugin as Ansible loads it."""
    constants.config.initialize_plugin_configuration_definitions("inventory", NAME, documented_options())
    made = csbs.InventoryModule()
    made._load_name, made._redirected_names, made.ansible_aliases = NAME, [NAME], [NAME]
    return made


def read_inventory(
    cloud: t.Any, folder: Path, name: str = "csbs.yml", /, *, flush: bool = False, into: t.Any = None, **options: t.Any
) -> InventoryData:
    """Return the inventory that a file with these options gives; with into, it is added to another one.

    flush reads as with --flush-cache.
    """
    inventory = into or InventoryData()
    path = folder / name
    login = {key: value for key, value in auth_of(cloud).items() if key in ("auth", "auth_type", "region_name")}
    path.write_text(yaml.safe_dump({"plugin": NAME, **login, **options}))
    inventory.current_source = str(path)
    reader = plugin()
    assert reader.verify_file(str(path))
    reader.parse(inventory, DataLoader(), str(path), cache=not flush)
    inventory.reconcile_inventory()
    return inventory


def members(inventory: InventoryData) -> dict[str, set[str]]:
    """Return the hosts of each group that has some, but not of all and ungrouped."""
    found = {name: {host.name for host in group.hosts} for name, group in inventory.groups.items()}
    return {name: hosts for name, hosts in found.items() if hosts and name not in ("all", "ungrouped")}


def variables(inventory: InventoryData) -> dict[str, dict[str, t.Any]]:
    """Return the variables of each host as plain values, but not where the host was read."""
    return {
        host.name: {key: value for key, value in plain(host.vars).items() if not key.startswith("inventory_")}
        for host in inventory.hosts.values()
    }


def plain(value: t.Any) -> t.Any:
    """Return a value without the marks of Ansible on its texts."""
    return json.loads(json.dumps(value))
