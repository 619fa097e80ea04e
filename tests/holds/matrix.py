# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix of faults: every module, every request that it sends, every kind of fault."""

from __future__ import annotations

import collections
import functools
import re
import typing as t
from dataclasses import dataclass

from tests.emulator import Emulator
from tests.laws.scenarios.scenario import BACKED_UP, GIVEN, Scenario, args_on_cbr
from tests.laws.situations import CBR_LOOKUPS, CBR_SCENARIOS, LOOKUPS, SCENARIOS
from tests.laws.test_laws import prepare
from tests.support import holds
from tests.support.modules import BOTH_SERVICES, run_ok

from .end_state import Entry, end_state
from .fault_kinds import GROUPS, KINDS, Kind, final_codes, retryable_codes

_ID = r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}"
#: How many situations of a module ./dev test looks at, and how many requests meet one kind of fault there
_FEW = 2


@dataclass(frozen=True)
class Request:
    """One request of a task: which of those with the same method and path it is. written: after the first write."""

    service: str
    method: str
    path: str
    number: int
    write: bool
    written: bool

    @property
    def kind(self) -> tuple[str, str, bool]:
        """What requests have in common that mean the same."""
        return self.method, self.path, self.written


@dataclass(frozen=True)
class Clean:
    """What a task sends and leaves when nothing fails."""

    requests: tuple[Request, ...]
    wished: dict[Entry, object]


def _lookups() -> t.Iterator[Scenario]:
    for service, lookups in (("csbs", LOOKUPS), ("cbr", CBR_LOOKUPS)):
        given = [(name, args_on_cbr(name, args) if service == "cbr" else args) for name, args in (GIVEN, BACKED_UP)]
        for number, (module, args) in enumerate(lookups):
            name = f"{service} {module} asks {number}"
            yield Scenario(name, module, args, tuple(given), idle=True)


def _by_subject() -> dict[tuple[str, str], list[Scenario]]:
    """Return the situations of each module and service; a module for both services has one place."""
    found = collections.defaultdict(list)
    for scenario in (*SCENARIOS, *CBR_SCENARIOS, *_lookups()):
        both = scenario.module in BOTH_SERVICES
        found[scenario.module, "both" if both else scenario.service].append(scenario)
    return dict(found)


#: Situations by module and service
SUBJECTS = _by_subject()
#: Columns whose kinds are the error codes of the service that is asked, and one for lists that are late
BUSY, FINAL, LATE = "busy codes", "final codes", "late lists"
COLUMNS = (*GROUPS, BUSY, FINAL, LATE)


def cases() -> list[tuple[str, str, str]]:
    """Return module, service and kind of fault of each test, in ./dev test a part that has each of them."""
    every = [(*subject, column) for subject in SUBJECTS for column in COLUMNS]
    if holds.ALL:
        return every
    subjects = list(SUBJECTS)
    # A diagonal through the table: each subject meets other kinds, and each kind other subjects.
    return [case for case in every if (subjects.index(case[:2]) + COLUMNS.index(case[2])) % 9 == 0]


def kind_for(column: str, request: Request, turn: int) -> Kind | None:
    """Return the fault of a column for a request, another one in each turn; None when it means nothing there."""
    if column in (BUSY, FINAL):
        kinds = (retryable_codes if column == BUSY else final_codes)(request.service)
    else:
        kinds = [kind for kind in KINDS if kind.group == column and (request.write or not kind.writes_only)]
    return kinds[turn % len(kinds)] if kinds else None


@functools.cache
def clean_run(name: str, module: str, service: str) -> Clean:
    """Return what a situation sends, each kind of request once, and what it leaves."""
    (scenario,) = [one for one in SUBJECTS[module, service] if one.name == name]
    with Emulator(mode="live", servers=6, sparse_items=True, speed=3000, list_delay=0.1) as cloud:
        prepare(cloud, scenario)
        run_ok(module, {**scenario.args, "timeout": 60} if "timeout" in scenario.args else scenario.args, cloud)
        return Clean(tuple(_requests(cloud)), settled(cloud))


def settled(cloud: Emulator) -> dict[Entry, object]:
    """Return what the cloud holds when what goes on in it has ended."""
    cloud.clock.advance(1800)
    return end_state(cloud)


def _requests(cloud: Emulator) -> t.Iterator[Request]:
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    seen, written = set(), False
    for entry in cloud.journal:
        path = re.sub(_ID, "[^/]+", entry["path"]) + "(\\?|$)"
        request = Request(
            entry["service"], entry["method"], path, counts[entry["method"], path], entry["write"], written
        )
        counts[entry["method"], path] += 1
        written = written or entry["write"]
        if request.kind not in seen:
            seen.add(request.kind)
            yield request


def cells(module: str, service: str, column: str) -> list[tuple[Scenario, Request | None, Kind | None]]:
    """Return what a test of the matrix tries: each kind of request, in the first situation that sends it."""
    scenarios = SUBJECTS[module, service]
    turn = COLUMNS.index(column) + 7 * list(SUBJECTS).index((module, service))
    if not holds.ALL:
        scenarios = _few([one for one in scenarios if not one.idle] or scenarios, turn)
    if column == LATE:
        return [(scenario, None, None) for scenario in scenarios]
    seen: set[tuple[str, str, bool]] = set()
    found: list[tuple[Scenario, Request | None, Kind | None]] = []
    for scenario in scenarios:
        for request in clean_run(scenario.name, module, service).requests:
            if request.kind not in seen:
                seen.add(request.kind)
                # With the number of those before: each request meets another kind.
                kind = kind_for(column, request, turn + len(seen))
                if kind:
                    found.append((scenario, request, kind))
    return found if holds.ALL else _few(found, turn)


def _few(every: list[t.Any], turn: int) -> list[t.Any]:
    """Return some of a list, other ones in each turn."""
    return [every[(turn * 5 + number * (len(every) // _FEW)) % len(every)] for number in range(min(_FEW, len(every)))]
