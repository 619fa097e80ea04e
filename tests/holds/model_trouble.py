# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can come before and into a task of the plain model (model.py)."""

from __future__ import annotations

import typing as t

from .fault_kinds import KINDS, Kind, final_codes, retryable_codes

BUSY, FINAL = "busy codes", "final codes"
# A connection that hangs takes a second of each try.
FAULTS = (*(kind.name for kind in KINDS if "hang" not in kind.fault), BUSY, BUSY, FINAL, FINAL)
_BY_NAME = {kind.name: kind for kind in KINDS}


class Trouble(t.NamedTuple):
    """What happens at one request of a task: which of those that write, or of those that read.

    fault is a fault of the service, or empty: then a server of the task breaks.
    """

    fault: str
    writes: bool
    number: int

    def kind(self, service: str, method: str, path: str) -> Kind:
        """Return the fault for a request to a service."""
        if self.fault == "an empty object" and method == "DELETE" and "/checkpoints/" in path:
            # CSBS itself answers so when it begins to delete a backup, so nothing tells that it does not.
            return _BY_NAME["a page of HTML"]
        if self.fault not in (BUSY, FINAL):
            return _BY_NAME[self.fault]
        codes = (retryable_codes if self.fault == BUSY else final_codes)(service)
        return codes[self.number % len(codes)] if codes else _BY_NAME["503"]


class Around(t.NamedTuple):
    """What comes before and into a task. busy: a server that others begin to back up right before."""

    trouble: Trouble | None = None
    check: bool = False
    busy: str = ""
