# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each changing role does to a small fleet: before it, its variables, and what must be true at any moment."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import yaml

from tests.emulator import Emulator
from tests.support.modules import run_ok
from tests.support.plays import inventory

from .end_state import Entry, end_state
from .who_is_protected import backups_of, on_their_way, protected

DAY = 86400
# Switched off, so that no run of the schedule comes between
NIGHTLY: dict[str, t.Any] = {"enabled": False, "schedule": {"frequency": "daily", "times": ["02:00"]}}
LATER: dict[str, t.Any] = {"enabled": False, "schedule": {"frequency": "daily", "times": ["03:00"]}}
CONFIRMED = {"csbs_confirm": True}
MIGRATE = {"csbs_max_age": "52w", "csbs_report_path": "way", "csbs_serial": 2}


class Case(t.NamedTuple):
    """A role with one service, and what a play of it is to do."""

    role: str
    service: str
    #: Makes what is there before the play
    prepare: t.Callable[[Emulator, str], None]
    variables: dict[str, t.Any]
    #: Returns whether the play has done all that it was to do
    done: t.Callable[[Emulator, str], bool]
    #: Names of the servers that the play takes out of a policy, for good or on their way into another one
    leaving: tuple[str, ...] = ()
    #: Names of the backups that the play deletes
    deleted: tuple[str, ...] = ()
    #: Whether a second run changes nothing
    settles: bool = True
    part: str = ""

    def __str__(self) -> str:
        return "-".join(filter(None, (self.role, self.part, self.service)))

    @property
    def row(self) -> str:
        """Return the row of the counts."""
        return f"{self.role} {self.part}".strip()

    def given(self, folder: Path) -> tuple[dict[str, t.Any], list[str]]:
        """Write the files of a play; return its variables and options."""
        variables = {"csbs_poll_interval": 0.2, **self.variables}
        if self.role != "migrate_to_cbr":
            variables["csbs_service"] = self.service
        if self.role != "patch_with_backup":
            return variables, []
        mark = {"content": "patched", "dest": f"{folder}/{{{{ inventory_hostname }}}}", "mode": "0600"}
        (folder / "patch.yml").write_text(yaml.safe_dump([{"name": "Patch", "ansible.builtin.copy": mark}]))
        return variables, [inventory(folder, ["srv-0001", "srv-0002"])]

    def state(self, cloud: Emulator) -> dict[Entry, object]:
        """Return what the cloud holds after a play, as far as a run that was killed does not show in it."""
        found: dict[Entry, object] = {}
        for key, value in end_state(cloud).items():
            if self.role == "restore" and key[0] == "restore":
                # To run a restore again is to restore again.
                found[key] = sorted(set(t.cast("list[str]", value)))
            elif key[0] == "backup":
                # Backups that are left to make get the next numbers, and a second patch a backup of its own.
                own = (*key[:3], re.sub(r"-(\d{4}|\d{14})$", "", key[3]))
                found[own] = [*t.cast("list[object]", found.get(own, [])), *t.cast("list[object]", value)]
            else:
                found[key] = value
        return found


# ========== what is there before ==========
def _policy(cloud: Emulator, service: str, name: str, *numbers: int, **options: t.Any) -> None:
    servers = [f"srv-{number:04d}" for number in numbers]
    run_ok("csbs_policy", {"service": service, "name": name, **NIGHTLY, "servers": servers, **options}, cloud)


def _backups(cloud: Emulator, service: str, server: str, *names: str) -> None:
    server_id = cloud.server(server).id
    for days, name in enumerate(names, 1):
        if service == "cbr":
            cloud.make_vault_backup(server_id, name=name, age=days * DAY)
        else:
            cloud.make_backup(server_id, name, age=days * DAY)


def _two_policies(cloud: Emulator, service: str) -> None:
    _policy(cloud, service, "nightly", 1, tags={"team": "a"})
    _policy(cloud, service, "other", 3)
    for server in ("srv-0001", "srv-0003"):
        _backups(cloud, service, server, "old")


def _one_policy(cloud: Emulator, service: str) -> None:
    _policy(cloud, service, "nightly", 1, 2)
    for server in ("srv-0001", "srv-0002"):
        _backups(cloud, service, server, "new", "older", "oldest")


def _empty_policies(cloud: Emulator, service: str) -> None:
    for name, numbers in {"a": (), "b": (), "full": (1,)}.items():
        _policy(cloud, service, name, *numbers)


def _fleet(cloud: Emulator, service: str) -> None:
    _policy(cloud, service, "nightly", 1)
    _backups(cloud, service, "srv-0001", "old")


def _slow_fleet(cloud: Emulator, service: str) -> None:
    """Let a restore take longer than the next play takes to begin."""
    _fleet(cloud, service)
    cloud.settings(speed=60)


# ========== what is there afterwards ==========
def _is_protected(cloud: Emulator, service: str) -> bool:
    members = protected(cloud)
    backed_up = [backups_of(cloud, service, f"srv-000{number}") for number in (1, 2, 3)]
    return members == dict.fromkeys(["srv-0001", "srv-0002", "srv-0003"], "nightly") and all(
        len([name for name in names if name.startswith("before")]) == 1 for names in backed_up
    )


