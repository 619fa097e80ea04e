# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark runs, its page and its picture show its figures, and nothing is left of it when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import psutil
import pytest
import yaml

from tests.benchmark.figures import LOOP, QUICK, Figures, Sample, Scope, TaskCost, figures_of
from tests.benchmark.page import write_figures
from tests.benchmark.promises import PROMISES, polls_of, promises
from tests.benchmark.task_cost import TASKS
from tests.support.modules import MODULES

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/docsite/rst/benchmark.rst"
PICTURE = ROOT / "docs/docsite/rst/images/speed.svg"
FIGURES = ROOT / "tests/benchmark/figures.yml"
BESIDE = ROOT / ".venv/benchmark/bin/python"


def load(path: Path) -> Figures:
    return figures_of(yaml.safe_load(path.read_text(encoding="utf-8")))


# ========== The page ==========
def test_the_page_shows_the_figures() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert write_figures(text, load(FIGURES)) == text, "run: ./dev benchmark"


def test_the_figures_are_those_of_a_full_run() -> None:
    figures = load(FIGURES)
    scope = Scope(long_loops=(max(servers for kind, servers in figures.samples if kind == LOOP),))
    assert list(figures.samples) == scope.all_keys() and figures.left_out == {}
    assert list(figures.tasks) == list(TASKS)
    assert figures.conditions["Command"].startswith("``./dev benchmark")


def test_each_module_has_a_task_with_nothing_to_do() -> None:
    assert set(MODULES) <= set(TASKS)


def test_the_picture_shows_each_kind_that_it_draws() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    for words in ("csbs_backup: start and wait", "csbs_policy_set: from nothing", "loop of ansible.builtin.uri"):
        assert words in text


# ========== The promises ==========
GOOD = Sample(seconds=1, whole_seconds=1, cpu=1, megabytes=1, requests=1, polls=1, server_lists=1)
BAD = Sample(seconds=1, whole_seconds=1, cpu=30, megabytes=1, requests=2_000, polls=1, server_lists=20)


def figures_with(sample: Sample, loops: float, idle: float) -> Figures:
    keys = Scope(long_loops=(100,)).all_keys()
    samples = {key: sample._replace(seconds=loops if "loop" in key[0] else 1) for key in keys}
    return Figures({}, {}, samples, {"bare_sdk": TaskCost(100, 0), "csbs_tag": TaskCost(idle, 0)})


@pytest.mark.parametrize("words", PROMISES)
def test_a_promise_is_met_or_not_as_it_was_measured(words: str) -> None:
    def found(figures: Figures) -> tuple[bool, str | None]:
        return next((promise.is_met, promise.measured) for promise in promises(figures) if promise.words == words)

    assert found(figures_with(GOOD, loops=40, idle=110))[0] is True
    is_met, measured = found(figures_with(BAD, loops=9.9, idle=111))
    assert is_met is False and measured
    assert found(Figures({}, {}, {}, {})) == (False, None)


def test_a_poll_is_a_look_at_the_first_page_after_the_last_backup_was_started() -> None:
    def entry(method: str, path: str, **query: str) -> dict[str, t.Any]:
        return {"method": method, "path": path, "query": query, "write": method == "POST"}

    first, second = entry("GET", "/checkpoint_items"), entry("GET", "/checkpoint_items", marker="x")
    start = entry("POST", "/resources/x/action")
    assert polls_of([first, second, start, start, first, second, entry("GET", "/policies"), first, second]) == 2
    assert polls_of([first, second]) == 0


# ========== The command ==========
def benchmark(*options: str) -> list[str]:
    return [sys.executable, "-m", "tests.benchmark", "--quick", *options]


@pytest.mark.e2e
def test_a_quick_run_measures_each_kind_and_writes_page_picture_and_figures(tmp_path: Path) -> None:
    assert BESIDE.exists(), f"{BESIDE} is missing; `./dev test pytest_e2e` makes it"
    done = subprocess.run(benchmark("--into", str(tmp_path)), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = load(tmp_path / "figures.yml")
    assert list(figures.samples) == QUICK.all_keys() and figures.left_out == {}
    text = (tmp_path / "benchmark.rst").read_text(encoding="utf-8")
    assert write_figures(PAGE.read_text(encoding="utf-8"), figures) == text
    drawn = (tmp_path / "speed.svg").read_bytes()
    again = tmp_path / "again.svg"
    command = [str(BESIDE), "-m", "tests.benchmark.picture", str(tmp_path / "figures.yml"), str(again)]
    subprocess.run(command, cwd=ROOT, check=True)
    assert again.read_bytes() == drawn, "the same figures make the same picture"


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_process_and_no_file(tmp_path: Path, number: signal.Signals) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(benchmark(), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    runner = psutil.Process(process.pid)
    until = time.monotonic() + 60
    # ansible-playbook has begun when it has a worker.
    while len(started := runner.children(recursive=True)) < 3:
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert [child for child in started if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    assert list(tmp_path.iterdir()) == []
