# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""Turns among the processes of one machine, such as the forks of a play, that change the same object."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
import zlib

# Turns are a courtesy, for writers on other machines do not know of them: who waits too long goes on without one.
_TURN_WITHIN = 120.0
_LOOK_EVERY = 0.05
# So that a machine never gathers more files than this.
_FILES = 64


@contextlib.contextmanager
def my_turn(key, within=_TURN_WITHIN):
    """Wait until nobody else on this machine has the turn for a key, at most within seconds; it ends with the block."""
    name = f"ansible-csbs-{os.getuid()}-{zlib.crc32(str(key).encode()) % _FILES:02d}.lock"
    try:
        handle = os.open(os.path.join(tempfile.gettempdir(), name), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        deadline = time.monotonic() + within
        while not _taken(handle) and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY)
        yield
    finally:
        # The lock goes with the handle, also when the process is killed.
        os.close(handle)


def _taken(handle):
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
