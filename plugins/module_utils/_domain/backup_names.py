# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that a task gives to its backups."""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from .rows import BackupRow

#: What diffs show instead of a name that is made up when the backup is sent
UNNAMED = "manualbk_xxxx"
_MAX_NUMBER = 99999


class BackupNames(t.NamedTuple):
    """The names of one task's backups: the base alone for one server, base-0001, base-0002 ... for several.

    A number without a leading zero belongs to the task only up to highest: base-2024 may be a name of its own, with
    a year. Without highest there are no numbers.
    """

    base: str
    highest: int | None = None

    def number_of(self, name: str | None) -> int | None:
        """Return the number in a name, 0 for the base alone, None for a name that is not one of these."""
        if name == self.base:
            return 0
        match = re.fullmatch(r"(.+)-(\d{4}|[1-9]\d{4})", name or "")
        if match is None or match[1] != self.base or self.highest is None:
            return None
        number = int(match[2])
        return number if number and (match[2].startswith("0") or number <= self.highest) else None

    def fit(self, name: str | None) -> bool:
        """Return whether a name is one of these."""
        return self.number_of(name) is not None


def backup_names(base: str, rows: t.Iterable[BackupRow], more: int = 0) -> BackupNames:
    """Return the names for a base, given the existing backups and how many more the task makes.

    A task numbers its backups without gaps, so no number is higher than the number of backups.
    """
    any_number = BackupNames(base, highest=_MAX_NUMBER)
    return BackupNames(base, highest=sum(1 for row in rows if any_number.fit(row["name"])) + more)
