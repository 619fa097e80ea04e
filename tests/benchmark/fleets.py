# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks for fleets of any size against the local cloud: seconds, CPU, memory and requests of each.

The kinds of tasks run in turn, so that other work of the machine affects all of them alike.
"""

from __future__ import annotations

import json
import statistics
import sys
import typing as t
from collections import defaultdict
from pathlib import Path

import yaml

from tests.emulator import Emulator
from tests.support.estate import create_policy, send

from .figures import (
    BACKUP,
    BACKUP_IDLE,
    BARE,
    INVENTORY,
    LATENCY,
    LOOP,
    OPENSTACK,
    PING,
    POLICIES,
    PROTECTION,
    SET,
    SET_GROWS,
    SET_IDLE,
    URI,
    Key,
    Sample,
    Scope,
)
from .measure import Cost, cost_of, environment_for
from .promises import polls_of

#: The environment beside, with matplotlib, and with the older openstacksdk that openstack.cloud needs
BESIDE = Path(__file__).parents[2] / ".venv/benchmark"
COLLECTIONS = BESIDE / "collections"
_OPENSTACK_MANIFEST = COLLECTIONS / "ansible_collections/openstack/cloud/MANIFEST.json"
#: How much faster the time of the local cloud goes by
SPEED = 600
SERVERS_PER_POLICY, MOST_POLICIES = 64, 32
PROVIDER = "fc4d5750-22e7-4798-8a46-f48f62c4c1da"

Task = dict[str, t.Any]


class Bench:
    """A local cloud, and what was measured with it."""

    def __init__(self, cloud: Emulator, folder: Path) -> None:
        self.cloud = cloud
        self.samples: dict[Key, list[Sample]] = defaultdict(list)
        self._folder = folder
        self._watch = folder / "stopwatch.json"
        self._environment = {
            **environment_for(cloud, folder),
            "STOPWATCH_FILE": str(self._watch),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback")),
            "ANSIBLE_CALLBACKS_ENABLED": "stopwatch",
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
        }

    def reset(self, servers: int, speed: float = SPEED) -> None:
        """Empty the cloud, and give it a fleet."""
        self.cloud.reset(servers=servers)
        self.cloud.settings(speed=speed)
        self.cloud.faults.add(path="", times=-1, delay=LATENCY)

    def play(self, kind: str, servers: int, task: Task, changed: bool, old_sdk: bool = False) -> None:
        """Measure a task of ansible-playbook, and require that it changes something, or nothing."""
        play: dict[str, t.Any] = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
        environment = self._environment
        if old_sdk:
            play["vars"] = {"ansible_python_interpreter": str(BESIDE / "bin/python")}
            environment = {**environment, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
        path = self._folder / "play.yml"
        path.write_text(yaml.safe_dump([play], sort_keys=False))
        self._watch.unlink(missing_ok=True)
        cost = self._run(kind, ["ansible-playbook", str(path)], environment)
        watch = json.loads(self._watch.read_text())
        if watch["changed"] is not changed:
            raise RuntimeError(f"{kind}, {servers} servers: changed is {watch['changed']}")
        self._keep(kind, servers, watch["seconds"], cost)

    def inventory(self, servers: int) -> None:
        """Measure ansible-inventory, and require that it shows all servers."""
        source, shown = self._folder / "fleet.csbs.yml", self._folder / "inventory.json"
        source.write_text("plugin: opentelekomcloud.csbs.csbs\n")
        command = ["ansible-inventory", "-i", str(source), "--list", "--output", str(shown)]
        cost = self._run(INVENTORY, command, self._environment)
        found = len(json.loads(shown.read_text())["_meta"]["hostvars"])
        if found != servers:
            raise RuntimeError(f"{INVENTORY}: {found} hosts for {servers} servers")
        self._keep(INVENTORY, servers, cost.seconds, cost)

    def _run(self, kind: str, command: list[str], environment: dict[str, str]) -> Cost:
        self.cloud.journal.clear()
        command[0] = str(Path(sys.executable).with_name(command[0]))
        cost = cost_of(command, environment, self._folder)
        bugs = [*self.cloud.contract_violations, *self.cloud.internal_errors]
        if bugs:
            raise RuntimeError(f"{kind}: the local cloud has bugs: {bugs}")
        return cost

    def _keep(self, kind: str, servers: int, seconds: float, cost: Cost) -> None:
        journal = self.cloud.journal.all()
        lists = sum(entry["path"].endswith("/servers/detail") for entry in journal)
        sample = Sample(seconds, *cost, len(journal), polls_of(journal), lists)
        self.samples[kind, servers].append(sample)
        print(
            f"{kind:40} {servers:6} {sample.seconds:7.2f} s {sample.cpu:7.2f} s of CPU {sample.megabytes:5.0f} MB"
            f" {sample.requests:6} requests",
            flush=True,
        )


# --- the kinds of tasks -----------------------------------------------------------------------------------------------


def own(module: str, **options: t.Any) -> Task:
    """Return a task of this collection."""
    return {f"opentelekomcloud.csbs.{module}": options}


def change_policy_set(bench: Bench, servers: int) -> None:
    # Time stands still, so that no schedule starts.
    bench.reset(servers, speed=0)
    schedule = {"frequency": "daily", "times": ["02:00"]}
    task = own("csbs_policy_set", name="fleet", server_filters={"name": "srv-*"}, schedule=schedule)
    bench.play(SET, servers, task, changed=True)
    bench.play(SET_IDLE, servers, task, changed=False)
    _take_one_out(bench.cloud)
    bench.play(SET_GROWS, servers, task, changed=True)


def _take_one_out(cloud: Emulator) -> None:
    """Take a server out of its policy: it is then new to the policy set, also where the set is full."""
    policy = next(policy for policy in cloud.state.policies.values() if policy.resources)
    shown = send(cloud, "GET", f"/policies/{policy.id}")["policy"]
    send(cloud, "PUT", f"/policies/{policy.id}", {"policy": {"resources": shown["resources"][:-1]}})


def change_backups(bench: Bench, servers: int) -> None:
    bench.reset(servers)
    task = own("csbs_backup", name="before", server_filters={"name": "srv-*"}, poll_interval=1)
    bench.play(BACKUP, servers, task, changed=True)
    bench.play(BACKUP_IDLE, servers, task, changed=False)


def loop_over_backups(bench: Bench, servers: int) -> None:
    bench.reset(servers)
    task = own("csbs_backup", name="before-{{ item }}", servers=["{{ item }}"], poll_interval=1)
    names = [server.name for server in bench.cloud.state.servers.values()]
    bench.play(LOOP, servers, {**task, "loop": names}, changed=True)


def loop_over_uri(bench: Bench, servers: int) -> None:
    bench.reset(servers)
    options = {
        "url": f"{bench.cloud.csbs_url}/providers/{PROVIDER}/resources/{{{{ item }}}}/action",
        "method": "POST",
        "headers": {"X-Auth-Token": bench.cloud.token()},
        "body_format": "json",
        "body": {"protect": {"backup_name": "before"}},
    }
    task = {"ansible.builtin.uri": options, "loop": list(bench.cloud.state.servers)}
    bench.play(URI, servers, task, changed=False)
    if len(bench.cloud.state.items) != servers:
        raise RuntimeError(f"{URI}: {len(bench.cloud.state.items)} backups for {servers} servers")


def compare(bench: Bench, servers: int) -> None:
    bench.reset(servers)
    bench.play(PING, servers, {"ansible.builtin.ping": None}, changed=False)


def read(bench: Bench, servers: int) -> None:
    """Read a fleet that is under policies as far as they hold it, with a backup of each server."""
    bench.reset(servers, speed=0)
    cloud = bench.cloud
    ids = list(cloud.state.servers)
    for server_id in ids:
        cloud.make_backup(server_id, "nightly", age=3600)
    for number in range(MOST_POLICIES):
        first = number * SERVERS_PER_POLICY
        members = ids[first : first + SERVERS_PER_POLICY]
        if members:
            rows = [{"id": member, "type": "OS::Nova::Server", "name": "server"} for member in members]
            send(cloud, "PUT", f"/policies/{create_policy(cloud, f'fleet-{number}')}", {"policy": {"resources": rows}})
    bench.play(PROTECTION, servers, own("csbs_protection_info", max_age="24h"), changed=False)
    bench.play(POLICIES, servers, own("csbs_policy_info"), changed=False)
    bench.inventory(servers)


def read_as_others(bench: Bench, servers: int) -> None:
    bench.reset(servers, speed=0)
    bench.play(BARE, servers, {"bare_sdk": None}, changed=False)
    if has_openstack():
        bench.play(OPENSTACK, servers, {OPENSTACK: None}, changed=False, old_sdk=True)


def has_openstack() -> bool:
    """Return whether openstack.cloud is there, with the older SDK that it needs."""
    return _OPENSTACK_MANIFEST.exists()


def openstack_versions() -> dict[str, str]:
    """Return the versions of openstack.cloud and of its openstacksdk, if they are there."""
    if not has_openstack():
        return {}
    collection = json.loads(_OPENSTACK_MANIFEST.read_text(encoding="utf-8"))["collection_info"]["version"]
    sdk = next(BESIDE.glob("lib/python*/site-packages/openstacksdk-*.dist-info")).name.split("-")[1]
    return {"openstack.cloud": f"{collection} with openstacksdk {sdk.removesuffix('.dist')}"}


Scenario = t.Callable[[Bench, int], None]


def scenarios(scope: Scope, is_first: bool) -> list[tuple[Scenario, int]]:
    """Return what a round measures, in turn."""
    loops = (*scope.loops, *scope.long_loops) if is_first else scope.loops
    sizes_of: dict[Scenario, tuple[int, ...]] = {
        compare: (1,),
        change_policy_set: scope.changed,
        change_backups: scope.changed,
        loop_over_uri: loops,
        loop_over_backups: loops,
        read: scope.read,
        read_as_others: scope.read_by_others,
    }
    return [(scenario, servers) for scenario, all_sizes in sizes_of.items() for servers in all_sizes]


def measure(folder: Path, scope: Scope, rounds: int) -> dict[Key, Sample]:
    """Run all kinds of tasks in turn, and return the medians for each kind and size, in the order of the tables."""
    # Backups end in less than a second; the tokens of a real cloud outlive all tasks.
    with Emulator(mode="live", list_delay=scope.list_delay, token_lifetime=24 * 3600 * SPEED) as cloud:
        bench = Bench(cloud, folder)
        for number in range(rounds):
            print(f"\n==> round {number + 1} of {rounds}", flush=True)
            for scenario, servers in scenarios(scope, is_first=number == 0):
                scenario(bench, servers)
    return {key: _medians(bench.samples[key]) for key in scope.all_keys() if key in bench.samples}


def _medians(samples: list[Sample]) -> Sample:
    return Sample(*(round(statistics.median_high(column), 3) for column in zip(*samples)))