def _is_backed_up(cloud: Emulator, service: str) -> bool:
    names = [backups_of(cloud, service, server) for server in ("srv-0001", "srv-0002")]
    return all(len([name for name in one if name.startswith("good")]) == 1 for one in names)


def _is_pruned(cloud: Emulator, service: str) -> bool:
    return all(backups_of(cloud, service, server) == ["new"] for server in ("srv-0001", "srv-0002"))


def _is_restored(cloud: Emulator, service: str) -> bool:
    ended = end_state(cloud).get(("restore", "srv-0001"))
    return (
        bool(ended) and cloud.server("srv-0001").status == "ACTIVE" and "old" in backups_of(cloud, service, "srv-0001")
    )


def _is_offboarded(cloud: Emulator, service: str) -> bool:
    return backups_of(cloud, service, "srv-0001") == ["final"] and protected(cloud) == {"srv-0002": "nightly"}


def _is_gone(cloud: Emulator, service: str) -> bool:
    return backups_of(cloud, service, "srv-0001") == [] and protected(cloud) == {"srv-0002": "nightly"}


def _is_patched(cloud: Emulator, service: str) -> bool:
    names = [backups_of(cloud, service, server) for server in ("srv-0001", "srv-0002")]
    return all(len([name for name in one if name.startswith("patch")]) == 1 for one in names)


def _is_prepared(cloud: Emulator, dummy: str) -> bool:
    members = sorted(one["name"] for policy in cloud.state.policies.values() for one in policy.resources)
    return members == ["srv-0001", "srv-0002"] and [one.name for one in cloud.state.cbr.policies.values()] == [
        "nightly"
    ]


def _is_moved(cloud: Emulator, dummy: str) -> bool:
    left = [one for policy in cloud.state.policies.values() for one in policy.resources]
    backed_up = [len(backups_of(cloud, "cbr", server)) for server in ("srv-0001", "srv-0002")]
    return not left and not on_their_way(cloud) and len(protected(cloud)) == 2 and backed_up == [1, 1]


def _is_retired(cloud: Emulator, dummy: str) -> bool:
    return [policy.name for policy in cloud.state.policies.values()] == ["full"]


TWO = ["srv-0001", "srv-0002"]
OLDER = ("older", "oldest")
FINAL: dict[str, t.Any] = {
    "csbs_servers": ["srv-0001"],
    "csbs_final_backup": {"name": "final"},
    "csbs_delete_backups": True,
    **CONFIRMED,
}


def _of_one_service(service: str) -> list[Case]:
    before: dict[str, t.Any] = {"name": "before"}
    policy: dict[str, t.Any] = {"name": "nightly", **LATER, "tags": {"team": "b"}}
    fleet = {"csbs_servers": ["srv-0001", "srv-0002", "srv-0003"], "csbs_policy": policy, "csbs_backup": before}
    backup: dict[str, t.Any] = {"csbs_servers": TWO, "csbs_backup_name": "good"}
    # CBR keeps no tags on backups.
    if service == "csbs":
        before["tags"] = backup["csbs_tags"] = {"change": "1"}
    else:
        backup["csbs_vault"] = "by-hand"
    patch = {"csbs_patch_tasks": "patch.yml", "csbs_backup_name": "patch", "csbs_keep_backups": 1}
    restore = {"csbs_server": "srv-0001", "csbs_backup": "old", **CONFIRMED}
    return [
        Case("protect", service, _two_policies, fleet, _is_protected, leaving=("srv-0003",)),
        Case("backup", service, _fleet, backup, _is_backed_up),
        Case("prune", service, _one_policy, {"csbs_servers": TWO, "csbs_keep_last": 1}, _is_pruned, (), OLDER),
        Case("restore", service, _slow_fleet, restore, _is_restored, settles=False),
        Case("offboard", service, _one_policy, FINAL, _is_offboarded, ("srv-0001",), ("new", *OLDER)),
        Case("patch_with_backup", service, _one_policy, patch, _is_patched, settles=False),
    ]


_LEAVE = {"csbs_servers": ["srv-0001"], "csbs_leaving_backups": "delete", **CONFIRMED}
CASES = [
    *_of_one_service("csbs"),
    *_of_one_service("cbr"),
    Case("offboard", "cbr", _one_policy, _LEAVE, _is_gone, ("srv-0001",), ("new", *OLDER), part="delete"),
    *(
        Case(
            "migrate_to_cbr",
            "csbs",
            prepare,
            {**MIGRATE, "csbs_phase": phase, **CONFIRMED},
            done,
            tuple(TWO) if phase == "move" else (),
            part=phase,
        )
        for phase, prepare, done in (
            ("prepare", _one_policy, _is_prepared),
            ("move", _one_policy, _is_moved),
            ("retire", _empty_policies, _is_retired),
        )
    ),
]
