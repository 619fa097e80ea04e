# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The move of a server from a policy of CSBS into a vault of CBR.

A server can be in one of them only, so it leaves, and joins with the very next request. Before it leaves, the vault
that is to take it gets a mark: a tag whose key is the ID of the server, and whose value is the ID of the policy that it
leaves. So whatever ends a task, and wherever the next one runs, it sees who is on the way. The mark goes when the
server is in the vault, or back in its policy.
"""

from __future__ import annotations

import contextlib
import time
import typing as t

from .._domain.errors import CloudError, FinalError, ForeignAnswer, InvalidInput, NotFound, NotStarted, OutcomeUnknown

if t.TYPE_CHECKING:
    from datetime import timedelta

    from .._domain.cloud import BothServices
    from .._domain.rows import MemberRow, PolicyRow, VaultRow
    from .._domain.vault_option import VaultOptions

#: Marks that a vault may have at a time, beside the tags of the user
MAX_MARKS = 10
#: Seconds that a server which has left may wait for a vault that is busy, before it goes back
SECONDS_TO_JOIN = 10.0
#: Seconds in which a server that could not join is put back
SECONDS_TO_GO_BACK = 60.0
# A move that begins has this time at least, whatever is left of the time of the task.
_SECONDS_FOR_A_MOVE = 5.0
# How often a move begins anew because others have changed something meanwhile
_MOST_TURNS = 5
# Seconds between two tries; the first, and the longest
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 4.0
# Codes of CBR: the server is in a vault; in a policy of CSBS; a vault has too many tags
_IN_A_VAULT = "BackupService.6103"
_IN_CSBS = "BackupService.6108"
_TOO_MANY_TAGS = "BackupService.6600"
_LOST = (OutcomeUnknown, ForeignAnswer)


class _Busy(CloudError):
    """Something that ends by itself, so the move is tried again."""

    retryable = True


class Move:
    """The move of one server. It looks where the server is, does what is missing, and can be made again."""

    def __init__(
        self,
        cloud: BothServices,
        operation: str,
        server: MemberRow,
        source: str,
        target: str,
        vault: VaultOptions,
        max_age: timedelta,
    ) -> None:
        self._cloud, self._operation, self._server, self._id = cloud, operation, server, server["id"]
        self._source, self._target, self._options, self._max_age = source, target, vault, max_age

    def carry_out(self) -> None:
        for dummy in range(_MOST_TURNS):
            # CSBS first: who is not there any more has a mark by now, or has joined.
            in_csbs = self._is_in_csbs()
            policy = self._policy_of_cbr()
            if _with_member(policy, self._id) is not None:
                self._remove_marks(policy)
                return
            if self._take_over(in_csbs, policy):
                return
        raise FinalError(
            self._operation,
            "other tasks keep putting the server back into CSBS. What to do: look for them, and run the task again.",
        )

    def _take_over(self, in_csbs: bool | None, policy: PolicyRow) -> bool:
        """Let the server leave, unless it has left, and join. Return False when it is back in CSBS."""
        marked = _with_mark(policy["vaults"], self._id)
        if in_csbs:
            self._check_departure()
        elif in_csbs is False and marked is None and _with_mark(self._cloud.vaults(), self._id) is None:
            raise FinalError(
                self._operation,
                "others have taken the server out of its policy of CSBS. What to do: put it under a policy of CBR with"
                " csbs_policy_server and service: cbr, if it is to be backed up.",
            )
        if self._cloud.seconds_left() < _SECONDS_FOR_A_MOVE:
            raise NotStarted(
                self._operation, "it was not started, because the time of the task (timeout) is as good as over."
            )
        vault = self._vault_for(policy, marked)
        self._mark(vault)
        if in_csbs:
            self._leave(vault)
        joined = self._join(str(vault["id"]))
        if joined:
            self._remove_marks(self._policy_of_cbr())
        return joined

    # ========== Looking ==========
    def _is_in_csbs(self) -> bool | None:
        """Return whether the policy of CSBS has the server, None when there is no such policy any more."""
        policy = self._cloud.csbs.policy(self._source)
        return None if policy is None else any(one["id"] == self._id for one in policy.get("resources") or ())

    def _policy_of_cbr(self) -> PolicyRow:
        """Return the policy of CBR with its vaults and their tags."""
        policy = self._cloud.policy(self._target)
        if policy is None:
            raise FinalError(self._operation, "the policy of CBR no longer exists. What to do: run the task again.")
        for vault in policy["vaults"]:
            if vault["tags"] is None:
                with self._cloud.errors_of(self._operation):
                    vault["tags"] = self._cloud.cbr.tags_of(vault["id"])
        return policy

    def _check_departure(self) -> None:
        """Raise CloudError unless the server may leave. This is done right before it leaves, not only in the plan."""
        from .._domain.departure import why_to_stay

        rows = self._cloud.csbs.backups(resource_id=self._id)
        reason, passes = why_to_stay(self._cloud.server_state(self._id), rows, self._cloud.now(), self._max_age)
        if reason is not None:
            raise (_Busy if passes else FinalError)(self._operation, f"{reason}.")

    def _vault_for(self, policy: PolicyRow, marked: VaultRow | None) -> VaultRow:
        """Return a vault of the policy that has room for the server."""
        from .._domain.vaults import joining_members, place
        from .vault_members import VaultMembers

        for dummy in range(2):
            # A server that has been marked goes where the mark is, as long as there is room.
            vaults = [marked] if marked is not None else policy["vaults"]
            try:
                steps = place(vaults, joining_members([self._server], ()), policy["name"], self._options)
            except InvalidInput as error:
                raise FinalError(self._operation, f"{error}.") from error
            vault = steps[0].vault
            if vault["id"] is not None and not steps[0].changes_vault and vault["status"] != "lock":
                return vault
            VaultMembers(self._cloud).prepare(self._operation, self._target, [self._server], self._options)
            policy, marked = self._policy_of_cbr(), None
        raise _Busy(self._operation, "the vaults of the policy have no room yet.")

    # ========== Marks ==========
    def _mark(self, vault: VaultRow) -> None:
        """Write down in the vault that the server is on its way."""
        from .._domain.migration import marks_of

        marks = marks_of([vault])
        if self._id in marks:
            return
        waiting = f"{len(marks)} other servers are on their way into vault {vault['name']!r} already."
        if len(marks) >= MAX_MARKS:
            raise _Busy(self._operation, waiting)
        try:
            with self._cloud.errors_of(self._operation):
                self._cloud.cbr.add_tag(vault["id"], self._id, self._source)
        except CloudError as error:
            if error.error_code == _TOO_MANY_TAGS and marks:
                raise _Busy(self._operation, waiting) from error
            raise

    def _remove_marks(self, policy: PolicyRow) -> None:
        """Remove the marks of a server that is in the vault, or back in CSBS."""
        try:
            with self._cloud.errors_of(self._operation):
                for vault in policy["vaults"]:
                    if _with_mark([vault], self._id) is not None:
                        with contextlib.suppress(NotFound), self._cloud.errors_of(self._operation):
                            self._cloud.cbr.remove_tag(vault["id"], self._id)
        except CloudError as error:
            error.applied = True
            raise

    def _forget(self, vault: VaultRow) -> None:
        """Remove the mark of a server that stays in CSBS. What fails here leaves a mark that the next run removes."""
        with contextlib.suppress(CloudError), self._cloud.errors_of(self._operation):
            self._cloud.cbr.remove_tag(vault["id"], self._id)
            # Another run may have seen the mark, and let the server leave because of it.
            if self._is_in_csbs() is False:
                self._cloud.cbr.add_tag(vault["id"], self._id, self._source)

    # ========== Leaving and joining ==========
    def _leave(self, vault: VaultRow) -> None:
        try:
            self._cloud.leave_csbs(self._operation, self._source, self._id)
        except NotFound:
            # Others have deleted the policy, so nothing protects the server but what comes now.
            return
        except CloudError as error:
            if error.applied:
                return
            # A request without an answer may still have its effect: the mark stays.
            if not error.uncertain:
                self._forget(vault)
            raise

    def _join(self, vault_id: str) -> bool:
        """Put a server that has left into the vault. Return False when it is back in CSBS.

        Raises CloudError when it can't join; then it has been put back.
        """
        from .._domain.backoff import backoff

        member = {"id": self._id, "name": self._server["name"] or self._id}
        until = time.monotonic() + SECONDS_TO_JOIN
        for pause in backoff(_FIRST_PAUSE, most=_LONGEST_PAUSE):
            self._take_time()
            try:
                with self._cloud.errors_of(self._operation):
                    self._cloud.cbr.add_resources(vault_id, [member])
                return True
            except CloudError as error:
                refusal = error
            with contextlib.suppress(CloudError):
                if self._is_over():
                    return True
                if self._is_in_csbs():
                    return False
            # What CSBS has just let go may still look bound.
            passes = _passes(refusal) or refusal.error_code == _IN_CSBS
            if not passes or time.monotonic() >= until:
                break
            time.sleep(pause)
        return self._put_back(refusal)

    def _take_time(self) -> None:
        """Go on although the time of the task is over: a server that has left does not wait for the next run."""
        if self._cloud.seconds_left() < SECONDS_TO_GO_BACK:
            self._cloud.set_deadline(SECONDS_TO_GO_BACK)

    def _is_over(self) -> bool:
        return _with_member(self._policy_of_cbr(), self._id) is not None

    def _put_back(self, refusal: CloudError) -> bool:
        """Put a server that can't join back, and raise why. Return True when it has joined all the same."""
        from .._domain.backoff import backoff

        self._take_time()
        self._check_others(refusal)
        until = time.monotonic() + SECONDS_TO_GO_BACK
        for pause in backoff(_FIRST_PAUSE, most=_LONGEST_PAUSE):
            trouble = self._go_back()
            if trouble is None:
                break
            with contextlib.suppress(CloudError):
                if self._is_over():
                    return True
            if not _passes(trouble) or time.monotonic() >= until:
                self._raise_stuck(refusal, trouble)
            time.sleep(pause)
        with contextlib.suppress(CloudError):
            for vault in self._policy_of_cbr()["vaults"]:
                if _with_mark([vault], self._id) is not None:
                    self._forget(vault)
        told = FinalError.with_note(refusal, "It was put back into its policy of CSBS.")
        told.applied = told.uncertain = False
        raise told

    def _go_back(self) -> CloudError | None:
        """Put the server back into its policy of CSBS; return what was in the way, None when it is there."""
        operation = f"put server {self._server['name']!r} back into its policy of CSBS"
        try:
            self._cloud.csbs.change_members(operation, self._source, add=[_as_csbs_member(self._server)])
        except CloudError as error:
            return error
        return None

    def _check_others(self, refusal: CloudError) -> None:
        """Raise CloudError when the server can't join because others have put it elsewhere."""
        place = None
        with contextlib.suppress(CloudError):
            if refusal.error_code == _IN_CSBS:
                place = self._cloud.held_by_other_service({self._id}).get(self._id)
            elif refusal.error_code == _IN_A_VAULT:
                names = [repr(vault["name"]) for vault in self._cloud.vaults(resource_ids=self._id)]
                place = f"vault {', '.join(names)}" if names else None
        if place is not None:
            with contextlib.suppress(CloudError):
                self._remove_marks(self._policy_of_cbr())
            raise FinalError(
                self._operation,
                f"others have put the server into {place} meanwhile, and it stays there. What to do: put it where it"
                " belongs with csbs_policy_server.",
            )

    def _raise_stuck(self, refusal: CloudError, trouble: CloudError) -> t.NoReturn:
        """Raise that a server is in neither service. The mark stays, so the next run goes on with it."""
        error = FinalError.with_note(
            refusal,
            f"COULD NOT PUT BACK: {trouble.reason} No policy backs the server up."
            " What to do: run the task again at once, or put it under a policy with csbs_policy_server.",
        )
        error.applied = error.not_joined = True
        raise error


def _passes(error: CloudError) -> bool:
    """Return whether the same request may succeed a moment later."""
    return error.retryable or error.not_sent or isinstance(error, _LOST)


def _with_member(policy: PolicyRow, server_id: str) -> VaultRow | None:
    vaults = policy["vaults"]
    return next((vault for vault in vaults if any(one["id"] == server_id for one in vault["members"])), None)


def _with_mark(vaults: t.Iterable[VaultRow], server_id: str) -> VaultRow | None:
    return next((vault for vault in vaults if any(tag["key"] == server_id for tag in vault["tags"] or ())), None)


def _as_csbs_member(server: MemberRow) -> MemberRow:
    from .._domain.policy import as_resource

    return as_resource({"id": server["id"], "name": server["name"]})
