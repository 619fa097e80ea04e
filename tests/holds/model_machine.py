# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tasks at random, with trouble at random, and compares the cloud with the plain model after each of them."""

from __future__ import annotations

import collections
import contextlib
import re
import typing as t
from datetime import timedelta

from tests.emulator import Emulator
from tests.emulator.journal import is_write, service_of
from tests.laws.test_laws import agree
from tests.support.modules import Args, plain, run_module
from tests.support.safety import GUARD

from .end_state import end_state
from .fault_kinds import Kind
from .model import Backup, Model, Refused
from .model_cloud import ModelCloud, base_of, joined
from .model_trouble import Around, Trouble

FAST: Args = {"timeout": 60, "poll_interval": 0.1}
WAITING = ("csbs_backup", "csbs_backup_prune", "csbs_policy_run")


class Laws:
    """Tasks on one service of a cloud, and what must hold after each of them."""

    def __init__(self, cloud: Emulator, service: str, counts: collections.Counter[str], problems: list[str]) -> None:
        cloud.settings(list_delay=0.1)
        cloud.reset(servers=6)
        self.cloud, self.service, self.counts, self._problems = cloud, service, counts, problems
        self.real = ModelCloud(cloud, service)
        self.model = Model(service, self.real.labels.values())
        # No schedule runs while tasks do: its day comes last.
        self._day = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[(cloud.clock.now() + timedelta(days=6)).weekday()]
        self._told: list[str] = []

    # ========== Tasks ==========
    def task(self, module: str, args: Args, around: Around | None = None) -> None:
        """Run a task as often as the laws need it."""
        trouble, check, busy = around or Around()
        self._told.append(f"{module}: {args}{', first in check mode' if check else ''}")
        self.counts["tasks"] += 1
        self._rest()
        if busy and self.real.begin_backup(busy):
            self._told.append(f"  while others back {busy} up")
            self.counts["acts of others"] += 1
            self.model.backups.append(Backup(busy, "theirs"))
        try:
            wished = self.model.after(module, args)
        except Refused as reason:
            self._refuse(module, args, str(reason))
            return
        predicted = self._check(module, args) if check and not trouble and not busy and not wished.hindered else None
        result = self._run(module, args, wished, trouble)
        if predicted is not None:
            self.counts["predictions"] += 1
            for key in ("changed", "diff"):
                self._need(predicted[key] == result[key], f"check mode says {key} {predicted[key]}, not {result[key]}")
            self._need(
                agree(plain(predicted), plain(result)), f"check mode says {plain(predicted)}, not {plain(result)}"
            )
        self._same(wished)
        self.model = wished
        self._set_is_small(module, args)
        self.cloud.journal.clear()
        again = self._send(module, args)
        self._need(not again.get("failed"), f"the second run fails: {again.get('msg')}")
        self._need(again["changed"] is False, f"the second run changes something: {again.get('diff')}")
        self._need(self.cloud.journal.writes() == [], f"the second run writes: {self.cloud.journal.writes()}")
        if not check:
            self._rest()
            self._look()

    def others(self, told: str) -> None:
        """Take note of what others have done, and let the cloud come to rest."""
        self._told.append(told)
        self.counts["acts of others"] += 1
        self._rest()
        self._same(self.model)

    def _send(self, module: str, args: Args, check: bool = False) -> Args:
        sent: Args = {"service": self.service, **args, **(FAST if module in WAITING else {"timeout": 60})}
        if "servers" in sent:
            sent["servers"] = [self.real.ref(label) for label in sent["servers"]]
        if "schedule" in sent:
            sent["schedule"] = {"frequency": "weekly", "days": [self._day], **sent["schedule"]}
        return run_module(module, sent, self.cloud, check=check)

    def _check(self, module: str, args: Args) -> Args:
        self.cloud.journal.clear()
        result = self._send(module, args, check=True)
        self._need(not result.get("failed"), f"fails in check mode: {result.get('msg')}")
        self._need(self.cloud.journal.writes() == [], "check mode writes")
        return result

    def _refuse(self, module: str, args: Args, reason: str) -> None:
        self.counts["refusals"] += 1
        self.cloud.journal.clear()
        for check in (True, False):
            result = self._send(module, args, check)
            self._told.append(f"    refused: {result.get('msg')}")
            self._need(bool(result.get("failed")), f"is not refused: {reason}")
            # Where there are several reasons, each will do.
            ill = "|state ERROR" if self.model.ill & set(args.get("servers") or ()) else ""
            held = "|move_servers is false" if args.get("move_servers") is False else ""
            self._need(re.search(reason + ill + held, result["msg"]) is not None, f"the reason should be: {reason}")
        self._need(self.cloud.journal.writes() == [], "a task that is refused writes")
        self._same(self.model)
        # The next task may depend on what others have just begun.
        self.real.list_all()

    def _run(self, module: str, args: Args, wished: Model, trouble: Trouble | None) -> Args:
        """Run a task until it succeeds, once more after trouble."""
        held, before = self.real.view(), self._state()
        with self._armed(trouble, args) as met:
            result = self._send(module, args)
        self._rest()
        changed = self._state() != before
        for server in self.model.ill - wished.ill:
            wished.ill.add(server)
            wished.hindered.add(server)
        how = f"failed: {result['msg']}" if result.get("failed") else "ok"
        self._told.append(f"    {how}, changed {result.get('changed')}")
        self._need("exception" not in result, "shows a traceback")
        self._need(result["changed"] is changed, f"changed is {result['changed']}, and {changed} is right")
        self._need(not GUARD.losses and not GUARD.deletions, f"deletes unasked: {GUARD.losses} {GUARD.deletions}")
        if not result.get("failed"):
            late = wished.hindered if trouble and not trouble.fault else set()
            self._need(wished.hindered <= late, f"succeeds, although it cannot with {sorted(wished.hindered)}")
            wished.hindered.clear()
            return result
        self._failed(result, held, wished, bool(wished.hindered) or any(not kind.passes for kind in met))
        for server in wished.hindered:
            self._mend(server, wished)
        wished.hindered.clear()
        self._rest()
        self._told.append("  again")
        return self._run(module, args, wished, None)

    def _failed(self, result: Args, held: dict[str, t.Any], wished: Model, may_fail: bool) -> None:
        """A task may fail only for a reason, which it tells, and then nothing is lost."""
        message = str(result["msg"])
        self._need(may_fail, "fails without need")
        bad = r"\n|<html|Traceback|Unexpected error|KeyError|JSONDecode|object has no attribute"
        self._need(re.search(bad, message) is None, "the message is not one clear line")
        found, wish = self.real.view(), wished.view()
        unprotected = _protected(held) & _protected(wish) - _protected(found)
        if "COULD NOT PUT BACK" in message:
            # No policy takes a server that breaks while it moves.
            unprotected = {server for server in unprotected if server not in self.model.ill or server not in message}
        self._need(not unprotected, f"left in no policy: {sorted(unprotected)}")
        count = collections.Counter
        lost = count(held["backups"]) - count(found["backups"])
        unasked = lost - (count(held["backups"]) - count(wish["backups"]))
        self._need(not unasked, f"lost backups: {unasked}")
        surplus = count(found["backups"]) - (count(held["backups"]) | count(wish["backups"]))
        self._need(not surplus, f"backups that nobody asked for: {surplus}")

    def _mend(self, server: str, wished: Model) -> None:
        self._told.append(f"  {server} is mended")
        self.real.set_health(server, good=True)
        for model in (self.model, wished):
            model.ill.discard(server)

    @contextlib.contextmanager
    def _armed(self, trouble: Trouble | None, args: Args) -> t.Iterator[list[Kind]]:
        """Let trouble come at its request; yields the faults that have come."""
        met: list[Kind] = []
        seen = [0]

        def see(method: str, path: str, body: t.Any) -> None:
            service = service_of(path)
            if trouble is None or service == "identity" or is_write(method, path) is not trouble.writes:
                return
            seen[0] += 1
            if seen[0] != trouble.number + 1:
                return
            if not trouble.fault:
                self._break(args)
            else:
                kind = trouble.kind(service, method, path)
                self.counts["faults"] += 1
                met.append(kind)
                self._told.append(f"  {kind.name} at {method} {path}")
                self.cloud.faults.add(method=method, path=re.escape(path), **kind.fault)

        self.cloud.watchers.append(see)
        yield met
        self.cloud.watchers.remove(see)
        self.cloud.faults.clear()

    def _break(self, args: Args) -> None:
        """Let the first server of a task break."""
        for server in (args.get("servers") or [])[:1]:
            self._told.append(f"  {server} breaks meanwhile")
            self.counts["acts of others"] += 1
            self.real.set_health(server, good=False)
            self.model.ill.add(server)

    # ========== Laws ==========
    def _look(self) -> None:
        """Lookups return what the model holds."""
        self.counts["lookups"] += 1
        self.real.list_all()
        wish = self.model.view()
        policies = run_module("csbs_policy_info", {"service": self.service}, self.cloud)["policies"]
        self._equal(joined((one["name"], self._fields(one)) for one in policies), wish["policies"], "csbs_policy_info")
        backups = run_module("csbs_backup_info", {"service": self.service}, self.cloud)["backups"]
        found = sorted(
            (
                self.real.labels[one["server"]["id"]],
                base_of(one["name"]),
                str(dict(sorted((one["tags"] or {}).items()))),
                one["auto_trigger"],
            )
            for one in backups
            if one["status"] == "available"
        )
        self._equal(found, wish["backups"], "csbs_backup_info")
        servers = run_module("csbs_protection_info", {"service": self.service}, self.cloud)["servers"]
        places = {
            self.real.labels[one["id"]]: (base_of((one["policy"] or {"name": ""})["name"]), one["backup_count"])
            for one in servers
        }
        wished = {
            server: (self.model.place.get(server, ""), len(self.model.of_server(server)))
            for server in self.model.servers
        }
        self._equal(places, wished, "csbs_protection_info")

    def _fields(self, policy: Args) -> dict[str, t.Any]:
        limits = {key: policy["retention"][key] for key in ("max_backups", "days")}
        return {
            "times": policy["schedule"]["times"][0],
            "enabled": policy["enabled"],
            "retention": {key: limit for key, limit in limits.items() if limit is not None},
            "tags": policy["tags"],
            "servers": sorted(self.real.labels[server["id"]] for server in policy["servers"]),
        }

    def _set_is_small(self, module: str, args: Args) -> None:
        """A set has the fewest policies if the task may move all its servers."""
        if module != "csbs_policy_set" or self.service != "csbs" or args.get("state") == "absent":
            return
        name = args.get("new_name") or args["name"]
        members, size = set(self.model.members(name)), args["servers_per_policy"]
        if members <= set(args.get("servers") or ()) - self.model.ill and args.get("move_servers", True):
            sizes = self.real.sizes(name)
            self._need(len(sizes) == max(1, -(-len(members) // size)), f"has {len(sizes)} policies: {sizes}")
            self._need(max(sizes) <= size, f"has too large policies: {sizes}")

    def _same(self, wished: Model) -> None:
        """The cloud holds what the model says."""
        try:
            found = self.real.view()
        except AssertionError as error:
            self._fail(str(error))
        wish = wished.view()
        for key, value in wish.items():
            self._equal(found[key], value, "the cloud")

    def _equal(self, found: t.Any, wished: t.Any, what: str) -> None:
        if isinstance(found, dict):
            differing = [key for key in {**found, **wished} if found.get(key, "-") != wished.get(key, "-")]
            told = "; ".join(f"{key}: {found.get(key)}, not {wished.get(key)}" for key in sorted(differing))
        else:
            told = f"{found}, not {wished}"
        self._need(found == wished, f"{what} has {told}")

    def _rest(self) -> None:
        """Let what goes on end."""
        self.cloud.clock.advance(1800)

    def _state(self) -> dict[t.Any, object]:
        """Return what tasks can change."""
        return {key: value for key, value in end_state(self.cloud, automatic=True).items() if key[0] != "server"}

    def _need(self, holds: bool, problem: str) -> None:
        if not holds:
            self._fail(problem)

    def _fail(self, problem: str) -> t.NoReturn:
        told = "\n".join(self._told)
        self._problems.append(f"with {self.service}, after\n{told}\n=> {problem}")
        raise AssertionError(self._problems[-1])


def _protected(held: t.Mapping[str, t.Any]) -> set[str]:
    return {server for policy in held["policies"].values() for server in policy["servers"]}
