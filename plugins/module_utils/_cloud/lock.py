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

# The lock is advisory: writers on other machines do not see it, so a waiter goes on without it after these seconds.
_MAX_WAIT = 120.0
# Seconds between two attempts to take the lock
_PAUSE = 0.05
# How many lock files of one kind a machine may have; nothing ever deletes them
_MAX_FILES = 64


@contextlib.contextmanager
def file_lock(kind: str, key: str, within: float = _MAX_WAIT) -> t.Iterator[None]:
    """Hold the lock of a key during the block; wait for it at most within seconds, and then go on without it.

    Keys share files, so inside a lock only one of another kind may be taken.
    """
    handle = _open(f"ansible-csbs-{kind}-{zlib.crc32(key.encode()) % _MAX_FILES:02d}.lock")
    if handle is None:
        yield
        return
    try:
        deadline = time.monotonic() + min(within, _MAX_WAIT)
        while not _take(handle) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        yield
    finally:
        # Closing the handle frees the lock; so does the end of the process.
        os.close(handle)


def _open(name: str) -> int | None:
    """Return a handle of a lock file in a folder of this user alone, None when there is no such folder."""
    for folder in (os.environ.get("XDG_RUNTIME_DIR"), os.path.expanduser("~/.ansible/tmp")):
        if not folder:
            continue
        with contextlib.suppress(OSError):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            status = os.stat(folder)
            # Where other users can write, one of them could create the file first and hold the lock.
            if status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return os.open(os.path.join(folder, name), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return None


def _take(handle: int) -> bool:
    """Take the lock and return True, or return False when another process has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
