# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a situation is, and the estates that several of them begin with."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from tests.emulator import Emulator

Args = dict[str, t.Any]
#: A task that is run first, or something that is done to the cloud behind the modules' backs, in one of the services
Given = tuple[str, Args] | t.Callable[[Emulator, str], t.Any]
FAST: Args = {"poll_interval": 0.1, "timeout": 60}
NIGHTLY: Args = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}}


@dataclass(frozen=True)
class Scenario:
    """A task: module and options, and what was done before it.

    repeats says that a second run makes something new. idle says that there is nothing to do. csbs_only says why it
    means nothing on CBR, or something else.
    """

    name: str
    module: str
    args: Args
    given: tuple[Given, ...] = ()
    repeats: bool = False
    idle: bool = False
    states: dict[str, str] = field(default_factory=dict)
    csbs_only: str = ""

    @property
    def service(self) -> str:
        """The service that the task speaks with."""
        return str(self.args.get("service", "csbs"))

    def on_cbr(self) -> Scenario:
        """Return the same for CBR."""
        given = tuple(one if callable(one) else (one[0], args_on_cbr(*one)) for one in self.given)
        return replace(self, name=f"cbr {self.name}", args=args_on_cbr(self.module, self.args), given=given)


def args_on_cbr(module: str, args: Args) -> Args:
    """Return the options of a task as they are for CBR.

    Backups have no tags, and servers in no vault need one. Days go with no other limit.
    """
    args = {**args, "service": "cbr"}
    retention = args.get("retention")
    if retention and len(retention) > 1:
        args["retention"] = {key: value for key, value in retention.items() if key != "days"}
    if module == "csbs_backup":
        args.pop("tags", None)
        if args.get("state", "present") == "present":
            args.setdefault("vault", "by-hand")
    return args


def plant(cloud: Emulator, service: str, server: str, name: str, age: float = 0.0, **fields: t.Any) -> t.Any:
    """Put a good backup of a server into one of the services; in CBR that needs a vault and knows no tags."""
    server_id = cloud.server(server).id
    if service == "csbs":
        return cloud.make_backup(server_id, name, age, **fields)
    if server_id not in cloud.state.cbr.vault_of:
        cloud.make_vault(f"of-{server}", [server_id])
    fields.pop("tags", None)
    return cloud.make_vault_backup(server_id, None, name, age, **fields)


RICH: Args = {
    **NIGHTLY,
    "description": "Every night",
    "schedule": {"frequency": "weekly", "days": ["MO", "TH"], "times": ["02:30", "14:30"], "timezone": "Europe/Berlin"},
    "retention": {"max_backups": 20, "days": 14, "monthly": 12, "timezone": "UTC+01:00"},
    "servers": ["srv-0001", "srv-0002"],
    "tags": {"team": "platform", "empty": ""},
}
OTHER: Args = {
    "name": "other",
    "schedule": {"pattern": "FREQ=DAILY;BYHOUR=3;BYMINUTE=0"},
    "servers": ["srv-0002", "srv-0003"],
}
NAMED: Args = {**FAST, "name": "before", "servers": ["srv-0001", "srv-0002"], "tags": {"change": "1"}}
QUIET: Given = ("csbs_policy", {**RICH, "enabled": False})
GIVEN, OTHERS, BACKED_UP = ("csbs_policy", RICH), ("csbs_policy", OTHER), ("csbs_backup", NAMED)


# ========== What others have made in CBR ==========
def backed_up(cloud: Emulator, service: str) -> None:
    """Put an old backup of srv-0001 where it is."""
    plant(cloud, service, "srv-0001", "old", age=3600)


def in_their_vault(cloud: Emulator, service: str) -> None:
    """Put two servers, one of them with a backup, into a vault that no policy is applied to."""
    cloud.make_vault("theirs", [cloud.server(name).id for name in ("srv-0003", "srv-0004")])
    plant(cloud, service, "srv-0003", "old", age=3600)


def in_two_vaults(cloud: Emulator, service: str) -> None:
    """Make a policy whose two vaults have other names and, but for one, other tags."""
    vaults = [
        cloud.make_vault("first", [cloud.server("srv-0001").id], tags={"team": "a", "only": "here"}),
        cloud.make_vault("second", [cloud.server("srv-0002").id], tags={"team": "a"}),
    ]
    cloud.make_vault_policy("nightly", [vault.id for vault in vaults], enabled=False)


def just_large_enough(cloud: Emulator, service: str) -> None:
    """Let no vault have room for one more disk."""
    volumes = cloud.state.volumes
    for vault in list(cloud.state.cbr.vaults.values()):
        disks = [disk for server_id in vault.members for disk in cloud.state.servers[server_id].volume_ids]
        cloud.force_vault(vault.id, size=sum(volumes[disk].size for disk in disks))
