# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that mend what an audit finds.

A command holds only IDs of the service, words of the collection and values of the user, and of names from the cloud
only those of policies that are plain words: people copy commands into a shell, and Ansible would take a name for a
template.
"""

from __future__ import annotations

import json
import re
import shlex
import typing as t

from .selection import is_id

# A shell takes an argument of some 100,000 characters; 100 IDs are 4,000.
_AT_ONCE = 100


class Commands(t.NamedTuple):
    """Makes the commands for a cloud of clouds.yaml; without a name they are for the cloud of the environment.

    service is the backup service that they name; without it they name none.
    """

    cloud: str | None = None
    service: str | None = None

    def play(self, name: str, variables: t.Mapping[str, t.Any], check: bool = False) -> str:
        """Return the command that runs a playbook of the collection, in check mode when it could do harm."""
        given = {**self._given("csbs_cloud", "csbs_service"), **variables}
        return _checked(f"ansible-playbook opentelekomcloud.csbs.{name} -e {_json(given)}", check)

    def play_for(self, name: str, servers: t.Iterable[str], variables: t.Mapping[str, t.Any]) -> list[str]:
        """Return the commands that run a playbook for servers (IDs)."""
        return [self.play(name, {"csbs_servers": ids, **variables}) for ids in in_parts(servers)]

    def task(self, module: str, args: t.Mapping[str, t.Any], check: bool = False) -> str:
        """Return the command that runs one task of a module, in check mode when it could do harm."""
        given = {**self._given("cloud", "service"), **args}
        return _checked(f"ansible localhost -m opentelekomcloud.csbs.{module} -a {_json(given)}", check)

    def _given(self, *names: str) -> dict[str, str]:
        """Return cloud and service, as far as they are named, under these names."""
        return {name: value for name, value in zip(names, self) if value}

    def openstack(self, *words: str) -> str:
        """Return a command of the client of OpenStack."""
        login = ("--os-cloud", self.cloud) if self.cloud else ()
        return shlex.join(("openstack", *login, *words))


def in_parts(ids: t.Iterable[str]) -> list[list[str]]:
    """Return IDs in parts that a command can hold; what is no ID of the service is left out."""
    known = [one for one in ids if is_id(one)]
    return [known[start:][:_AT_ONCE] for start in range(0, len(known), _AT_ONCE)]


def is_plain(name: str) -> bool:
    """Return whether a name has only letters and digits of ASCII, hyphens and underscores."""
    return bool(re.fullmatch(r"[A-Za-z0-9_-]+", name))


def _checked(command: str, check: bool) -> str:
    return f"{command} --check --diff" if check else command


def _json(values: t.Mapping[str, t.Any]) -> str:
    return shlex.quote(json.dumps(values))
