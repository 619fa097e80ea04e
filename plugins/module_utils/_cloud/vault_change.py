# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of the vaults of CBR, step by step: vaults are made, enlarged, filled, emptied and deleted.

Each step reads what is, does what is missing, and can be repeated. A server is in a vault at every moment: it leaves
one only with the call that puts it into another, unless it has no backup or its backups are to be deleted.
"""

from __future__ import annotations

import contextlib
import random
import time
import typing as t
from datetime import timedelta

from .._domain.errors import CloudError, FinalError, ForeignAnswer, InvalidInput, NotFound, OutcomeUnknown
from .._domain.vault_option import PARKING
from .._domain.vaults import is_unused, is_vault_of, joining_members, names_in_use, parked_name, place
from .compute import plain

if t.TYPE_CHECKING:
    from .._domain.cloud import VaultCloud
    from .._domain.rows import MemberRow, PolicyRow, TagRow, VaultMemberRow, VaultRow
    from .._domain.vault_option import VaultOptions
    from .._domain.vaults import Step

#: Seconds until every list shows what was just made
SECONDS_UNTIL_LISTED = 30.0
#: Seconds for which a task looks for a vault without a policy, before it makes one
SECONDS_BEFORE_MAKING = SECONDS_UNTIL_LISTED
# Members that one request may add or move
_AT_ONCE = 256
# The times of tasks and the clock of the cloud differ by less than this.
_CLOCKS_AGREE = timedelta(seconds=2)
# Seconds between two looks at a vault that is being resized, or at servers that move; the first, and the longest
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
# Seconds in which an empty vault is seen to be gone. What takes longer goes on without the task.
_SECONDS_TO_DELETE = 60.0
_FAILED = ("failed", "timeout")
# Codes that others cause who change vaults at the same time: they have taken the room, the name or the vault, have put
# the server into it, or have taken it out
_OVERTAKEN = tuple(f"BackupService.{number}" for number in (6101, 6103, 6105, 6106, 6127, 6129, 6135))
# How often a change is planned again because others have changed the vaults
_MAX_PLANS = 20
# The types of tasks that are documented. That of a move is not, so a task of any other type may be one.
_OTHER_TASKS = ("backup", "restore", "delete", "vault_delete", "remove_resource", "replication", "sync")


class VaultChange:
    """One change, step by step. applied says whether a step of it stays when a later one fails."""

    def __init__(self, cloud: VaultCloud, operation: str, tags: t.Sequence[TagRow] = ()) -> None:
        self._cloud, self._cbr, self._operation, self._tags = cloud, cloud.cbr, operation, tags
        self.applied = False
        #: The vaults on which the last plan rests, with and without a policy
        self._seen: tuple[list[VaultRow], list[VaultRow]] | None = None
        #: Those of them that lists do not show yet
        self._unlisted: list[VaultRow] = []

    def marking(self) -> _Marking:
        """Return a context in which every CloudError says whether something stays changed."""
        return _Marking(self)

    def until_valid(self, act: t.Callable[[], None]) -> None:
        """Plan and carry out, and do so again while that is refused because others have changed vaults meanwhile."""
        for dummy in range(_MAX_PLANS):
            try:
                act()
                return
            except CloudError as error:
                if error.error_code not in _OVERTAKEN or not self._is_outdated():
                    raise
                overtaken = error
        raise overtaken

    def _is_outdated(self) -> bool:
        """Return whether vaults have changed since the last plan read them."""
        if self._seen is None:
            return False
        with contextlib.suppress(CloudError):
            # Writers that keep in step would overtake each other again and again.
            time.sleep(min(random.uniform(0, _FIRST_PAUSE), self._cloud.seconds_left()))
            if self._cloud.seconds_left():
                changed = any(self._cloud.vault(str(vault["id"])) != vault for vault in self._unlisted)
                return changed or self._seen != self._cloud.vaults_by_binding()
        return False

    def looks_before_making(self) -> t.Iterator[None]:
        """Yield for each look for a vault without a policy, until one that a killed run has made must be listed.

        A new vault of a policy needs no wait: the policy names it at once.
        """
        return looks(min(SECONDS_BEFORE_MAKING, self._cloud.seconds_left() / 2))

    def _vaults_by_binding(self) -> tuple[list[VaultRow], list[VaultRow]]:
        self._seen = self._cloud.vaults_by_binding()
        return self._seen

    # ========== Joining ==========
    def take_in(self, policy: PolicyRow, add: t.Sequence[MemberRow], options: VaultOptions) -> None:
        """Put servers into the vaults of a policy, those of other vaults with their backups."""
        steps, loose = self._steps(policy, add, options)
        self.carry_out(steps, options, loose, policy)

    def make_room(self, policy: PolicyRow, servers: t.Sequence[MemberRow], options: VaultOptions) -> None:
        """Make and enlarge the vaults that servers need that are to join a policy."""
        steps, loose = self._steps(policy, servers, options)
        for step in steps:
            self._make_ready(step, options, loose, policy)

    def _steps(
        self, policy: PolicyRow, add: t.Sequence[MemberRow], options: VaultOptions
    ) -> tuple[list[Step], list[VaultRow]]:
        """Return what happens to which vault when servers join the policy, and the vaults that have no policy."""
        own = {member["id"] for vault in policy["vaults"] for member in vault["members"]}
        if all(server["id"] in own for server in add):
            return [], []
        bound, loose = self._vaults_by_binding()
        listed = {vault["id"]: vault for vault in (*bound, *loose)}
        # A new vault may not be listed as that of its policy yet, or not at all.
        vaults = [listed.get(vault["id"], vault) for vault in policy["vaults"]]
        self._unlisted = [vault for vault in vaults if vault["id"] not in listed]
        own = {member["id"] for vault in vaults for member in vault["members"]}
        own_ids = {vault["id"] for vault in vaults}
        bound, loose = ([vault for vault in part if vault["id"] not in own_ids] for part in (bound, loose))
        name = options.name or policy["name"]
        joining = joining_members([server for server in add if server["id"] not in own], [*bound, *loose])
        return place(vaults, joining, name, options, names_in_use(bound, loose)), loose

    def carry_out(
        self,
        steps: list[Step],
        options: VaultOptions,
        loose: t.Collection[VaultRow],
        policy: PolicyRow | None = None,
    ) -> None:
        """Make and enlarge vaults, and put servers into them. loose are the vaults that have no policy."""
        for step in steps:
            self._fill(self._make_ready(step, options, loose, policy), step.joining)

    def _make_ready(
        self, step: Step, options: VaultOptions, loose: t.Collection[VaultRow], policy: PolicyRow | None
    ) -> str:
        """Return the ID of the vault of a step, which is made or gets its size first."""
        vault_id = step.vault["id"]
        if vault_id is None:
            return self._make_vault(step, options, loose, policy)
        if step.auto_expand:
            self._wait_for_size(vault_id)
            with self._cloud.errors_of(self._operation):
                self._update_vault(vault_id, auto_expand=True)
            self.applied = True
        if step.size_gb is not None:
            self._resize(vault_id, step.size_gb)
        elif step.vault["status"] == "lock":
            self._wait_for_size(vault_id)
        return vault_id

    def _make_vault(
        self, step: Step, options: VaultOptions, loose: t.Collection[VaultRow], policy: PolicyRow | None
    ) -> str:
        """Return the ID of a vault that was made and has the policy. One that a killed run has left is taken."""
        name, size = step.vault["name"], step.size_gb or 0
        left = _unused(loose, name)
        if left is not None:
            vault_id = str(left["id"])
            self._wait_for_size(vault_id)
            if left["size_gb"] < size:
                self._resize(vault_id, size)
        else:
            attrs: dict[str, t.Any] = {"name": name, "billing": {"size": size}, "resources": []}
            if options.description:
                attrs["description"] = options.description
            tags = self._tags_of(policy)
            if tags:
                attrs["tags"] = tags
            if policy is not None:
                # So the policy names the vault at once. A run that is killed leaves none that no list shows yet.
                attrs["backup_policy_id"] = policy["id"]
            vault_id = self._create_vault(attrs)
        with self._cloud.errors_of(self._operation):
            if step.auto_expand:
                self._update_vault(vault_id, auto_expand=True)
            if policy is not None:
                # Also for a new vault, because no answer says which policy it has. The service accepts it again.
                self._cbr.associate_policy(vault_id, policy["id"])
        self.applied = True
        return vault_id

    def _create_vault(self, attrs: dict[str, t.Any]) -> str:
        """Create a vault, wait until lists show it, and return its ID.

        If the answer is lost, the vault is looked for until it must be listed. Tasks on several machines may each make
        one of a name, and all of them are used: others may put servers into a vault at any moment, so none is deleted.
        """
        lost: CloudError | None = None
        vault_id = ""
        try:
            with self._cloud.errors_of(self._operation):
                vault_id = str(plain(self._cbr.create_vault(**attrs), "id")["id"])
                self.applied = True
        except (OutcomeUnknown, ForeignAnswer) as error:
            lost = error
        for dummy in looks(min(SECONDS_UNTIL_LISTED, self._cloud.seconds_left())):
            # The next task looks for the servers in a list of all vaults, and makes a second vault if this one is not
            # there. So a list that cannot be read does not end this.
            trouble: CloudError | None = None
            try:
                if lost is None and any(vault["id"] == vault_id for vault in self._cloud.vaults()):
                    return vault_id
                made = None if lost is None else self._find_made(attrs["name"], attrs.get("backup_policy_id"))
                if made is not None:
                    return str(made["id"])
            except CloudError as error:
                trouble = error
        if lost or trouble:
            raise lost or trouble  # type: ignore[misc]
        return vault_id

    def _tags_of(self, policy: PolicyRow | None) -> list[TagRow]:
        """Return the tags that a new vault of a policy gets, so that all its vaults have them."""
        return list(policy["tags"] or ()) if policy is not None and policy["vaults"] else list(self._tags)

    def _find_made(self, name: str, policy_id: str | None) -> VaultRow | None:
        """Return a vault with a name that holds nothing and has the policy; policy_id None is no policy."""
        if policy_id is None:
            return _unused(self._cloud.vaults_by_binding()[1], name)
        policy = self._cloud.policy(policy_id)
        return _unused(policy["vaults"] if policy else (), name)

    def _update_vault(self, vault_id: str, **attrs: t.Any) -> None:
        """Change fields of a vault. Raises KeyError when the answer lacks what the service always says of a vault."""
        plain(self._cbr.update_vault(vault_id, **attrs), "created_at")

    def _resize(self, vault_id: str, size_gb: int) -> None:
        """Give a vault another size and wait until it has it."""
        self._wait_for_size(vault_id)
        try:
            with self._cloud.errors_of(self._operation):
                self._update_vault(vault_id, billing={"size": size_gb})
        except CloudError:
            # The session repeats this call when its answer is lost, and the service refuses the size that it has then.
            self._wait_for_size(vault_id)
            vault = self._cloud.vault(vault_id)
            if vault is None or vault["size_gb"] != size_gb:
                raise
        self.applied = True
        self._wait_for_size(vault_id)

    def _wait_for_size(self, vault_id: str) -> None:
        for pause in pauses():
            vault = self._cloud.vault(vault_id)
            if vault is None or vault["status"] != "lock":
                return
            self._sleep(pause, f"the size of vault {vault['name']!r} is still being changed")

    def _fill(self, vault_id: str, servers: t.Sequence[VaultMemberRow]) -> None:
        """Put servers into a vault: those of other vaults move, the others join."""
        vaults = self._cloud.vaults()
        if any(vault["id"] == vault_id and vault["status"] == "lock" for vault in vaults):
            self._wait_for_size(vault_id)
        where = {member["id"]: str(vault["id"]) for vault in vaults for member in vault["members"]}
        for source in sorted({where[server["id"]] for server in servers if server["id"] in where} - {vault_id}):
            self._move(source, vault_id, [server["id"] for server in servers if where.get(server["id"]) == source])
        new = [server for server in servers if server["id"] not in where]
        for start in range(0, len(new), _AT_ONCE):
            end = start + _AT_ONCE
            part = [{"id": server["id"], "name": server["name"] or server["id"]} for server in new[start:end]]
            with self._cloud.errors_of(self._operation):
                self._cbr.add_resources(vault_id, part)
            self.applied = True

    # ========== Leaving ==========
    def let_go(self, policy: PolicyRow, leaving: set[str], delete_backups: bool) -> None:
        """Take servers out of the vaults of a policy; those with backups are moved to the vault without a policy."""
        for vault in policy["vaults"]:
            vault_id, left = str(vault["id"]), {member["id"] for member in vault["members"]} & leaving
            while left:
                # Again after each move, which takes long: the removal takes every backup along.
                members = self._members_now(vault_id, left)
                if any(member.get("leaving") for member in members):
                    # An earlier run that was killed has let them go.
                    self._wait_until_out(vault_id, [member["id"] for member in members if member.get("leaving")])
                    continue
                parking = [] if delete_backups else [member for member in members if member["has_backups"]]
                if not parking:
                    if members:
                        self._remove(vault_id, [member["id"] for member in members])
                    break
                self._park(policy["name"], parking)
                left -= {member["id"] for member in parking}

    def _members_now(self, vault_id: str, server_ids: t.Collection[str]) -> list[VaultMemberRow]:
        """Return those of some servers that are in a vault; has_backups is as the vault or the list of backups says."""
        backed_up = {row["resource_id"] for row in self._cloud.backups(vault_id=vault_id)}
        vault = self._cloud.vault(vault_id)
        return [
            {**member, "has_backups": member["has_backups"] or member["id"] in backed_up}
            for member in (vault["members"] if vault else [])
            if member["id"] in server_ids
        ]

    def _park(self, policy_name: str, members: list[VaultMemberRow]) -> None:
        """Move servers with their backups into the vault that has no policy."""
        name = parked_name(policy_name)
        for dummy in self.looks_before_making():
            bound, loose = self._vaults_by_binding()
            parking = [vault for vault in loose if is_vault_of(vault["name"], name)]
            steps = place(parking, members, name, PARKING, names_in_use(bound, loose))
            if all(step.vault["id"] is not None for step in steps):
                break
        self.carry_out(steps, PARKING, loose)

    def _remove(self, vault_id: str, server_ids: list[str]) -> None:
        """Take servers out of a vault, together with whatever backups they have there, and wait until they are out."""
        with self._cloud.errors_of(self._operation):
            self._cbr.remove_resources(vault_id, server_ids)
        self.applied = True
        self._wait_until_out(vault_id, server_ids)

    def _wait_until_out(self, vault_id: str, server_ids: t.Collection[str]) -> None:
        for pause in pauses():
            vault = self._cloud.vault(vault_id)
            left = [member for member in (vault["members"] if vault else []) if member["id"] in server_ids]
            if not left:
                return
            self._sleep(pause, f"servers are still leaving vault {vault_id}")

    # ========== Deletion ==========
    def delete_without_backups(self, vault: VaultRow) -> bool:
        """Delete a vault that holds no backup; return False, and leave it alone, when it holds one."""
        vault_id = str(vault["id"])
        now = self._cloud.vault(vault_id)
        if now is None:
            return True
        # Right before the deletion, because it takes every backup along.
        in_use = now["used_mb"] or any(member["has_backups"] for member in now["members"])
        if in_use or self._cloud.backups(vault_id=vault_id):
            return False
        operation = f"delete vault {vault['name']!r}"
        # That the vault is gone must not count as if the policy were.
        with contextlib.suppress(NotFound), self._cloud.errors_of(operation):
            self._cbr.delete_vault(vault_id, ignore_missing=False)
        self.applied = True
        for dummy in looks(min(_SECONDS_TO_DELETE, self._cloud.seconds_left())):
            now = self._cloud.vault(vault_id)
            if now is None:
                return True
        if now["status"] != "deleting":
            raise ForeignAnswer(operation, "the vault is still there")
        return True

    # ========== Moves ==========
    def _move(self, source: str, target: str, server_ids: list[str]) -> None:
        """Move servers with their backups to another vault, and wait until they are there."""
        started, before = self._cloud.now(), self.applied
        try:
            with self._cloud.errors_of(self._operation):
                self._cbr.migrate_resources(source, target, server_ids)
        except OutcomeUnknown as error:
            error.applied = self.applied
            raise
        # Unless it fails, the move goes on without the task.
        self.applied = True
        for pause in pauses():
            vault = self._cloud.vault(target)
            there = {member["id"] for member in (vault["members"] if vault else [])}
            if there.issuperset(server_ids):
                return
            failure = self._failed_move(source, started)
            if failure is not None:
                self.applied = before
                raise FinalError(self._operation, f"the servers could not be moved to vault {target}: {failure}.")
            self._sleep(pause, f"servers are still moving to vault {target}")

    def _failed_move(self, source: str, started: t.Any) -> str | None:
        """Return why a move out of a vault has failed since a time, None when nothing says so."""
        from .._domain.times import parse_time

        with self._cloud.errors_of(self._operation):
            for row in self._cbr.tasks(vault_id=source):
                moment = parse_time(row.get("created_at"))
                is_move = row.get("operation_type") not in _OTHER_TASKS
                is_new = moment is None or moment > started - _CLOCKS_AGREE
                if is_move and is_new and row.get("status") in _FAILED:
                    info = row.get("error_info") or {}
                    return f"{info.get('message') or 'no reason is given'} ({info.get('code') or 'no code'})"
        return None

    def _sleep(self, pause: float, what: str) -> None:
        if self._cloud.seconds_left() <= 0:
            raise FinalError(self._operation, f"{what}, and the time of the task (timeout) is over.")
        time.sleep(min(pause, self._cloud.seconds_left()))


class _Marking:
    """Marks each CloudError with whether something stays changed, and turns refused input into one."""

    def __init__(self, change: VaultChange) -> None:
        self._change = change

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: t.Any, error: t.Any, trace: t.Any) -> None:
        if isinstance(error, CloudError):
            error.applied = error.applied or self._change.applied
        elif isinstance(error, InvalidInput):
            refusal = FinalError(self._change._operation, f"{error}.")
            refusal.applied = self._change.applied
            raise refusal from error


def _unused(vaults: t.Iterable[VaultRow], name: str) -> VaultRow | None:
    """Return the oldest vault with a name that holds nothing: all who look for one find the same."""
    found = [vault for vault in vaults if vault["name"] == name and is_unused(vault)]
    return min(found, key=lambda vault: (vault.get("created_at") or "", str(vault["id"])), default=None)


def looks(seconds: float) -> t.Iterator[None]:
    """Yield at once, and again after each pause, for the last time when the seconds are over."""
    until = time.monotonic() + seconds
    for pause in pauses():
        yield
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(pause, left))


def pauses() -> t.Iterator[float]:
    from .._domain.backoff import backoff

    return backoff(_FIRST_PAUSE, factor=1.5, most=_LONGEST_PAUSE)
