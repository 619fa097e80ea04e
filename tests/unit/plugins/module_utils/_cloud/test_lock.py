# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file lock: waits for others, but never forever, and only where no other user can hold it."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import lock
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.lock import file_lock


def test_a_task_that_waits_too_long_for_the_lock_goes_on_without_it() -> None:
    with file_lock("change", "policy"):
        started = time.monotonic()
        with file_lock("change", "policy", within=0.1):
            assert 0.1 <= time.monotonic() - started < 60


def test_the_lock_is_free_after_the_block() -> None:
    with contextlib.suppress(ValueError), file_lock("change", "policy"):
        raise ValueError
    started = time.monotonic()
    with file_lock("change", "policy", within=60):
        assert time.monotonic() - started < 30


def test_lock_files_are_where_no_other_user_can_create_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of all users another user could create the file first, and hold the lock forever."""
    runtime, home, public = tmp_path / "run", tmp_path / "home", tmp_path / "public"
    for folder in (runtime, home, public):
        folder.mkdir(mode=0o700)
    public.chmod(0o777)
    monkeypatch.setenv("HOME", str(home))
    for place, expected in ((runtime, runtime), (public, home / ".ansible" / "tmp"), ("", home / ".ansible" / "tmp")):
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))
        with file_lock("change", "policy"):
            (made,) = expected.glob("ansible-csbs-*.lock")
        assert stat.S_IMODE(made.stat().st_mode) == 0o600 and made.stat().st_uid == os.getuid()
        made.unlink()
    assert list(public.iterdir()) == []


def test_where_there_is_no_place_for_a_lock_the_task_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    monkeypatch.setenv("HOME", "/dev/null")
    with file_lock("change", "policy"):
        pass


def test_a_lock_inside_a_lock_of_another_kind_never_waits_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that creates a policy changes the servers of other policies meanwhile; their keys may share a file."""
    monkeypatch.setattr(lock, "_MAX_FILES", 1)
    waits: list[float] = []
    monkeypatch.setattr(lock.time, "sleep", waits.append)
    with file_lock("create", "a"), file_lock("change", "b"):
        pass
    assert waits == []
