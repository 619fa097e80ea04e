# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures that the collection promises, beside those that were measured."""

from __future__ import annotations

import typing as t

from .figures import BACKUP, INVENTORY, LOOP, SET, SET_IDLE, URI, Figures

BARE_TASK = "bare_sdk"


class Promise(t.NamedTuple):
    """A promise, what was measured, and whether that keeps it; None and False if nothing was measured."""

    words: str
    measured: str | None
    is_met: bool


def polls_of(journal: t.Sequence[t.Any]) -> int:
    """Return how often a task looked at the list of backups after its last request that writes."""
    polls = 0
    for entry in reversed(journal):
        if entry["write"]:
            return polls
        is_first_page = entry["path"].endswith("/checkpoint_items") and "marker" not in entry["query"]
        polls += entry["method"] == "GET" and is_first_page
    return 0


def most_requests_of_backups(servers: int, polls: int) -> int:
    """Return how many requests the backup of a fleet may cost: 20 to start, and 3 for each poll."""
    return servers + 20 + 3 * polls


def _requests_of_backups(figures: Figures) -> tuple[str, bool]:
    sample = figures.samples[BACKUP, 1_000]
    most = most_requests_of_backups(1_000, sample.polls)
    return f"{sample.requests:,} requests with {sample.polls} polls, of {most:,}", sample.requests <= most


def _cpu_of_backups(figures: Figures) -> tuple[str, bool]:
    sample = figures.samples[BACKUP, 1_000]
    return f"{sample.cpu:.1f} s, with ansible-playbook itself", sample.cpu < 20


def _speed_beside(loop: str, least: float) -> t.Callable[[Figures], tuple[str, bool]]:
    def measured(figures: Figures) -> tuple[str, bool]:
        ratio = figures.seconds_of_loop(loop, 100) / figures.samples[BACKUP, 100].seconds
        return f"{ratio:.1f} times", ratio >= least

    return measured


def _requests_of_set(kind: str, most: int) -> t.Callable[[Figures], tuple[str, bool]]:
    def measured(figures: Figures) -> tuple[str, bool]:
        requests = figures.samples[kind, 1_000].requests
        return f"{requests} requests", requests <= most

    return measured


def _idle_task(figures: Figures) -> tuple[str, bool]:
    bare = figures.tasks[BARE_TASK].cpu
    ratio, module = max((cost.cpu / bare, module) for module, cost in figures.tasks.items() if module != BARE_TASK)
    return f"{ratio:.2f} times at most ({module})", ratio <= 1.10


def _pages_of_inventory(figures: Figures) -> tuple[str, bool]:
    lists = figures.samples[INVENTORY, 10_000].server_lists
    # The service may need one page more to say that there are no more servers.
    return f"{lists} pages", lists <= 11


def _cpu_of_inventory(figures: Figures) -> tuple[str, bool]:
    cpu = figures.samples[INVENTORY, 10_000].cpu
    return f"{cpu:.1f} s, with ansible-inventory itself", cpu < 10


PROMISES: dict[str, t.Callable[[Figures], tuple[str, bool]]] = {
    "One task backs up 1,000 servers with at most 1,000 requests to start the backups, 20 more, and 3 for each poll": (
        _requests_of_backups
    ),
    "One task that backs up 1,000 servers needs less than 20 s of CPU": _cpu_of_backups,
    "One task backs up 100 servers at least 40 times faster than a loop of tasks": _speed_beside(LOOP, 40),
    "One task backs up 100 servers and waits, at least 10 times faster than a loop of ``ansible.builtin.uri`` starts"
    " the backups": _speed_beside(URI, 10),
    "1,000 servers come under a policy set with at most 60 requests": _requests_of_set(SET, 60),
    "A policy set of 1,000 servers with nothing to do needs at most 30 requests": _requests_of_set(SET_IDLE, 30),
    "A task with nothing to do needs at most 1.10 times the CPU of a bare SDK module": _idle_task,
    "The inventory reads 10,000 servers in pages of 1,000": _pages_of_inventory,
    "The inventory of 10,000 servers needs less than 10 s of CPU": _cpu_of_inventory,
}


def promises(figures: Figures) -> list[Promise]:
    """Return each promise beside what was measured."""
    found = []
    for words, measure in PROMISES.items():
        try:
            found.append(Promise(words, *measure(figures)))
        except (KeyError, ValueError):
            found.append(Promise(words, None, False))
    return found
