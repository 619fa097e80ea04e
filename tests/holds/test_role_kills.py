# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays of each changing role that are killed, and then simply run again."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support.killed_plays import Boundary, killed_play, orphaned_play
from tests.support.modes import one_mode
from tests.support.plays import changed, play

from .conftest import Tried
from .role_cases import CASES, Case
from .who_is_protected import Before

pytestmark = [pytest.mark.e2e, one_mode]

BY_NAME = {str(case): case for case in CASES}
SERVERS = 6
# A moment of each role at which something is half done
HALF_DONE = {
    "protect-cbr": Boundary(3, "after"),
    "backup-csbs": Boundary(2),
    "prune-csbs": Boundary(2, "after"),
    "restore-cbr": Boundary(1, "after"),
    "offboard-cbr": Boundary(3, "after"),
    "patch_with_backup-csbs": Boundary(1, "after"),
    "migrate_to_cbr-move-csbs": Boundary(7, "after"),
}
# What ends the play there, if it is not SIGKILL
GENTLY = {"prune-csbs": signal.SIGTERM, "backup-csbs": signal.SIGINT}


def begin(cloud: Emulator, case: Case) -> Before:
    """Make what is there before a play, in a cloud without anything."""
    cloud.reset(servers=SERVERS)
    case.prepare(cloud, case.service)
    cloud.journal.clear()
    return Before.of(cloud)


def run(cloud: Emulator, folder: Path, case: Case) -> str:
    """Run the play to its end."""
    variables, options = case.given(folder)
    cloud.journal.clear()
    code, output = play(cloud, folder, case.role, variables, *options)
    assert code == 0, output
    return output


def kill(cloud: Emulator, folder: Path, case: Case, at: Boundary, by: signal.Signals = signal.SIGKILL) -> None:
    """Start the play on a fresh cloud and kill it. Nobody may be harmed then, and nothing of it goes on."""
    before = begin(cloud, case)
    variables, more = case.given(folder)
    end = killed_play(cloud, folder, case.role, variables, at, *more, by=by)
    assert end.killed, f"{case}: the play was over before {at}\n{end.output}"
    unprotected, lost = before.missing(cloud)
    assert unprotected <= set(case.leaving), f"{case}, {at}: nobody protects {unprotected}"
    assert lost <= set(case.deleted), f"{case}, {at}: the backups {lost} are gone"
    assert end.code != 0 and "Traceback" not in end.output and end.left == [], end


def boundaries(writes: int, reads: int) -> list[Boundary]:
    """Return a moment before, between and after writes, each reached from one of its sides, and one amid reads."""
    sides = [Boundary(number - 1, "after") if number % 2 else Boundary(number) for number in range(2, writes + 1)]
    # How often a task looks whether something has ended differs from run to run, so the last reads may not come.
    return [Boundary(1), *sides, Boundary(writes, "after"), Boundary(reads // 2, what="read")]


@pytest.mark.parametrize("name", HALF_DONE)
def test_a_play_that_is_killed_half_done_does_the_rest_when_it_is_run_again(
    cloud: Emulator, tmp_path: Path, name: str, tried: Tried
) -> None:
    case, by = BY_NAME[name], GENTLY.get(name, signal.SIGKILL)
    kill(cloud, tmp_path, case, HALF_DONE[name], by)
    # Who is only asked to end may finish what is on its way, and that may be all of it.
    assert by is not signal.SIGKILL or not case.done(cloud, case.service), "it was not half done"
    output = run(cloud, tmp_path, case)
    assert case.done(cloud, case.service), (output, case.state(cloud))
    column = f"{case.service}: play killed at a write" if by is signal.SIGKILL else f"play ended by {by.name}"
    tried("kills", case.row, column)


@pytest.mark.holds
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_play_that_is_killed_at_any_write_ends_as_a_clean_run(
    cloud: Emulator, tmp_path: Path, case: Case, tried: Tried
) -> None:
    begin(cloud, case)
    run(cloud, tmp_path, case)
    wanted, requests = case.state(cloud), cloud.journal.all()
    assert case.done(cloud, case.service), wanted
    writes = sum(entry["write"] and entry["status"] < 400 for entry in requests)
    moments = boundaries(writes, sum(not entry["write"] and entry["service"] != "identity" for entry in requests))
    for at in moments:
        kill(cloud, tmp_path, case, at)
        output = run(cloud, tmp_path, case)
        assert case.state(cloud) == wanted, f"{case}, killed {at}\n{output}"
    if case.settles:
        output = run(cloud, tmp_path, case)
        assert (changed(output), cloud.journal.writes()) == (0, []), output
    tried("kills", case.row, f"{case.service}: play killed at a write", sum(at.what == "write" for at in moments))
    tried("kills", case.row, f"{case.service}: play killed at a read", sum(at.what == "read" for at in moments))


# ========== modules that live on ==========
@pytest.mark.holds
@pytest.mark.parametrize("name", [name for name in HALF_DONE if not name.startswith("backup")])
def test_a_module_that_outlives_its_play_and_the_next_play_end_as_a_clean_run(
    cloud: Emulator, tmp_path: Path, name: str, tried: Tried
) -> None:
    """A worker has a session of its own, so a signal to the process group of ansible-playbook does not reach it.

    Two tasks that back up the same servers at once both do it, so that is not tried.
    """
    case = BY_NAME[name]
    begin(cloud, case)
    run(cloud, tmp_path, case)
    wanted = case.state(cloud)
    begin(cloud, case)
    variables, options = case.given(tmp_path)
    with orphaned_play(cloud, tmp_path, case.role, variables, HALF_DONE[name].number, *options):
        output = run(cloud, tmp_path, case)
    assert case.state(cloud) == wanted, output
    tried("kills", case.row, f"{case.service}: play killed, and its module goes on")


# ========== signals that ask a play to end ==========
@pytest.mark.holds
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT], ids=lambda by: by.name)
@pytest.mark.parametrize("name", HALF_DONE)
def test_a_play_that_is_asked_to_end_ends_at_once_and_leaves_nothing_running(
    cloud: Emulator, tmp_path: Path, name: str, by: signal.Signals, tried: Tried
) -> None:
    case = BY_NAME[name]
    kill(cloud, tmp_path, case, HALF_DONE[name], by)
    run(cloud, tmp_path, case)
    assert case.done(cloud, case.service), case.state(cloud)
    tried("kills", case.row, f"play ended by {by.name}")
