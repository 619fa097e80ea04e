# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file lock among the processes of one user on one machine, such as the forks of a play."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
import typing as t
import zlib

# The lock is advisory: writers on other machines do not see it, so a waiter goes on without it after this time.
_LOCK_WITHIN = 120.0
_LOOK_EVERY = 0.05
# So that a machine never gathers more files than this.
_FILES = 64


@contextlib.contextmanager
def file_lock(kind: str, key: str, within: float = _LOCK_WITHIN) -> t.Iterator[None]:
    """Hold the lock of a key during the block; wait for it at most within seconds, and then go on without it.

    Keys share files, so a lock may only be taken inside a lock of another kind.
    """
    handle = _open(f"ansible-csbs-{kind}-{zlib.crc32(key.encode()) % _FILES:02d}.lock")
    if handle is None:
        yield
        return
    try:
        deadline = time.monotonic() + min(within, _LOCK_WITHIN)
        while not _taken(handle) and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY)
        yield
    finally:
        # The lock goes with the handle, also when the process is killed.
        os.close(handle)


def _open(name: str) -> int | None:
    """Return a handle of a lock file in a folder of this user alone, None when there is no such folder."""
    for folder in (os.environ.get("XDG_RUNTIME_DIR"), os.path.expanduser("~/.ansible/tmp")):
        if not folder:
            continue
        with contextlib.suppress(OSError):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            about = os.stat(folder)
            # Where others can write, somebody else could create the file first and hold the lock.
            if about.st_uid == os.getuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return os.open(os.path.join(folder, name), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return None


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
