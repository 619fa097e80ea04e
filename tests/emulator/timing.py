# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things take, in clock seconds."""

from __future__ import annotations

QUEUE = 15.0
DELETE_QUEUE = 5.0
DELETE = 55.0
RESTORE_QUEUE = 10.0
IMAGE = 600.0
RESIZE = 20.0
MIGRATE = 30.0


def backup_seconds(gigabytes: int, incremental: bool) -> float:
    """100 GB in full take half an hour; a small server 6 minutes, 3 when incremental."""
    if incremental:
        return max(165.0, gigabytes * 5.0)
    return max(345.0, gigabytes * 18.0)


def restore_seconds(gigabytes: int) -> float:
    """A little quicker than the backup was."""
    return max(290.0, gigabytes * 12.0)


def backup_megabytes(gigabytes: int, incremental: bool) -> int:
    """What a backup takes up; the first ones hold the used part of the disks."""
    return gigabytes * (51 if incremental else 420)
