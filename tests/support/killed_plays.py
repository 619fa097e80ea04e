# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays that are killed at a request, or at another moment: ansible-playbook, its workers and their modules."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
import typing as t
import uuid
from pathlib import Path

from tests.emulator import Emulator
from tests.emulator.journal import is_write, service_of
from tests.support.plays import command_of
from tests.support.safety import GUARD

#: The environment of a play and of everything that it starts has it. Each worker has a session of its own, so a
# process group is not enough.
MARK = "CSBS_PLAY_OF_A_TEST"
_SECONDS = 120.0
# Who is asked to end may wait for the answers to what it has sent.
_SECONDS_FOR_A_SIGNAL = 1.0
_SECONDS_TO_END = 30.0
# How many requests of another play a write waits for, and how long if it cannot send them
_MEANWHILE = 12
_SECONDS_MEANWHILE = 20.0


class Boundary(t.NamedTuple):
    """A moment of a play: right before a request of it is carried out, or after that, before it sees the answer."""

    number: int
    when: str = "before"
    #: write, or read: of the services, not of Keystone
    what: str = "write"

    def __str__(self) -> str:
        return f"{self.when} {self.what} {self.number}"


class End(t.NamedTuple):
    """How a play ended."""

    #: Whether the moment came before the play was over
    killed: bool
    code: int
    output: str
    #: What is left of the play a moment after its end, if that was to be seen
    left: list[str]


class _Moment:
    """Holds up all requests of a play from a boundary on: for ever, or so long that a signal comes amid them."""

    def __init__(self, cloud: Emulator, boundary: Boundary, for_ever: bool) -> None:
        self._cloud, self._boundary, self._for_ever = cloud, boundary, for_ever
        self._lock, self._seen, self._reached = threading.Lock(), 0, False

    def see(self, method: str, path: str, dummy: t.Any) -> None:
        if service_of(path) == "identity" or is_write(method, path) != (self._boundary.what == "write"):
            return
        with self._lock:
            self._seen += 1
            if self._reached or self._seen < self._boundary.number:
                return
            self._reached = True
            if not self._for_ever:
                self._cloud.faults.add(delay=_SECONDS_FOR_A_SIGNAL, times=-1)
                return
            if self._boundary.when == "after":
                self._cloud.faults.add(method=method, path=f"^{re.escape(path)}", hang="after")
            self._cloud.faults.add(hang="before", times=-1)

    def reached(self) -> bool:
        wanted = f"hang {self._boundary.when}"
        if not self._reached or not self._for_ever:
            return self._reached
        return any(entry["dropped"] == wanted for entry in self._cloud.journal.all())


@contextlib.contextmanager
def _held_up(cloud: Emulator, at: Boundary | t.Callable[[], bool], for_ever: bool) -> t.Iterator[t.Callable[[], bool]]:
    """Return what says whether a moment has come. All requests that come at a boundary or later are held up."""
    if not isinstance(at, Boundary):
        yield at
        return
    moment = _Moment(cloud, at, for_ever)
    cloud.watchers.append(moment.see)
    try:
        yield moment.reached
    finally:
        cloud.watchers.remove(moment.see)
        cloud.faults.clear()


class _Play(t.NamedTuple):
    process: subprocess.Popen[bytes]
    mark: str
    printed: Path

    def output(self) -> str:
        return self.printed.read_text(errors="replace")


@contextlib.contextmanager
def _started(
    cloud: Emulator, folder: Path, playbook: str, variables: dict[str, t.Any], options: tuple[str, ...]
) -> t.Iterator[_Play]:
    """Start a playbook of the collection. Afterwards nothing of it is left."""
    clouds = cloud.write_clouds(folder / "clouds.yaml")
    whole = f"opentelekomcloud.csbs.{playbook}"
    command, environment = command_of(clouds, "local", folder, whole, variables, *options)
    mark = str(uuid.uuid4())
    environment[MARK] = mark
    printed = folder / "killed.txt"
    cloud.journal.clear()
    with GUARD.asked(variables), printed.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        try:
            yield _Play(process, mark, printed)
        finally:
            kill_marked(mark)
            process.wait(timeout=_SECONDS)


def killed_play(
    cloud: Emulator,
    folder: Path,
    playbook: str,
    variables: dict[str, t.Any],
    at: Boundary | t.Callable[[], bool],
    *options: str,
    by: signal.Signals = signal.SIGKILL,
) -> End:
    """Start a playbook of the collection, and end it at a moment.

    With SIGKILL, all its processes end at once, as when the machine fails. With SIGTERM, ansible-playbook gets the
    signal, and with SIGINT its process group, as from a terminal; then requests may be carried out and answered.
    """
    with (
        _held_up(cloud, at, by is signal.SIGKILL) as reached,
        _started(cloud, folder, playbook, variables, options) as running,
    ):
        process, mark = running.process, running.mark
        came = _wait(lambda: process.poll() is not None or reached()) and process.poll() is None
        if came:
            _end(process, mark, by)
        process.wait(timeout=_SECONDS)
        _wait(lambda: not _processes(mark), _SECONDS_TO_END)
        left = list(map(_command, _processes(mark)))
    return End(came, process.returncode, running.output(), left)


@contextlib.contextmanager
def orphaned_play(
    cloud: Emulator, folder: Path, playbook: str, variables: dict[str, t.Any], number: int, *options: str
) -> t.Iterator[None]:
    """Start a playbook of the collection, and kill only ansible-playbook at its n-th write. Its module lives on.

    That write waits until another play has sent some requests, or cannot. Afterwards the module has ended by itself.
    """
    lock, orphaned, writes, others = threading.Lock(), threading.Event(), [0], [0]

    def see(method: str, path: str, dummy: t.Any) -> None:
        with lock:
            others[0] += orphaned.is_set() and service_of(path) != "identity"
            writes[0] += is_write(method, path)
            if orphaned.is_set() or writes[0] < number:
                return
            orphaned.set()
        running.process.kill()
        running.process.wait()
        _wait(lambda: others[0] >= _MEANWHILE, _SECONDS_MEANWHILE)

    with _started(cloud, folder, playbook, variables, options) as running:
        cloud.watchers.append(see)
        try:
            assert orphaned.wait(_SECONDS), running.output()
            yield
            assert _wait(lambda: not _processes(running.mark)), "the module goes on for ever"
        finally:
            cloud.watchers.remove(see)


def _end(running: subprocess.Popen[bytes], mark: str, by: signal.Signals) -> None:
    if by is signal.SIGKILL:
        kill_marked(mark)
    elif by is signal.SIGINT:
        os.killpg(running.pid, by)
    else:
        running.send_signal(by)


def _wait(reached: t.Callable[[], t.Any], seconds: float = _SECONDS) -> bool:
    """Wait until something holds, and return whether it does."""
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def kill_marked(mark: str) -> None:
    """Kill a play with a mark and all that it started, also what is started meanwhile."""
    while found := _processes(mark):
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.005)


def _processes(mark: str) -> list[int]:
    """Return the IDs of the processes that have a mark in their environment. One that has ended has none."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
    return found


def _command(process: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""
