# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading CBR's tasks. Only restores and failures need it."""

from __future__ import annotations

import contextlib
import typing as t

from .._domain.cbr_tasks import last_failure
from .._domain.errors import CloudError
from .compute import checked
from .errors import errors_of

if t.TYPE_CHECKING:
    from .._domain.rows import BackupRow, Row

_FIELDS = ("id", "status")


def read_tasks(cbr: t.Any, **query: t.Any) -> list[Row]:
    """Return the tasks that fit a query of the service."""
    with errors_of("list the tasks of the service"):
        return [checked(row, *_FIELDS) for row in cbr.tasks(**query)]


def why_failed(cbr: t.Any, row: BackupRow) -> str:
    """Return why the last work on a backup failed, empty when no task says it or tasks cannot be read."""
    with contextlib.suppress(CloudError):
        return last_failure(read_tasks(cbr, resource_id=row["resource_id"]), row["id"])
    return ""
