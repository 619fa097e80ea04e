# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vault as an audit shows and judges it: whether it has room for the next backups, and whether it is locked."""

from __future__ import annotations

import typing as t

from .controls import FAIL, PASS, UNKNOWN

if t.TYPE_CHECKING:
    from .controls import Judgement
    from .rows import PolicyRow, VaultRow

_MB_PER_GB = 1024
# In these states a vault takes backups; lock means that its size is being changed.
_WORKING = ("available", "lock")


def audited_vault(vault: VaultRow, policy: PolicyRow | None) -> dict[str, t.Any]:
    """Return what an audit shows of a vault; policy is the one that is applied to it."""
    return {
        "id": vault["id"],
        "name": vault["name"],
        "policy": None if policy is None else {"id": policy["id"], "name": policy["name"]},
        "size_gb": vault["size_gb"],
        "used_mb": vault["used_mb"],
        "server_count": len(vault["members"]),
        "auto_expand": vault.get("auto_expand"),
        "locked": vault.get("locked"),
    }


def judge_vault_room(vault: VaultRow, counts: t.Mapping[str, int]) -> Judgement:
    """Return whether a vault has room for the next backup of each of its servers.

    The service gives no size of a single backup. So a next backup counts as the mean of those that its server has in
    the vault; counts are their numbers by server ID. A first backup may be as large as the disks.
    """
    if vault["status"] not in _WORKING:
        return _judged(FAIL, f"vault {vault['name']!r} takes no backup: its status is {vault['status']}")
    size_mb, used_mb = vault["size_gb"] * _MB_PER_GB, vault["used_mb"] or 0
    needed = first = unknown = 0
    for member in vault["members"]:
        count = counts.get(member["id"], 0)
        if count:
            needed += -(-member["backups_mb"] // count)
        else:
            first += member["disks_gb"] * _MB_PER_GB
            unknown += 1
    text = f"vault {vault['name']!r}: {_gb(used_mb)} of {vault['size_gb']} GB used, the next backups need {_gb(needed)}"
    if used_mb >= size_mb and vault.get("auto_expand"):
        # It does not grow when this was switched on after it was full, and nothing tells when that was.
        return _judged(UNKNOWN, f"{text}; it is full, and auto_expand may have come too late")
    if used_mb >= size_mb or (used_mb + needed > size_mb and not vault.get("auto_expand")):
        return _judged(FAIL, text)
    if used_mb + needed + first > size_mb:
        if vault.get("auto_expand"):
            return _judged(PASS, f"{text}; it grows by itself (auto_expand)")
        return _judged(UNKNOWN, f"{text}; how large the first backup of {unknown} of its servers becomes is not known")
    return _judged(PASS, text)


def judge_lock(vault: VaultRow) -> Judgement:
    """Return whether the backups in a vault are locked."""
    locked = vault.get("locked")
    if locked is None:
        return _judged(UNKNOWN, f"the service does not say whether vault {vault['name']!r} is locked")
    return _judged(PASS if locked else FAIL, f"vault {vault['name']!r} is {'' if locked else 'not '}locked")


def _gb(mb: int) -> str:
    """Return a size in GB, with a decimal place where it has one."""
    return f"{mb / _MB_PER_GB:.1f} GB".replace(".0 ", " ")


def _judged(result: str, evidence: str) -> Judgement:
    return {"result": result, "evidence": evidence}
