# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends a task of this process at a moment of the run, as a signal would: nothing is undone, and nothing is reported."""

from __future__ import annotations

import collections
import contextlib
import re
import threading
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import session

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}")


class Killed(BaseException):
    """What ends a task at once."""


class Request(t.NamedTuple):
    """A request of a task."""

    method: str
    url: str

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return session.is_reading(self.method, self.url)

    @property
    def kind(self) -> str:
        """Method and path, with a dot in place of each ID: the same in another run."""
        path = re.sub(r"^https?://[^/]+", "", self.url.split("?")[0])
        return f"{self.method.upper()} {_ID.sub('.', path)}"


class Moment(t.NamedTuple):
    """A moment of a run: so many requests that write have had their effect, and then so many readings of a kind."""

    writes: int
    reading: str = ""
    times: int = 0

    def __str__(self) -> str:
        """Return the moment for people."""
        last = f", then reading {self.times} of {self.reading}" if self.times else ""
        return f"after write {self.writes}{last}"


class _Watch:
    """Sees the requests of a task, and ends it at a moment."""

    def __init__(self, moment: Moment | None) -> None:
        self.moment = moment
        self.requests: list[Request] = []
        self.over = moment == Moment(0)
        self._writes = 0
        self._readings: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()

    def request(self, plain: t.Any, own: t.Any, url: str, method: str, **kwargs: t.Any) -> t.Any:
        """Send a request, unless the task has ended, and end the task before it sees the answer."""
        request = Request(method, url)
        # What writes is sent by one worker at a time, so that no other write has its effect after the moment.
        with contextlib.nullcontext() if request.reads else self._lock:
            self._end_if_over()
            try:
                return plain(own, url, method, **kwargs)
            finally:
                self._see(request)
                self._end_if_over()

    def _end_if_over(self) -> None:
        if self.over:
            raise Killed

    def _see(self, request: Request) -> None:
        self.requests.append(request)
        if request.reads:
            self._readings[request.kind] += 1
            now = Moment(self._writes, request.kind, self._readings[request.kind])
        else:
            self._writes += 1
            self._readings.clear()
            now = Moment(self._writes)
        self.over = self.over or now == self.moment


@contextlib.contextmanager
def _watched(moment: Moment | None) -> t.Iterator[_Watch]:
    watch, plain = _Watch(moment), session.RetryingSession.request

    def request(self: t.Any, url: str, method: str, **kwargs: t.Any) -> t.Any:
        return watch.request(plain, self, url, method, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session.RetryingSession, "request", request)
        yield watch


@contextlib.contextmanager
def recorded() -> t.Iterator[list[Request]]:
    """Return the requests that a task of this process sends."""
    with _watched(None) as watch:
        yield watch.requests


@contextlib.contextmanager
def killed(moment: Moment) -> t.Iterator[_Watch]:
    """Kill the task of this process at a moment, right after a request, before it sees the answer.

    over says whether that moment has come.
    """
    with _watched(moment) as watch, contextlib.suppress(Killed):
        yield watch


def killed_after(writes: int) -> contextlib.AbstractContextManager[_Watch]:
    """Kill the task of this process right after its n-th write, before it sees the answer; 0 is before the first."""
    return killed(Moment(writes))


def moments_of(requests: t.Iterable[Request], readings: bool = True) -> list[Moment]:
    """Return the moments after each request of a run, the one before the first included.

    A reading that is repeated until something has happened counts once between two writes.
    """
    moments, writes = [Moment(0)], 0
    seen: set[Request] = set()
    counts: collections.Counter[str] = collections.Counter()
    for request in requests:
        if not request.reads:
            writes += 1
            moments.append(Moment(writes))
            seen.clear()
            counts.clear()
            continue
        counts[request.kind] += 1
        if readings and request not in seen:
            seen.add(request)
            moments.append(Moment(writes, request.kind, counts[request.kind]))
    return moments
