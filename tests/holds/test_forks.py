# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many forks change one policy, one set or one vault at once, on one machine and on several: nobody is lost."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.at_once import Task, failures, members_in, run_at_once
from tests.support.holds import ALL, chosen
from tests.support.modes import one_mode
from tests.support.modules import Args, run_ok

from .conftest import Tried

pytestmark = one_mode

FORKS = 50 if ALL else 10
# Some stay, whatever the others do.
STAYING = 3
#: Switched off, so that no run of the schedule comes between
NIGHTLY: Args = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}, "enabled": False}
SIZE = 8


@dataclass(frozen=True)
class Crowd:
    """Forks that do the same, each with a server of its own; machines share no lock."""

    module: str
    service: str
    act: str
    machines: int
    #: How fast the clock of the cloud runs: in CBR, vaults take 20 seconds to grow
    speed: float = 1

    def __str__(self) -> str:
        return f"{self.module}-{self.service}-{self.act.replace(' ', '-')}-{self.machines}-machines"

    @property
    def forks(self) -> int:
        return FORKS

    @property
    def joins(self) -> range:
        """The numbers of the servers that join."""
        return {
            "join": range(1, self.forks + 1),
            "leave": range(0),
            "join and leave": range(1, self.forks // 2 + 1),
        }[self.act]

    @property
    def leaves(self) -> range:
        """The numbers of the servers that leave."""
        return range(len(self.joins) + 1, self.forks + 1)


CROWDS = [
    Crowd("csbs_policy_server", "csbs", "join", 5),
    Crowd("csbs_policy_server", "csbs", "leave", 5),
    Crowd("csbs_policy_server", "csbs", "join and leave", 1),
    Crowd("csbs_policy", "csbs", "join", 5),
    Crowd("csbs_policy_set", "csbs", "join", 1),
    Crowd("csbs_policy_set", "csbs", "join", 5),
    Crowd("csbs_policy_server", "cbr", "join and leave", 5, speed=5),
    Crowd("csbs_policy", "cbr", "join", 5, speed=5),
]


def names(numbers: t.Iterable[int]) -> list[str]:
    return [f"srv-{number:04d}" for number in numbers]


def begin(cloud: Emulator, crowd: Crowd) -> list[str]:
    """Make the policy with those who stay and those who leave, where the forks do not make it; return who stays."""
    cloud.settings(list_delay=0.3, speed=crowd.speed)
    cloud.reset(servers=FORKS + STAYING)
    if crowd.module != "csbs_policy_server":
        return []
    staying = names(range(crowd.forks + 1, crowd.forks + STAYING + 1))
    run_ok(
        "csbs_policy",
        {**NIGHTLY, "service": crowd.service, "servers": [*names(crowd.leaves), *staying], "vault": vault(crowd)},
        cloud,
    )
    return staying


def vault(crowd: Crowd) -> Args | None:
    """Return an option by which the vault of those who stay has no room for many more."""
    return {"size_factor": 1} if crowd.service == "cbr" else None


def task(crowd: Crowd, servers: t.Sequence[str], state: str = "present") -> Task:
    args: Args = {"service": crowd.service, "servers": list(servers), "timeout": 600}
    if crowd.module == "csbs_policy_server":
        return crowd.module, {**args, "policy": "nightly", "state": state}
    size = {"servers_per_policy": SIZE} if crowd.module == "csbs_policy_set" and crowd.service == "csbs" else {}
    return crowd.module, {**NIGHTLY, **args, **size}


def policies_needed(crowd: Crowd, servers: int) -> int:
    return -(-servers // SIZE) if crowd.module == "csbs_policy_set" else 1


@pytest.mark.parametrize(
    "crowd",
    chosen(CROWDS, lambda crowd: crowd.module, lambda crowd: crowd.service, lambda crowd: crowd.machines),
    ids=str,
)
def test_forks_that_join_and_leave_at_once_lose_nobody(
    cloud: Emulator, tmp_path: Path, tried: Tried, crowd: Crowd
) -> None:
    staying = begin(cloud, crowd)
    tasks = [
        *(task(crowd, [name]) for name in names(crowd.joins)),
        *(task(crowd, [name], "absent") for name in names(crowd.leaves)),
    ]
    results = run_at_once(cloud, tmp_path, tasks, crowd.machines)
    assert not failures(results)
    assert all(result["changed"] for result in results)
    found = members_in(cloud)
    wanted = sorted([*names(crowd.joins), *staying])
    assert sorted(name for servers in found.values() for name in servers) == wanted
    assert len(found) == policies_needed(crowd, len(wanted))
    assert not any(len(servers) > SIZE for servers in found.values()) or crowd.module != "csbs_policy_set"
    cloud.journal.clear()
    for again in [task(crowd, wanted), *([task(crowd, names(crowd.leaves), "absent")] if crowd.leaves else [])]:
        assert not run_ok(*again, cloud)["changed"]
    assert not cloud.journal.writes()
    where = "one machine" if crowd.machines == 1 else f"{crowd.machines} machines"
    tried("concurrency", crowd.module, f"{crowd.forks} forks {crowd.act}, {where}", crowd.forks)


def test_servers_with_backups_that_leave_a_vault_at_once_keep_them(
    cloud: Emulator, tmp_path: Path, tried: Tried
) -> None:
    """Each of them moves to the vault for those who have left, which has to be made, and to grow."""
    forks, machines = (10, 5) if ALL else (3, 3)
    cloud.settings(list_delay=0.3, speed=100)
    cloud.reset(servers=forks + STAYING)
    everybody = names(range(1, forks + STAYING + 1))
    run_ok("csbs_policy", {**NIGHTLY, "service": "cbr", "servers": everybody}, cloud)
    (held,) = cloud.state.cbr.vaults
    backups = [cloud.make_vault_backup(cloud.server(name).id, held).id for name in everybody]
    crowd = Crowd("csbs_policy_server", "cbr", "leave", machines)
    tasks = [task(crowd, [name], "absent") for name in everybody[:forks]]
    assert not failures(run_at_once(cloud, tmp_path, tasks, machines))
    assert members_in(cloud) == {"cbr nightly": everybody[forks:]}
    assert sorted(cloud.state.cbr.backups) == sorted(backups)
    parked = [one for one in cloud.state.cbr.vaults.values() if one.name.startswith("nightly-parked")]
    assert sorted(member.name for one in parked for member in one.members.values()) == everybody[:forks]
    cloud.journal.clear()
    assert not run_ok(*task(crowd, everybody[:forks], "absent"), cloud)["changed"] and not cloud.journal.writes()
    tried("concurrency", crowd.module, f"{forks} forks leave with backups, {machines} machines", forks)
