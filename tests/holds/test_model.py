# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of all kinds in any order, with any trouble between: the cloud holds what a plain model of it says."""

from __future__ import annotations

import collections
import typing as t

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import session, vault_change, vault_members
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution import policy as settling
from tests.emulator import Emulator
from tests.support import holds
from tests.support.modes import one_mode
from tests.support.modules import Args
from tests.support.policy_sets import hurry

from .conftest import Tried
from .model_cloud import SETS
from .model_machine import Laws
from .model_trouble import FAULTS, Around, Trouble

# The live mode is the harder one.
pytestmark = one_mode

SERVERS = [f"srv-{number:04d}" for number in range(1, 7)]
#: How many times how many sequences of how many steps are tried on each service
ROUNDS, EXAMPLES, STEPS = (10, 5, 25) if holds.ALL else (1, 8, 12)
FEW: Args = {
    "max_examples": EXAMPLES,
    "stateful_step_count": STEPS,
    "deadline": None,
    "database": None,
    # What a sequence shows depends on the time that passes, so a shorter one may show nothing.
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
names = st.sampled_from(["nightly", "weekly", "monthly"])
sets = st.sampled_from(SETS)
wishes = st.sampled_from(["before", "after"])
alone = st.sampled_from(["before-alone", "after-alone"])
servers = st.sampled_from(SERVERS)
some = st.lists(servers, unique=True, max_size=4)
one_or_more = st.lists(servers, unique=True, min_size=1, max_size=4)
tags = st.sampled_from([{}, {"team": "web"}, {"team": "db", "more": "1"}])
mostly = st.sampled_from([True, True, True, False])
fields: dict[str, st.SearchStrategy[t.Any]] = {
    "enabled": st.booleans(),
    "retention": st.sampled_from([{}, {"max_backups": 50}, {"days": 365}]),
    "tags": tags,
    "purge_tags": st.booleans(),
    "servers": some,
    "purge_servers": st.booleans(),
    "move_servers": mostly,
}
schedules = st.sampled_from([{"times": ["02:00"]}, {"times": ["04:30"]}])
kinds = st.sampled_from(FAULTS)
faults = st.builds(Trouble, kinds, st.just(True), st.sampled_from([0, 0, 1, 2])) | st.builds(
    Trouble, kinds, st.just(False), st.integers(0, 4)
)
breaks = st.builds(Trouble, st.just(""), st.booleans(), st.integers(0, 2))
busy = st.sampled_from(["", *SERVERS])
arounds = (
    st.just(Around(check=True))
    | st.builds(Around, faults, st.just(False), st.just(""))
    | st.builds(Around, faults, st.just(False), busy)
    | st.builds(Around, breaks | st.none(), st.just(False), busy)
)


def options(required: t.Mapping[str, t.Any], optional: t.Mapping[str, t.Any]) -> st.SearchStrategy[Args]:
    return st.fixed_dictionaries(dict(required), optional=dict(optional))


class Machine(RuleBasedStateMachine):
    """Tasks, and what others do between them."""

    cloud: t.ClassVar[Emulator]
    service: t.ClassVar[str]
    counts: t.ClassVar[collections.Counter[str]]
    problems: t.ClassVar[list[str]]

    def __init__(self) -> None:
        super().__init__()
        self.laws = Laws(self.cloud, self.service, self.counts, self.problems)

    # ========== Tasks ==========
    @initialize()
    def given(self) -> None:
        args: Args = {"schedule": {"times": ["02:00"]}}
        self.laws.task("csbs_policy", {**args, "name": "nightly", "servers": SERVERS[:2], "tags": {"team": "web"}})
        self.laws.task("csbs_policy", {**args, "name": "weekly", "servers": SERVERS[2:3]})

    @rule(
        args=options({"name": names, "schedule": schedules}, {**fields, "new_name": names}),
        around=arounds,
    )
    def policy(self, args: Args, around: Around) -> None:
        self._task("csbs_policy", args, around)

    @rule(args=options({"name": names | sets}, fields), around=arounds)
    def policy_without_schedule(self, args: Args, around: Around) -> None:
        in_set = args["name"] in SETS
        size = {"servers_per_policy": 2} if in_set else {}
        self._task("csbs_policy_set" if in_set else "csbs_policy", {**args, **size}, around)

    @rule(name=names, around=arounds)
    def policy_absent(self, name: str, around: Around) -> None:
        self._task("csbs_policy", {"name": name, "state": "absent"}, around)

    @rule(
        args=options(
            {"policy": names, "servers": one_or_more},
            {"state": st.sampled_from(["present", "absent"]), "move_servers": mostly, "leaving_backups": st.booleans()},
        ),
        around=arounds,
    )
    def policy_server(self, args: Args, around: Around) -> None:
        self._task("csbs_policy_server", args, around)

    @rule(
        args=options(
            {"name": sets, "schedule": schedules, "servers_per_policy": st.integers(1, 3)}, {**fields, "new_name": sets}
        ),
        around=arounds,
    )
    def policy_set(self, args: Args, around: Around) -> None:
        both = {"name", "new_name"} <= args.keys() and {
            args["name"],
            args["new_name"],
        } <= self.laws.model.policies.keys()
        if both:
            # On CSBS that would be one set, whose name was changed in part.
            del args["new_name"]
        self._task("csbs_policy_set", args, around)

    @rule(name=sets, around=arounds)
    def policy_set_absent(self, name: str, around: Around) -> None:
        self._task("csbs_policy_set", {"name": name, "state": "absent"}, around)

    @rule(args=options({"name": wishes, "servers": one_or_more}, {"tags": tags}), around=arounds)
    def backup(self, args: Args, around: Around) -> None:
        if len(args["servers"]) == 1:
            # The backup of one server has no number, and those with a number do not count for it.
            args["name"] += "-alone"
        self._task("csbs_backup", args, around)

    @rule(args=options({"name": wishes | alone}, {"servers": one_or_more}), around=arounds)
    def backup_absent(self, args: Args, around: Around) -> None:
        self._task("csbs_backup", {**args, "state": "absent"}, around)

    @rule(
        args=options(
            {"servers": one_or_more, "keep_last": st.integers(1, 2)}, {"name": st.sampled_from(["before*", "*"])}
        ),
        around=arounds,
    )
    def prune(self, args: Args, around: Around) -> None:
        self._task("csbs_backup_prune", args, around)

    @rule(
        args=options(
            {"resources": st.lists(names, unique=True, min_size=1), "tags": tags},
            {"state": st.just("absent"), "purge": st.booleans()},
        ),
        around=arounds,
    )
    def tag(self, args: Args, around: Around) -> None:
        args["resources"] = [name for name in args["resources"] if name in self.laws.model.policies]
        if args.get("state") == "absent":
            args.pop("purge", None)
        self._task("csbs_tag", {"resource_type": "policy", **args}, around)

    @rule(policy=names, servers=some, around=arounds)
    def policy_run(self, policy: str, servers: list[str], around: Around) -> None:
        members = [server for server in self.laws.model.members(policy) if server in SERVERS]
        args: Args = {"policy": policy, "servers": members or servers, "max_age": "900d"}
        self._task("csbs_policy_run", args, around)

    # ========== Others ==========
    @rule(act=st.sampled_from(["move", "schedule", "break", "rebuild"]), server=servers, name=names | sets)
    def others(self, act: str, server: str, name: str) -> None:
        model, real = self.laws.model, self.laws.real
        policy, place = model.policies.get(name), model.place.get(server)
        if act == "rebuild":
            label = f"{server} that is gone ({len(real.labels)})"
            real.rebuild(server, label)
            model.ends(server, label)
            self.laws.others(f"{server} is deleted, and another one of its name is made")
        elif act == "break" or server in model.ill:
            model.ill ^= {server}
            real.set_health(server, good=server not in model.ill)
            self.laws.others(f"{server} breaks, or is mended")
        elif act == "move" and policy and policy.vault and place not in (None, name):
            real.move(server, name)
            model.moves(server, name)
            self.laws.others(f"others move {server} to {name}")
        elif place:
            real.back_up(server, "autobk_0001")
            model.automatic(server)
            self.laws.others(f"a schedule backs {server} up")

    def _task(self, module: str, args: Args, around: Around) -> None:
        """Run a task with the options that the service has."""
        args = {**args}
        if self.service == "cbr":
            args.pop("servers_per_policy", None)
            if module == "csbs_backup":
                args.pop("tags", None)
                if args.get("state") != "absent":
                    args["vault"] = "by-hand"
        if args.pop("leaving_backups", False) and self.service == "cbr" and args.get("state") == "absent":
            args |= {"leaving_backups": "delete", "confirm": True}
        if module in ("csbs_backup_prune", "csbs_policy_run"):
            # What is in progress does not count for the rules of one, and is too new to be seen by the other.
            around = around._replace(busy="")
        self.laws.task(module, args, around)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pauses short: how long they are is tested elsewhere."""
    hurry(monkeypatch)
    for module in (settling, vault_change, vault_members):
        monkeypatch.setattr(module, "SECONDS_UNTIL_LISTED", 1.0)
    pause = staticmethod(lambda seconds: session.time.sleep(min(seconds, 0.15)))
    monkeypatch.setattr(session.RetryingSession, "sleep", pause)


@pytest.mark.parametrize("turn", range(ROUNDS))
@pytest.mark.parametrize("service", ["csbs", "cbr"])
def test_after_any_tasks_the_cloud_holds_what_was_asked_for(
    cloud: Emulator, tried: Tried, service: str, turn: int
) -> None:
    counts: collections.Counter[str] = collections.Counter()
    problems: list[str] = []
    given = {"cloud": cloud, "service": service, "counts": counts, "problems": problems}
    machine = seed(2 * turn + (service == "cbr"))(type("Tasks", (Machine,), given))
    try:
        run_state_machine_as_test(machine, settings=settings(**FEW))
    except BaseException:
        # What depends on time may not happen again, and hypothesis then tells only that.
        assert not problems, problems[0]
        raise
    for what, times in sorted(counts.items()):
        tried("model", service, what, times)
