# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies of CBR and the members of their vaults: which change each call of a plan is.

How a change is made, step by step, is in vault_change.
"""

from __future__ import annotations

import contextlib
import time
import typing as t

from .._domain.errors import CloudError, NotFound, Outdated
from .._domain.selection import is_id
from .._domain.vault_option import USUAL
from .._domain.vaults import is_unused, joining_members, place
from .compute import plain
from .lock import file_lock
from .vault_change import SECONDS_UNTIL_LISTED, VaultChange, looks

if t.TYPE_CHECKING:
    from .._domain.cloud import VaultCloud
    from .._domain.rows import MemberRow, PolicyRow, TagRow, VaultRow
    from .._domain.vault_option import VaultOptions
    from .._domain.vaults import Step

# The part of SECONDS_UNTIL_LISTED until tasks that create a policy of one name at once see each other's
_PART_TO_AGREE = 20
# The code of a vault that a policy is taken off though it does not have it
_IS_OFF = "BackupService.6002"
_NO_POLICY = "BackupService.6000"


class VaultMembers:
    """Changes which servers are in which vaults. Every method raises CloudError that names the operation."""

    def __init__(self, cloud: VaultCloud) -> None:
        self._cloud, self._cbr = cloud, cloud.cbr

    # ========== Policies ==========
    def create_policy(self, options: VaultOptions | None, created: dict[str, str], **attrs: t.Any) -> PolicyRow:
        """Create a policy with its vaults and servers; created holds by name the policies that this task has made."""
        name = attrs["name"]
        operation = f"create backup policy {name!r}"
        if name not in created:
            # Loaded here, because most tasks create no policy.
            from .._domain.cbr_policy import fields_to_send

            created[name] = plain(self._cbr.create_policy(**fields_to_send(attrs, new=True)), "id")["id"]
        try:
            created[name] = policy_id = self._agree(operation, name, created[name])
            self.change(operation, policy_id, attrs.get("resources") or (), vault=options)
            tags = attrs.get("tags")
            if tags:
                with self._cloud.errors_of(operation):
                    self._cloud.set_tags("policy", policy_id, tags)
        except CloudError as error:
            error.applied = True
            raise
        return {"id": policy_id, "name": name}

    def _agree(self, operation: str, name: str, own_id: str) -> str:
        """Return the ID of the policy that keeps a name, when tasks on several machines have each created one.

        The oldest stays, and nobody has put servers into the others yet, so nobody has to be moved.
        """
        for dummy in looks(min(SECONDS_UNTIL_LISTED, self._cloud.seconds_left())):
            if any(row["id"] == own_id for row in self._cloud.policies()):
                break
        # The service dates policies by the second: those of the same second must be listed too.
        time.sleep(min(SECONDS_UNTIL_LISTED / _PART_TO_AGREE, self._cloud.seconds_left()))
        twins = [row for row in self._cloud.policies() if row["name"] == name]
        oldest = min(twins, key=lambda row: (row.get("start_time") or "", row["id"]), default=None)
        if oldest is None or oldest["id"] == own_id:
            return own_id
        own = self._cloud.policy(own_id)
        if own is not None and own["vaults"]:
            return own_id
        # That it is gone already is what is wanted.
        with contextlib.suppress(NotFound), self._cloud.errors_of(operation):
            self._cbr.delete_policy(own_id, ignore_missing=False)
        return str(oldest["id"])

    def delete_policy(self, policy_id: str) -> None:
        """Delete a policy and its vaults without backups; take it off the others."""
        policy = self._cloud.policy(policy_id)
        operation = f"delete backup policy {policy['name'] if policy else policy_id!r}"
        change = VaultChange(self._cloud, operation)
        with change.marking(), self._cloud.errors_of(operation):
            for vault in policy["vaults"] if policy else ():
                if not change.delete_without_backups(vault):
                    self._take_off(policy_id, vault)
                    change.applied = True
            self._cbr.delete_policy(policy_id, ignore_missing=False)

    def _take_off(self, policy_id: str, vault: VaultRow) -> None:
        """Take a policy off a vault."""
        try:
            with self._cloud.errors_of(f"take the policy off vault {vault['name']!r}"):
                self._cbr.dissociate_policy(vault["id"], policy_id)
        except CloudError as error:
            # The session repeats this call when its answer is lost.
            if error.error_code != _IS_OFF and not isinstance(error, NotFound):
                raise

    def delete_empty(self, operation: str, policy_id: str, leaving: t.Collection[str]) -> None:
        """Delete a policy that has no servers but those in leaving. Raises Outdated when it has others."""
        with file_lock("change", policy_id, self._cloud.seconds_left()):
            policy = self._read(operation, policy_id)
            others = [
                member for vault in policy["vaults"] for member in vault["members"] if member["id"] not in leaving
            ]
            if others:
                names = ", ".join(repr(member["name"]) for member in others)
                raise Outdated(operation, f"others have put servers into it: {names}. What to do: run the task again.")
            self.delete_policy(policy_id)

    # ========== Members ==========
    def change(
        self,
        operation: str,
        policy_id: str,
        add: t.Sequence[MemberRow] = (),
        remove: t.Sequence[str] = (),
        vault: VaultOptions | None = None,
        delete_backups: bool = False,
        most: int | None = None,
        **attrs: t.Any,
    ) -> None:
        """Add and remove servers of a policy (its ID), and change other fields of it.

        most has no meaning: a policy has as many vaults as its servers need.
        """
        with file_lock("change", policy_id, self._cloud.seconds_left()):
            change = VaultChange(self._cloud, operation)
            if attrs:
                with self._cloud.errors_of(operation):
                    self._cloud.update_policy(policy_id, **attrs)
                change.applied = True
            with change.marking():
                if remove:
                    change.until_valid(
                        lambda: change.let_go(self._read(operation, policy_id), set(remove), delete_backups)
                    )
                if add:
                    change.until_valid(lambda: change.take_in(self._read(operation, policy_id), add, vault or USUAL))

    def prepare(
        self,
        operation: str,
        policy_id: str,
        servers: t.Sequence[MemberRow],
        vault: VaultOptions | None = None,
        tags: t.Sequence[TagRow] = (),
    ) -> None:
        """Make and enlarge the vaults of a policy, so that servers have room there. None of them joins.

        tags are those of the first vault; a later one gets what the others have in common.
        """
        with file_lock("change", policy_id, self._cloud.seconds_left()):
            change = VaultChange(self._cloud, operation, tags)
            with change.marking():
                change.until_valid(lambda: change.make_room(self._read(operation, policy_id), servers, vault or USUAL))

    def put_into_vault(self, operation: str, ref: str, servers: t.Sequence[MemberRow]) -> None:
        """Put servers that are in no vault into the vault with that name or ID, which is made when it is not there."""
        with file_lock("change", f"vault {ref}", self._cloud.seconds_left()):
            change = VaultChange(self._cloud, operation)
            with change.marking():
                for dummy in change.looks_before_making():
                    found, vaults = self._cloud.vault_named(ref)
                    if found is not None:
                        break
                    if is_id(ref):
                        raise NotFound(operation, "the vault no longer exists. What to do: run the task again.")
                held = {member["id"] for vault in vaults for member in vault["members"]}
                joining = joining_members([server for server in servers if server["id"] not in held], ())
                steps = place([], joining, found["name"] if found else ref, USUAL)
                if found is None or self._is_unfinished(found, steps):
                    change.carry_out(steps, USUAL, [found] if found else ())
                else:
                    # The vault is not of this task, so it keeps its settings.
                    options = USUAL._replace(auto_expand=False)
                    change.carry_out(place([found], joining, ref, options), options, ())

    def _is_unfinished(self, vault: VaultRow, steps: t.Sequence[Step]) -> bool:
        """Return whether a vault looks as a run that was killed leaves one that it has made for the same servers.

        steps are those of a vault that is not there.
        """
        is_as_made = (
            is_unused(vault) and not vault.get("auto_expand") and not vault["tags"] and not vault["description"]
        )
        sizes = [step.size_gb for step in steps]
        return is_as_made and [vault["size_gb"]] == sizes and vault in self._cloud.vaults_by_binding()[1]

    def _read(self, operation: str, policy_id: str) -> PolicyRow:
        policy = self._cloud.policy(policy_id)
        if policy is None:
            raise NotFound(operation, "the policy no longer exists.", error_code=_NO_POLICY)
        return policy
