# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an action plugin shows of its module: each line, and a sign of life when the module is silent for long."""

from __future__ import annotations

import io
import typing as t

import pytest
from ansible import constants

from ansible_collections.opentelekomcloud.csbs.plugins.plugin_utils import _progress
from ansible_collections.opentelekomcloud.csbs.plugins.plugin_utils._progress import show_progress


class Module:
    """A module that writes lines at given seconds and then ends; its time passes while the action plugin waits."""

    def __init__(self, lines: dict[float, str], seconds: float) -> None:
        self.time, self.lines, self.seconds = 0.0, dict(lines), seconds
        self.stream = io.StringIO()

    def is_set(self) -> bool:
        return self.time >= self.seconds

    def wait(self, pause: float) -> None:
        self.time += pause
        for moment in [moment for moment in self.lines if moment <= self.time]:
            position = self.stream.tell()
            self.stream.seek(0, io.SEEK_END)
            self.stream.write(self.lines.pop(moment) + "\n")
            self.stream.seek(position)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[Module], list[str]]:
    """Return what shows the progress of a module and returns the lines."""
    lines: list[str] = []
    monkeypatch.setattr(_progress.Display, "display", lambda self, line: lines.append(line))

    def run(module: Module) -> list[str]:
        show_progress(module.stream, module, "csbs_x: [web] ", now=lambda: module.time)
        return lines

    return run


def test_each_line_is_shown_also_one_that_is_written_at_the_end(shown: t.Callable[[Module], list[str]]) -> None:
    module = Module({1: "1/2 things done, 50 %, after 1s", 3: "2/2 things done, 100 %, after 3s"}, seconds=3)
    assert shown(module) == [
        "csbs_x: [web] 1/2 things done, 50 %, after 1s",
        "csbs_x: [web] 2/2 things done, 100 %, after 3s",
    ]


def test_a_module_that_is_silent_for_long_shows_its_last_counts_again(shown: t.Callable[[Module], list[str]]) -> None:
    module = Module({10: "1/2 things done, 50 %, after 9s"}, seconds=170)
    assert shown(module)[1:] == [
        "csbs_x: [web] 1/2 things done, 50 %, after 1m 25s, still running",
        "csbs_x: [web] 1/2 things done, 50 %, after 2m 40s, still running",
    ]


def test_a_quiet_line_is_shown_only_when_no_other_follows_for_long(shown: t.Callable[[Module], list[str]]) -> None:
    module = Module({1: ".0/9 things done, 0 %, after 0s"}, seconds=100)
    assert shown(module) == ["csbs_x: [web] 0/9 things done, 0 %, after 1m 16s, still running"]


def test_a_module_that_writes_nothing_shows_nothing(shown: t.Callable[[Module], list[str]]) -> None:
    """In check mode, and while it plans, a module has done nothing yet."""
    assert shown(Module({}, seconds=500)) == []


def test_a_module_that_polls_as_rarely_as_possible_counts_as_talking(shown: t.Callable[[Module], list[str]]) -> None:
    lines = {60.0 * number: f"{number}/9 things done, 0 %, after {number}m 0s" for number in range(1, 9)}
    assert not any("still running" in line for line in shown(Module(lines, seconds=500)))


@pytest.mark.parametrize(
    ("callback", "original", "read"),
    [
        ("default", None, True),
        ("community.general.yaml", None, True),
        ("json", None, False),
        ("ansible.posix.json", None, False),
        ("ansible.posix.jsonl", None, False),
        ("community.general.null", None, False),
        ("my.own.callback", None, False),
        # ansible-runner sets a callback of its own, which passes on what the user's callback writes.
        ("awx_display", None, True),
        ("awx_display", "minimal", True),
        ("awx_display", "ansible.posix.json", False),
    ],
)
def test_lines_are_for_callbacks_that_people_read(
    callback: str, original: str | None, read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_STDOUT_CALLBACK", callback)
    monkeypatch.delenv("ORIGINAL_STDOUT_CALLBACK", raising=False)
    if original is not None:
        monkeypatch.setenv("ORIGINAL_STDOUT_CALLBACK", original)
    assert _progress._is_read_by_people() is read
