# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change of a policy's servers, safe when several tasks change the same policy at once.

The service can only replace the whole list of servers, so two writers can overwrite each other. On one machine they
take a lock. Everywhere, each writer reads the list right before it writes, and reads it again after a pause until its
own change is there. While others change the list as well, it goes on looking: one of them may be slow, and about to
replace the list with one that was read long before.
"""

from __future__ import annotations

import contextlib
import random
import time
import typing as t

from .._domain.errors import CloudError, FinalError, ForeignAnswer, OutcomeUnknown, Outdated
from .._domain.limits import MAX_SERVERS_PER_POLICY, SERVER_TYPE
from .compute import plain
from .lock import file_lock

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import MemberRow

# Code for a server that belongs to another policy, of either service
_ELSEWHERE = "CSBS.6004"
# How often a change is written that others overwrite
_MAX_WRITES = 20
# Seconds (from, to) until the list is read again. The time that writing took is added, because others may take as long.
_SECONDS_UNTIL_CHECK = (0.2, 0.6)
_WAIT_PER_SECOND_OF_WRITING = 1.5
# How much longer the later pauses are, while others change the list; and how often the list is read at most
_LONGER, _MAX_LOOKS = 3, 20


class _Change(t.NamedTuple):
    """Servers that join a policy, and IDs of servers that leave it; operation is what messages call the change."""

    operation: str
    policy: str
    add: t.Sequence[MemberRow]
    remove: t.Collection[str]

    def apply(self, members: list[MemberRow]) -> list[MemberRow]:
        """Return members as they are after the change."""
        present = {member["id"] for member in members}
        staying = [member for member in members if member["id"] not in self.remove]
        return staying + [member for member in self.add if member["id"] not in present]


class PolicyMembers:
    """Changes the servers of policies; csbs is the proxy of the service."""

    def __init__(self, cloud: Cloud, csbs: t.Any) -> None:
        self._cloud, self._csbs = cloud, csbs

    def change(
        self,
        operation: str,
        policy: str,
        add: t.Sequence[MemberRow] = (),
        remove: t.Sequence[str] = (),
        most: int = MAX_SERVERS_PER_POLICY,
        **attrs: t.Any,
    ) -> None:
        """Add and remove servers of a policy (its ID), and change other fields of it with the same request.

        add holds servers with id, type and name, remove holds IDs. most: how many servers the policy may have after
        servers are added. Errors name the operation. Raises CloudError; applied says whether the change was accepted
        before the error. A list read before a pause is never sent. Raises Outdated when others have filled the policy.
        Reference: api_description/backup_policy_management/modifying_a_backup_policy.
        """
        change = _Change(operation, policy, add, frozenset(remove))
        seconds = 0.0
        for count in range(_MAX_WRITES):
            with file_lock("change", policy, self._cloud.seconds_left()):
                started = time.monotonic()
                members = self._read(change)
                wanted = change.apply(members)
                if wanted != members or attrs:
                    _check_room(change, members, most, written=count > 0)
                    if not self._write(change, members, attrs):
                        continue
                    seconds = time.monotonic() - started
                elif not count:
                    return
            # Other tasks cannot overwrite these.
            attrs = {}
            if self._stays(change, wanted, seconds):
                return
            if not self._cloud.seconds_left():
                break
            # Writers that keep in step would overwrite each other again and again.
            self._sleep(random.uniform(0, seconds * count))
        overwritten = _overwritten(operation)
        # Other fields may have been changed.
        overwritten.uncertain = True
        raise overwritten

    def leave(self, operation: str, policy: str, server_id: str) -> None:
        """Take one server out of a policy (its ID). Raises CloudError; applied says whether the server has left.

        There is no look afterwards whether others have put it back: the vault that it joins with the next call would
        refuse it.
        """
        change = _Change(operation, policy, (), frozenset({server_id}))
        with file_lock("change", policy, self._cloud.seconds_left()):
            for dummy in range(_MAX_WRITES):
                members = self._read(change)
                if change.apply(members) == members or self._write(change, members, {}):
                    return
        raise _overwritten(operation)

    def delete_empty(self, operation: str, policy: str, leaving: t.Collection[str] = ()) -> None:
        """Delete a policy (its ID) that has no servers but those in leaving (IDs). Errors name the operation.

        Raises CloudError; Outdated when it has other servers, which would be without a policy.
        """
        with file_lock("change", policy, self._cloud.seconds_left()):
            others = [
                member for member in self._read(_Change(operation, policy, (), leaving)) if member["id"] not in leaving
            ]
            if others:
                names = ", ".join(repr(member["name"]) for member in others)
                raise Outdated(operation, f"others have put servers into it: {names}. What to do: run the task again.")
            with self._cloud.errors_of(operation):
                self._csbs.delete_policy(policy, ignore_missing=False)

    def _write(self, change: _Change, members: list[MemberRow], attrs: dict[str, t.Any]) -> bool:
        """Send the list of members after the change. Return False when it is refused because the list is outdated."""
        try:
            with self._cloud.errors_of(change.operation):
                self._csbs.update_policy(change.policy, resources=change.apply(members), **attrs)
        except (ForeignAnswer, OutcomeUnknown) as error:
            # A reading that fails must not hide that the answer was lost.
            with contextlib.suppress(CloudError):
                error.applied = self._is_there(change)
            raise
        except CloudError as error:
            outdated = False
            # A reading that fails must not hide the refusal.
            with contextlib.suppress(CloudError):
                # A server of the list may have left meanwhile, and have joined another policy.
                outdated = error.error_code == _ELSEWHERE and self._read(change) != members
            if not outdated:
                raise
            return False
        return True

    def _stays(self, change: _Change, wanted: list[MemberRow], seconds: float) -> bool:
        """Return whether a change that was accepted is there, and stays until the list stays as it is.

        seconds is how long it took to write the list. A CloudError says that the change was accepted.
        """
        pause, expected = seconds * _WAIT_PER_SECOND_OF_WRITING, _ids(wanted)
        try:
            for count in range(_MAX_LOOKS):
                self._sleep((random.uniform(*_SECONDS_UNTIL_CHECK) + pause) * (_LONGER if count else 1))
                members = self._read(change)
                if change.apply(members) != members:
                    return False
                if _ids(members) == expected or not self._cloud.seconds_left():
                    break
                expected = _ids(members)
        except CloudError as error:
            error.applied = True
            raise
        return True

    def _is_there(self, change: _Change) -> bool:
        members = self._read(change)
        return change.apply(members) == members

    def _read(self, change: _Change) -> list[MemberRow]:
        with self._cloud.errors_of(change.operation):
            policy = plain(self._csbs.get_policy(change.policy), "name")
            return [_as_sent(member) for member in policy.get("resources") or []]

    def _sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, self._cloud.seconds_left()))


def _ids(members: t.Iterable[MemberRow]) -> set[str]:
    return {member["id"] for member in members}


def _overwritten(operation: str) -> FinalError:
    return FinalError(operation, "other tasks keep changing the servers of the policy. What to do: run the task again.")


def _check_room(change: _Change, members: list[MemberRow], most: int, written: bool) -> None:
    """Raise Outdated when others have filled the policy; written says whether the change was written before."""
    count = len(change.apply(members))
    if change.add and count > most:
        full = Outdated(
            change.operation,
            f"others have put servers into the policy: it would have {count}, and it may have {most}."
            " What to do: run the task again.",
        )
        full.applied = written
        raise full


def _as_sent(member: MemberRow) -> MemberRow:
    """Return a server of a policy as an update takes it; without a name it has its ID as the name."""
    sent: MemberRow = {
        "id": member["id"],
        "type": member.get("type") or SERVER_TYPE,
        "name": member.get("name") or member["id"],
    }
    extra_info = member.get("extra_info")
    if isinstance(extra_info, dict) and extra_info:
        sent["extra_info"] = extra_info
    return sent
