# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cloud must hold after tasks, in the words of a user: policies, their servers and tags, and backups.

Each module has a method that takes the options of a task. A policy set is one policy here, on both services. A server
that no longer exists has another label than its name, because a new server may have the name.
"""

from __future__ import annotations

import copy
import fnmatch
import typing as t
from dataclasses import asdict, dataclass, field

Args = t.Mapping[str, t.Any]


class Refused(Exception):
    """A task that must be refused before anything is written, with words of its message."""


@dataclass
class Policy:
    """A policy, or a set of equal ones. vault: whether it has one, which carries its tags on CBR."""

    times: str
    enabled: bool
    retention: dict[str, int]
    tags: dict[str, str] = field(default_factory=dict)
    vault: bool = False


@dataclass(frozen=True)
class Backup:
    """A good backup. The name has no number; it is empty where the service or a module made it up."""

    server: str
    name: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    automatic: bool = False


class Model:
    """What the cloud must hold.

    place: the policy of each server that is in one. loose: servers in vaults without a policy. ill: servers that no
    policy takes and nobody can back up. hindered: those that keep the last task from its end.
    """

    def __init__(self, service: str, servers: t.Iterable[str]) -> None:
        self.service = service
        self.servers = set(servers)
        self.policies: dict[str, Policy] = {}
        self.place: dict[str, str] = {}
        self.loose: set[str] = set()
        self.ill: set[str] = set()
        self.backups: list[Backup] = []
        self.hindered: set[str] = set()

    def after(self, module: str, args: Args) -> Model:
        """Return what the cloud must hold after a task; raises Refused."""
        wished = copy.deepcopy(self)
        wished.hindered = set()
        getattr(wished, module)(args)
        return wished

    def view(self) -> dict[str, t.Any]:
        """Return what can be compared with a cloud."""
        policies = {}
        for name, policy in self.policies.items():
            shown = {key: value for key, value in asdict(policy).items() if key != "vault"}
            policies[name] = {**shown, "servers": self.members(name)}
        return {"policies": policies, "backups": sorted(map(_sortable, self.backups))}

    def members(self, name: str) -> list[str]:
        """Return the servers of a policy."""
        return sorted(server for server, place in self.place.items() if place == name)

    def of_server(self, server: str) -> list[Backup]:
        """Return the backups of a server, the oldest first."""
        return [backup for backup in self.backups if backup.server == server]

    # ========== Modules ==========
    def csbs_policy(self, args: Args) -> None:
        """Let a policy be there, or not."""
        name, new_name = args["name"], args.get("new_name")
        if args.get("state") == "absent":
            self._delete(name)
            return
        if new_name and new_name != name:
            if name in self.policies and new_name in self.policies:
                raise Refused("is the name of another policy")
            name = self._renamed(name, new_name)
        self._check_schedule(name, args)
        self._change(name, args)

    def csbs_policy_set(self, args: Args) -> None:
        """Let a set be there, or not. A server that no longer exists leaves it."""
        self.csbs_policy(args)
        if args.get("servers") is not None and args.get("state") != "absent":
            gone = set(self.members(args.get("new_name") or args["name"])) - self.servers
            self._leave(gone, "keep")

    def csbs_policy_server(self, args: Args) -> None:
        """Let servers join or leave."""
        name, servers = args["policy"], args["servers"]
        if args.get("state") == "absent":
            self._leave({server for server in servers if self.place.get(server) == name}, _leaving(args))
            return
        if name not in self.policies:
            raise Refused("no such policy")
        self._join(name, servers, args)

    def csbs_backup(self, args: Args) -> None:
        """Let servers have a backup of a name, or not."""
        name, servers = args["name"], args.get("servers")
        if args.get("state") == "absent":
            self.backups = [
                backup
                for backup in self.backups
                if backup.name != name or (servers is not None and backup.server not in servers)
            ]
            return
        for server in servers or ():
            if not any(backup.name == name for backup in self.of_server(server)):
                self._back_up(server, name, args.get("tags"))

    def csbs_backup_prune(self, args: Args) -> None:
        """Keep the last manual backups of each server."""
        for server in args["servers"]:
            found = [
                backup
                for backup in self.of_server(server)
                if not backup.automatic and fnmatch.fnmatchcase(backup.name, args.get("name", "*"))
            ]
            for backup in found[: -args["keep_last"]]:
                self.backups.remove(backup)

    def csbs_policy_run(self, args: Args) -> None:
        """Back up the servers of a policy that have no backup; every age is young enough here."""
        name = args["policy"]
        if name not in self.policies:
            raise Refused("no such policy")
        if others := [server for server in args["servers"] if self.place.get(server) != name]:
            raise Refused(f"not in policy.*{others[0]}" if len(others) == 1 else "not in policy")
        tags = self.policies[name].tags if self.service == "csbs" else {}
        for server in args["servers"]:
            if not self.of_server(server):
                self._back_up(server, "", tags)

    def csbs_tag(self, args: Args) -> None:
        """Set and remove tags of policies; all of them are there."""
        tags: dict[str, str] = args["tags"]
        for name in args["resources"]:
            policy = self.policies[name]
            if args.get("state") == "absent":
                policy.tags = {
                    key: value
                    for key, value in policy.tags.items()
                    if key not in tags or tags[key] not in (None, value)
                }
            elif tags and self.service == "cbr" and not policy.vault:
                raise Refused("has no vault yet")
            else:
                policy.tags = {**({} if args.get("purge") else policy.tags), **tags}

    # ========== What others do ==========
    def moves(self, server: str, name: str) -> None:
        """Let others move a server from its policy to another one."""
        self.place[server] = name

    def automatic(self, server: str) -> None:
        """Let a schedule back up a server."""
        self.backups.append(Backup(server, automatic=True))

    def ends(self, server: str, label: str) -> None:
        """Let others delete a server, which is known by another label from then on, and make one of its name."""
        self.ill.discard(server)
        if server in self.place:
            self.place[label] = self.place.pop(server)
        if server in self.loose:
            self.loose.remove(server)
            self.loose.add(label)
        self.backups = [
            Backup(label, one.name, one.tags, one.automatic) if one.server == server else one for one in self.backups
        ]

    # ========== Parts ==========
    def _check_schedule(self, name: str, args: Args) -> None:
        if name not in self.policies and "schedule" not in args:
            raise Refused("schedule is needed")

    def _renamed(self, name: str, new_name: str) -> str:
        """Return the name that a policy now has, or will have when it is created."""
        if name in self.policies:
            self.policies = {new_name if key == name else key: policy for key, policy in self.policies.items()}
            self.place = {server: new_name if place == name else place for server, place in self.place.items()}
        return new_name

    def _change(self, name: str, args: Args) -> None:
        fresh = name not in self.policies
        policy = self.policies.setdefault(name, Policy("", enabled=True, retention={}))
        if "schedule" in args:
            policy.times = args["schedule"]["times"][0]
        if args.get("enabled") is not None:
            policy.enabled = args["enabled"]
        if "retention" in args:
            policy.retention = dict(args["retention"])
        servers = args.get("servers")
        if servers is not None and args.get("purge_servers") and not fresh:
            self._leave(set(self.members(name)) - set(servers), _leaving(args))
        self._join(name, servers or [], args)
        if "tags" in args and (self.service == "csbs" or policy.vault):
            kept = policy.tags if args.get("purge_tags", True) is False else {}
            policy.tags = {**kept, **args["tags"]}

    def _delete(self, name: str) -> None:
        """The vault of a policy stays when it holds a backup, with all its servers."""
        members = self.members(name)
        if self.service == "cbr" and any(self.of_server(server) for server in members):
            self.loose |= set(members)
        for server in members:
            del self.place[server]
        self.policies.pop(name, None)

    def _join(self, name: str, servers: t.Iterable[str], args: Args) -> None:
        joining = [server for server in servers if self.place.get(server) != name]
        if args.get("move_servers", True) is False and any(
            server in self.place or server in self.loose for server in joining
        ):
            raise Refused("move_servers is false")
        for server in joining:
            if server in self.ill:
                self.hindered.add(server)
            self.place[server] = name
            self.loose.discard(server)
            self.policies[name].vault = True

    def _leave(self, servers: t.Iterable[str], backups: str) -> None:
        """A server of CBR that has backups goes with them into a vault without a policy."""
        for server in servers:
            del self.place[server]
            if self.service == "cbr" and backups == "delete":
                self.backups = [backup for backup in self.backups if backup.server != server]
            elif self.service == "cbr" and self.of_server(server):
                self.loose.add(server)

    def _back_up(self, server: str, name: str, tags: t.Mapping[str, str] | None) -> None:
        if server in self.ill:
            self.hindered.add(server)
        if self.service == "cbr" and server not in self.place:
            self.loose.add(server)
        self.backups.append(Backup(server, name, tuple(sorted((tags or {}).items()))))


def _leaving(args: Args) -> str:
    return str(args.get("leaving_backups", "keep"))


def _sortable(backup: Backup) -> tuple[str, str, str, bool]:
    return backup.server, backup.name, str(dict(backup.tags)), backup.automatic
