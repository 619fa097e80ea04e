# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud that takes calls of any name, and the errors that it answers with: for tests of how plans are carried out."""

from __future__ import annotations

import typing as t

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, OutcomeUnknown
from tests.support.fakes import Cloud

FINAL = CloudError("operation", "no", "CSBS.6033", 400)
BUSY = CloudError("operation", "busy", "CSBS.2003", 500)
LOST = OutcomeUnknown("operation", "connection closed")


class AnyCloud(Cloud):
    """A cloud that takes calls of any name, and whose lists show an effect from the given look on; 0 is never."""

    def __init__(self, shown_from_look: int = 0, **more: t.Any) -> None:
        super().__init__(**more)
        self.shown_from_look, self.looks = shown_from_look, 0
        #: How many calls had been sent at each look
        self.sent_at_look: list[int] = []
        #: What the next looks raise
        self.troubles: list[Exception] = []

    def __getattr__(self, method: str) -> t.Any:
        return getattr(self.__dict__["changes"], method)

    @property
    def sent(self) -> list[str]:
        """The names of the calls that were sent."""
        return [method for method, dummy in self.changes.sent]

    def find(self) -> dict[str, t.Any] | None:
        """Look for the effect of a call."""
        if self.troubles:
            raise self.troubles.pop(0)
        self.looks += 1
        self.sent_at_look.append(len(self.changes.sent))
        return {"id": "found"} if 0 < self.shown_from_look <= self.looks else None


def are_growing(sleeps: list[float], least: list[float]) -> bool:
    """Pauses are at least as long as planned; a random quarter of each keeps tasks from coming back together."""
    return len(sleeps) == len(least) and all(low <= pause <= low * 1.25 for pause, low in zip(sleeps, least))
