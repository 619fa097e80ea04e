# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the roles report and migrate_to_cbr are whole at every moment, also when the play is killed."""

from __future__ import annotations

import contextlib
import json
import threading
import typing as t
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.holds import chosen
from tests.support.killed_plays import killed_play
from tests.support.modes import one_mode
from tests.support.modules import run_ok
from tests.support.plays import play

from .conftest import Tried

pytestmark = [pytest.mark.e2e, one_mode]

# The file that programs read comes first. The others are made of it.
FILES = {
    "report": ["protection.json", *(f"protection.{kind}" for kind in ("html", "csv", "md", "prom"))],
    "migrate_to_cbr": ["migration.json", "migration.md"],
}
OLD = json.dumps({"old": "x" * 10_000})
MOMENTS = ("data on its way", "data written", "page written")
CASES = [(role, moment) for role in FILES for moment in MOMENTS]


class Folder(t.NamedTuple):
    """The folder with the files of an earlier run, and a second folder with another link to each of them."""

    path: Path
    names: list[str]

    def fill(self) -> None:
        """Write the files of the earlier run."""
        for folder in (self.path, self.path / "earlier"):
            folder.mkdir()
        for name in self.names:
            (self.path / name).write_text(OLD)
            (self.path / "earlier" / name).hardlink_to(self.path / name)

    def is_new(self, name: str) -> bool:
        """Return whether another file has the name now."""
        return not (self.path / name).samefile(self.path / "earlier" / name)

    def new(self) -> dict[str, list[str]]:
        """Return the lines of the files that are new, and check that nobody has written into an old one."""
        for name in self.names:
            assert (self.path / "earlier" / name).read_text() == OLD, f"{name} was written over and not replaced"
        return {name: (self.path / name).read_text().splitlines() for name in self.names if self.is_new(name)}


@contextlib.contextmanager
def always_whole(path: Path) -> t.Iterator[list[int]]:
    """Read a file of JSON all the time, and fail if it was not whole once. Yields how often it was read."""
    over, reads, broken = threading.Event(), [0], []

    def read() -> None:
        while not over.wait(0.005):
            try:
                json.loads(path.read_text())
            except ValueError as error:
                broken.append(error)
            reads[0] += 1

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield reads
    finally:
        over.set()
        reader.join()
    assert not broken, broken[0]


@pytest.mark.parametrize(("role", "moment"), chosen(CASES, lambda case: "all"))
def test_files_are_replaced_as_a_whole_and_a_kill_leaves_the_old_or_the_new_ones(
    cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str, moment: str, tried: Tried
) -> None:
    schedule = {"frequency": "daily", "times": ["02:00"]}
    run_ok("csbs_policy", {"name": "nightly", "enabled": False, "schedule": schedule, "servers": ["srv-0001"]}, cloud)
    folder = Folder(tmp_path / "way", FILES[role])
    folder.fill()
    copies = tmp_path / "copies"
    monkeypatch.setenv("ANSIBLE_REMOTE_TMP", str(copies))
    data, page = folder.names[:2]
    reached = {
        "data on its way": lambda: any(copies.rglob("*.json")),
        "data written": lambda: folder.is_new(data),
        "page written": lambda: folder.is_new(page),
    }[moment]
    given = {"csbs_report_path": "way"}
    with always_whole(folder.path / data) as reads:
        end = killed_play(cloud, tmp_path, role, given, reached)
        assert end.killed, end.output
        found = folder.new()
        assert list(found) == folder.names[: MOMENTS.index(moment)]
        code, output = play(cloud, tmp_path, role, given)
    assert code == 0 and reads[0], output
    after = folder.new()
    assert list(after) == folder.names
    for name, lines in found.items():
        assert len(lines) == len(after[name]), f"{name} was not whole"
    assert sorted(one.name for one in folder.path.iterdir()) == sorted([*folder.names, "earlier"])
    tried("kills", role, "play killed while it writes files")
