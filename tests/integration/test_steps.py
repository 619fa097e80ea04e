# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of `./dev test` side by side: whole outputs, true counts, and nothing left when it is interrupted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

from tests.tools import run_steps

ROOT = Path(__file__).resolve().parents[2]
#: Steps in place of those of ./dev
STEPS = """
case $1 in
pytest_good) echo "one.."; sleep 0.3; echo "3 passed, 1 skipped in 1.25s" ;;
pytest_bad) echo "2 failed, 4 passed, 1 error in 0.50s"; exit 1 ;;
pytest_broken) echo "no summary"; exit 4 ;;
browser_none) echo "there is no browser"; exit 77 ;;
lint_good) echo "words of a lint that is content" ;;
lint_bad) echo "words of a lint that is not"; exit 1 ;;
stray) sleep 600 & echo $! >"$PIDS/stray" ;;
long)
    trap 'touch "$PIDS/cleaned"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    echo $$ >"$PIDS/long"
    python3 -c "$APART" "$PIDS/apart" &
    sleep 600
    ;;
esac
"""
#: A process with a session of its own, as workers of ansible-playbook are
APART = "import os, sys, time; os.setsid(); open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and that nobody has waited for does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def wait_for(condition: t.Callable[[], bool]) -> bool:
    until = time.monotonic() + 60
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    (tmp_path / "steps.sh").write_text(STEPS)
    monkeypatch.setenv("PIDS", str(tmp_path))
    monkeypatch.setenv("APART", APART)
    return ["sh", str(tmp_path / "steps.sh")]


def test_each_output_is_in_one_piece_and_all_tests_and_lints_are_counted(
    command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    names = ["pytest_good", "pytest_bad", "lint_good", "lint_bad"]
    assert run_steps.run(names, command, at_once=4) == 4
    output = capfd.readouterr().out
    assert "\n==> pytest_good\none..\n3 passed, 1 skipped in 1.25s\nPASS  pytest_good " in output
    assert "FAIL  pytest_bad " in output and "PASS  lint_good " in output
    assert "\n==> lint_bad\nwords of a lint that is not\nFAIL  lint_bad " in output and "is content" not in output
    assert output.endswith("\n8 passed, 4 failed\n")


def test_tests_that_do_not_even_begin_are_a_failure(command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert run_steps.run(["pytest_broken"], command) == 1
    assert "no summary" in capfd.readouterr().out


def test_a_step_that_cannot_run_here_says_so_and_is_neither_passed_nor_failed(
    command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_steps.run(["browser_none", "lint_good"], command) == 0
    output = capfd.readouterr().out
    assert re.search("^SKIP  browser_none +there is no browser$", output, re.MULTILINE)
    assert output.endswith("\n1 passed, 0 failed, 1 skipped\n")


@pytest.mark.parametrize(("at_once", "overlap"), [(1, False), (2, True)])
def test_no_more_steps_run_at_once_than_allowed(
    command: list[str], capfd: pytest.CaptureFixture[str], at_once: int, overlap: bool
) -> None:
    run_steps.run(["pytest_good", "pytest_bad"], command, at_once=at_once)
    output = capfd.readouterr().out
    assert (output.index("==> pytest_bad begins") < output.index("==> pytest_good\n")) is overlap


def test_what_a_step_leaves_running_ends_with_it(command: list[str], tmp_path: Path) -> None:
    run_steps.run(["stray"], command)
    stray = int((tmp_path / "stray").read_text())
    assert wait_for(lambda: not is_alive(stray))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_steps_clean_up_and_leaves_no_process(
    command: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    start = "import sys; from tests.tools import run_steps; sys.exit(run_steps.main(['long'], sys.argv[1:]))"
    runner = subprocess.Popen([sys.executable, "-c", start, *command], cwd=ROOT, env={**os.environ, "PYTHONPATH": "."})
    files = [tmp_path / "long", tmp_path / "apart"]
    assert wait_for(lambda: all(file.exists() and file.read_text() for file in files))
    runner.send_signal(number)
    assert runner.wait(timeout=60) == 128 + number
    assert (tmp_path / "cleaned").exists()
    for file in files:
        pid = int(file.read_text())
        assert wait_for(lambda pid=pid: not is_alive(pid)), file.name
