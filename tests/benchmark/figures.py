# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: the kinds of tasks with their sizes, and the form of the figures."""

from __future__ import annotations

import typing as t

#: Seconds that each answer of the local cloud takes longer
LATENCY = 0.03

PING = "ansible.builtin.ping"
BARE = "bare SDK module"
OPENSTACK = "openstack.cloud.server_info"
BACKUP, BACKUP_IDLE = "csbs_backup: start and wait", "csbs_backup: nothing to do"
SET, SET_IDLE, SET_GROWS = (f"csbs_policy_set: {what}" for what in ("from nothing", "nothing to do", "one more server"))
LOOP, URI = "loop of csbs_backup: start and wait", "loop of ansible.builtin.uri: only start"
PROTECTION, POLICIES, INVENTORY = "csbs_protection_info", "csbs_policy_info", "inventory csbs"

Key = tuple[str, int]


class Scope(t.NamedTuple):
    """What is measured: how many servers each kind of task has in turn."""

    changed: tuple[int, ...] = (1, 10, 100, 1_000, 2_048)
    read: tuple[int, ...] = (1, 1_000, 10_000)
    #: Fleets that others read too, who need minutes for larger ones
    read_by_others: tuple[int, ...] = (1, 1_000)
    loops: tuple[int, ...] = (1,)
    #: Loops that take so long that only the first round has them
    long_loops: tuple[int, ...] = (25,)
    #: Seconds until lists show what is new; None: as in the live service
    list_delay: float | None = None

    def all_keys(self) -> list[Key]:
        """Return each kind with each size, in the order of the tables."""
        sizes_of = {
            (PING,): (1,),
            (SET, SET_IDLE, SET_GROWS, BACKUP, BACKUP_IDLE): self.changed,
            (LOOP, URI): (*self.loops, *self.long_loops),
            (PROTECTION, POLICIES, INVENTORY): self.read,
            (BARE, OPENSTACK): self.read_by_others,
        }
        return [(kind, size) for kinds, sizes in sizes_of.items() for kind in kinds for size in sizes]


QUICK = Scope(changed=(2,), read=(3,), read_by_others=(3,), loops=(1,), long_loops=(), list_delay=0.1)


class Sample(t.NamedTuple):
    """One run of a task, or the medians of several."""

    #: Of the task; of the whole run if there is no task
    seconds: float
    #: Of ansible-playbook or another command from its start to its end
    whole_seconds: float
    #: Of this command with all its processes
    cpu: float
    #: Of the largest of these processes
    megabytes: float
    requests: int
    #: How often a waiting task looked at the list of backups
    polls: int
    #: Requests for a list of servers
    server_lists: int


class TaskCost(t.NamedTuple):
    """What a task of a module costs, in milliseconds."""

    #: Of the process of the module
    cpu: float
    #: The part for importing files of this collection
    own_imports: float


class Figures(t.NamedTuple):
    """All that one run of the benchmark has measured."""

    #: When, with which command, on which machine and with which versions, as texts
    conditions: dict[str, str]
    #: What was not measured, with the reason
    left_out: dict[str, str]
    samples: dict[Key, Sample]
    #: By module
    tasks: dict[str, TaskCost]

    def seconds_of_loop(self, kind: str, servers: int) -> float:
        """Return the time of a loop over so many servers, by the longest loop: each server takes the same time."""
        longest = max(size for other, size in self.samples if other == kind)
        return self.samples[kind, longest].seconds / longest * servers

    def growth(self, key: Key) -> float:
        """Return the time beside that of the smallest fleet of this kind."""
        smallest = min(size for kind, size in self.samples if kind == key[0])
        return self.samples[key].seconds / self.samples[key[0], smallest].seconds

    def times_ping(self, key: Key) -> tuple[float, float, float]:
        """Return time, CPU and memory as multiples of a ping's."""
        sample, ping = self.samples[key], self.samples[PING, 1]
        time = sample.seconds / ping.seconds
        if key[0] == INVENTORY:
            time = sample.whole_seconds / ping.whole_seconds
        return time, sample.cpu / ping.cpu, sample.megabytes / ping.megabytes

    def as_data(self) -> dict[str, t.Any]:
        """Return the figures as they are stored."""
        samples: dict[str, dict[int, t.Any]] = {}
        for (kind, servers), sample in self.samples.items():
            samples.setdefault(kind, {})[servers] = sample._asdict()
        return {
            "conditions": self.conditions,
            "left_out": self.left_out,
            "samples": samples,
            "tasks": {module: cost._asdict() for module, cost in self.tasks.items()},
        }


def figures_of(data: dict[str, t.Any]) -> Figures:
    """Return stored figures."""
    samples = {
        (kind, servers): Sample(**row) for kind, rows in data["samples"].items() for servers, row in rows.items()
    }
    tasks = {module: TaskCost(**cost) for module, cost in data["tasks"].items()}
    return Figures(data["conditions"], data["left_out"], samples, tasks)
