# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the steps of `./dev test` side by side: `python tests/tools/run_steps.py STEP...`.

`./dev` prepares the environment and starts this program. Each step is a process `./dev step NAME`. Its output is
printed in one piece when it ends; a step that runs alone prints it at once.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (str(ROOT / "dev"), "step")
#: Most steps wait or use one core, so that a few more than there are cores keep these busy.
AT_ONCE = (os.cpu_count() or 1) + 1
#: Seconds that a step has to clean up after each signal
_PATIENCE = 15.0
#: The exit code of a step that cannot run on this machine and says why
SKIPPED = 77
_SUMMARY = re.compile(r"(passed|failed|error).* in [0-9.]+s")


class Interrupted(Exception):
    """A signal asked this program to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Step:
    """One step while it runs, and its result."""

    def __init__(self, name: str, command: t.Sequence[str], live: bool) -> None:
        """Start the step; live prints its output as it comes."""
        self.name = name
        self._live = live and self.is_pytest
        self._started = time.monotonic()
        self._output = b""
        # A session of its own, so that one signal reaches all that the step has started.
        self.process = subprocess.Popen(
            [*command, name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def is_pytest(self) -> bool:
        """Return whether the step prints the summary of pytest, whose tests are counted."""
        return self.name.startswith(("pytest", "browser"))

    @property
    def is_skipped(self) -> bool:
        """Return whether the step has ended without a try."""
        return self.process.returncode == SKIPPED

    def _read(self) -> None:
        stream = t.cast(io.BufferedReader, self.process.stdout)
        while chunk := stream.read1():
            self._output += chunk
            if self._live:
                sys.stdout.buffer.write(chunk)
                sys.stdout.flush()

    def report(self, cpu: float) -> tuple[int, int]:
        """Print the output, of lints only when they fail, and the verdict; return how many tests passed and failed."""
        # A process that has left the step's session may hold its output open.
        self._reader.join(timeout=5)
        seconds, good = time.monotonic() - self._started, self.process.returncode == 0
        text = self._output.decode(errors="replace")
        if self.is_skipped:
            print(f"\nSKIP  {self.name:<15} {text.strip()}", flush=True)
            return 0, 0
        if not self._live:
            print(f"\n==> {self.name}\n{text if self.is_pytest or not good else ''}", end="")
        print(f"{'PASS' if good else 'FAIL'}  {self.name:<15} {seconds:4.0f} s, {cpu:4.0f} s of CPU", flush=True)
        if not self.is_pytest:
            return int(good), int(not good)
        summary = next((line for line in reversed(text.splitlines()) if _SUMMARY.search(line)), "")
        failed = _count("failed", summary) + _count("error", summary)
        return _count("passed", summary), failed if good else max(failed, 1)

    def signal(self, number: int) -> None:
        """Send a signal to all processes of the step's session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def _cpu_of_children() -> float:
    """Return the seconds of CPU of all processes that have ended and were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _count(word: str, summary: str) -> int:
    found = re.search(rf"(\d+) {word}", summary)
    return int(found[1]) if found else 0


def run(names: t.Sequence[str], command: t.Sequence[str] = COMMAND, at_once: int = AT_ONCE) -> int:
    """Run steps in their order, some at once; print the sum, and return how many tests and lints failed."""
    waiting, running = list(names), list[Step]()
    passed = failed = skipped = 0
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                running.append(Step(waiting.pop(0), command, live=len(names) == 1))
                print(f"\n==> {running[-1].name} begins", flush=True)
            before = _cpu_of_children()
            ended = next((step for step in running if step.process.poll() is not None), None)
            if ended is None:
                time.sleep(0.2)
                continue
            running.remove(ended)
            # What it has left running ends with it.
            ended.signal(signal.SIGKILL)
            good, bad = ended.report(_cpu_of_children() - before)
            passed, failed, skipped = passed + good, failed + bad, skipped + ended.is_skipped
    finally:
        stop(running)
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return failed


def stop(steps: t.Sequence[Step]) -> None:
    """End steps with all that they have started; SIGINT first, which lets them remove what they have made."""
    strays = [pid for step in steps for pid in _descendants(step.process.pid)]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        going = [step for step in steps if step.process.poll() is None]
        for step in going:
            step.signal(number)
        until = time.monotonic() + _PATIENCE
        while going and time.monotonic() < until:
            time.sleep(0.1)
            going = [step for step in going if step.process.poll() is None]
    for step in steps:
        step.signal(signal.SIGKILL)
    # Workers of ansible-playbook have sessions of their own.
    for pid in strays:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _descendants(parent: int) -> list[int]:
    try:
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False)
    except OSError:
        return []
    children: dict[int, list[int]] = {}
    for line in listed.stdout.splitlines():
        pid, ppid = map(int, line.split())
        children.setdefault(ppid, []).append(pid)
    found = list(children.get(parent, []))
    for pid in found:
        found += children.get(pid, [])
    return found


def _interrupt(number: int, frame: object) -> t.NoReturn:
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted(number)


def main(names: t.Sequence[str], command: t.Sequence[str] = COMMAND) -> int:
    """Run steps until they have ended or a signal comes; return the exit code."""
    for caught in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(caught, _interrupt)
    try:
        return 1 if run(names, command) else 0
    except Interrupted as interrupted:
        return 128 + interrupted.number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
