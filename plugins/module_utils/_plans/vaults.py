# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan about the servers of a policy means for its vaults: loaded where policies have vaults."""

from __future__ import annotations

import typing as t

from .._domain.errors import InvalidInput
from .._domain.policy import vault_result
from .._domain.vault_option import USUAL, VaultOptions
from .._domain.vaults import joining_members, names_in_use, place

if t.TYPE_CHECKING:
    from .._domain.rows import MemberRow, PolicyRow, VaultMemberRow, VaultRow

    class Options(t.Protocol):
        """The options of a task that changes the servers of a policy."""

        @property
        def vault(self) -> VaultOptions | None:
            """What new vaults are like."""

        @property
        def delete_backups(self) -> bool:
            """Whether the backups of servers that leave go with them."""


def vault_arguments(options: Options) -> dict[str, t.Any]:
    """Return the arguments of change_members that are about vaults."""
    arguments: dict[str, t.Any] = {"vault": options.vault}
    if options.delete_backups:
        arguments["delete_backups"] = True
    return arguments


def check_not_locked(vaults: t.Iterable[VaultRow], leaving: t.Collection[str]) -> None:
    """Raise InvalidInput when servers (IDs) are to leave a vault that is locked."""
    for vault in vaults:
        names = [repr(member["name"] or member["id"]) for member in vault["members"] if member["id"] in leaving]
        if names and vault.get("locked"):
            raise InvalidInput(
                f"servers: vault {vault['name']!r} is locked for ever, so its servers cannot leave it."
                f" These servers would have to leave: {', '.join(names)}"
            )


def vaults_of_policy(
    options: Options,
    name: str,
    add: t.Sequence[MemberRow],
    remove: t.Collection[str],
    others: t.Iterable[PolicyRow],
    vaults: t.Sequence[VaultRow] = (),
) -> list[dict[str, t.Any]]:
    """Return the vaults that a policy will have, in the shape of results.

    name is that of the policy, others are the places that servers may leave for it. Raises InvalidInput.
    """
    check_not_locked(vaults, remove)
    vault = options.vault or USUAL
    bound: list[VaultRow] = []
    loose: list[VaultRow] = []
    joining_ids = {server["id"] for server in add}
    for other in others:
        (bound if "scheduled_operations" in other else loose).extend(other.get("vaults") or ())
    check_not_locked([*bound, *loose], joining_ids)
    after = _vaults_after(
        vaults,
        joining_members(add, [*bound, *loose]),
        remove,
        vault.name or name,
        vault,
        names_in_use(bound, loose),
    )
    return [vault_result(row) for row in after]


def _vaults_after(
    vaults: t.Sequence[VaultRow],
    joining: t.Sequence[VaultMemberRow],
    leaving: t.Collection[str],
    name: str,
    options: VaultOptions,
    taken: t.Collection[str],
) -> list[VaultRow]:
    """Return the vaults of a policy after servers have left (IDs) and others have joined; arguments as for place.

    used_mb is None where backups come or go with the servers. Raises InvalidInput.
    """
    left = [_without(vault, leaving) for vault in vaults]
    steps = {step.vault["name"]: step for step in place(left, joining, name, options, taken)}
    new = [step.vault for step in steps.values() if step.vault["id"] is None]
    moving = {member["id"] for member in joining if member["backups_mb"]} | set(leaving)
    after: list[VaultRow] = []
    for vault, old in zip([*left, *new], [*vaults, *new]):
        step = steps.get(vault["name"])
        members = [*vault["members"], *(step.joining if step else ())]
        touched = any(member["id"] in moving for member in (*old["members"], *members))
        size = vault["size_gb"] if step is None or step.size_gb is None else step.size_gb
        after.append({**vault, "size_gb": size, "used_mb": None if touched else vault["used_mb"], "members": members})
    return sorted(after, key=lambda vault: vault["name"])


def _without(vault: VaultRow, leaving: t.Collection[str]) -> VaultRow:
    """Return a vault as it is when servers (IDs) have left with their backups."""
    gone = [member for member in vault["members"] if member["id"] in leaving]
    if not gone:
        return vault
    return {
        **vault,
        "members": [member for member in vault["members"] if member["id"] not in leaving],
        "allocated_gb": max(vault["allocated_gb"] - sum(member["disks_gb"] for member in gone), 0),
        "used_mb": max((vault["used_mb"] or 0) - sum(member["backups_mb"] for member in gone), 0),
    }
