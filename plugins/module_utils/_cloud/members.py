# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change of a policy's servers, safe when several tasks change the same policy at once.

The service can only replace the whole list of servers, so two writers can overwrite each other. On one machine they take
a lock. Everywhere each writer reads the list right before it writes, and reads it again after a pause until its own change
is there.
"""

from __future__ import annotations

import contextlib
import random
import time
import typing as t

from .._domain.errors import CloudError, FinalError, ForeignAnswer, OutcomeUnknown
from .._domain.limits import SERVER_TYPE
from .lock import file_lock

# How often a change that others have overwritten is written again.
_TRIES = 20
# Pause (seconds) before the list is read again. What the own writing took is added: others may take as long.
_PAUSE = (0.2, 0.6)
_PAUSE_PER_SECOND = 1.5
Entry = dict[str, t.Any]


class PolicyMembers:
    """Changes the servers of policies for a cloud."""

    def __init__(self, cloud: t.Any) -> None:
        self._cloud = cloud

    def change(
        self, operation: str, policy: str, add: t.Sequence[Entry] = (), remove: t.Sequence[str] = (), **attrs: t.Any
    ) -> None:
        """Add and remove servers of a policy, and change other fields of it with the same request; errors name the act.

        add is a list of dicts with id, type and name, remove a list of IDs. Raises CloudError; applied says whether the
        change was accepted before the error. The request is never repeated with a list that was read before a pause.
        Reference: api_description/backup_policy_management/modifying_a_backup_policy.
        """
        for count in range(_TRIES):
            with file_lock("change", policy, self._cloud.seconds_left()):
                started = time.monotonic()
                current, wanted = self._read(operation, policy, add, remove)
                if wanted == current and not attrs:
                    return
                self._write(operation, policy, add, remove, wanted, attrs)
                took = time.monotonic() - started
            attrs = {}
            try:
                self._sleep(random.uniform(*_PAUSE) + took * _PAUSE_PER_SECOND)
                current, wanted = self._read(operation, policy, add, remove)
            except CloudError as error:
                error.applied = True
                raise
            if wanted == current:
                return
            if not self._cloud.seconds_left():
                break
            # Writers in step with each other would overwrite each other again and again.
            self._sleep(random.uniform(0, took * count))
        overwritten = FinalError(
            operation, "other tasks keep changing the servers of the policy. What to do: run the task again."
        )
        overwritten.applied = True
        raise overwritten

    def _write(
        self,
        operation: str,
        policy: str,
        add: t.Sequence[Entry],
        remove: t.Sequence[str],
        wanted: list[Entry],
        attrs: Entry,
    ) -> None:
        try:
            with self._cloud.errors_of(operation):
                self._cloud.csbs.update_policy(policy, resources=wanted, **attrs)
        except (ForeignAnswer, OutcomeUnknown) as error:
            # A look that fails must not hide that the answer was lost.
            with contextlib.suppress(CloudError):
                current, wanted = self._read(operation, policy, add, remove)
                error.applied = wanted == current
            raise

    def _read(
        self, operation: str, policy: str, add: t.Sequence[Entry], remove: t.Sequence[str]
    ) -> tuple[list[Entry], list[Entry]]:
        """Return the servers of a policy as they are and as they are to be."""
        gone = set(remove)
        with self._cloud.errors_of(operation):
            found = self._cloud.csbs.get_policy(policy)
            if found.name is None:
                raise KeyError("name")
            current = [_as_sent(entry) for entry in found.resources or []]
        present = {entry["id"] for entry in current}
        return current, [entry for entry in current if entry["id"] not in gone] + [
            entry for entry in add if entry["id"] not in present
        ]

    def _sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, self._cloud.seconds_left()))


def _as_sent(entry: Entry) -> Entry:
    """Return an entry of a policy's resources as an update takes it; a label that is missing is the ID."""
    sent = {"id": entry["id"], "type": entry.get("type") or SERVER_TYPE, "name": entry.get("name") or entry["id"]}
    if isinstance(entry.get("extra_info"), dict) and entry["extra_info"]:
        sent["extra_info"] = entry["extra_info"]
    return sent
