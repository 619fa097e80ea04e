# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that mend what an audit finds.

A command holds only IDs of the service, words of the collection and values of the user, never a name from the cloud:
people copy commands into a shell, and Ansible would take a name for a template.
"""

from __future__ import annotations

import json
import re
import shlex
import typing as t

from .selection import is_id

# A shell takes an argument of some 100,000 characters; 100 IDs are 4,000.
_AT_ONCE = 100


def play(name: str, variables: t.Mapping[str, t.Any]) -> str:
    """Return the command that runs a playbook of the collection."""
    return f"ansible-playbook opentelekomcloud.csbs.{name} -e {_json(variables)}"


def task(module: str, args: t.Mapping[str, t.Any], check: bool = False) -> str:
    """Return the command that runs one task with a module of the collection, in check mode when it could do harm."""
    command = f"ansible localhost -m opentelekomcloud.csbs.{module} -a {_json(args)}"
    return f"{command} --check" if check else command


def play_for(name: str, servers: t.Iterable[str], variables: t.Mapping[str, t.Any]) -> list[str]:
    """Return the commands that run a playbook for servers (IDs)."""
    return [play(name, {"csbs_servers": ids, **variables}) for ids in in_parts(servers)]


def in_parts(ids: t.Iterable[str]) -> list[list[str]]:
    """Return IDs in parts that a command can hold; what is no ID of the service is left out."""
    known = [one for one in ids if is_id(one)]
    return [known[start : start + _AT_ONCE] for start in range(0, len(known), _AT_ONCE)]


def set_metadata(server: str, key: str, value: str) -> str:
    """Return the command that sets metadata of a server (ID)."""
    return f"openstack server set --property {shlex.quote(f'{key}={value}')} {server}"


def is_plain(name: str) -> bool:
    """Return whether a name has only letters and digits of ASCII, hyphens and underscores."""
    return bool(re.fullmatch(r"[A-Za-z0-9_-]+", name))


def _json(values: t.Mapping[str, t.Any]) -> str:
    return shlex.quote(json.dumps(values))
