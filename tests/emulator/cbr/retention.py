# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retention: what a policy still keeps, and what goes when its days are over."""

from __future__ import annotations

from datetime import datetime, timedelta

from .. import deletions
from .. import retention as rules
from ..state import State
from .model import Backup, Policy, Vault

BATCHES = (8, 20)


def prune(state: State, vault: Vault, server_id: str) -> None:
    """After a backup, by hand or not: delete what the policy's counts no longer keep of automatic ones."""
    policy = state.cbr.policies.get(vault.policy_id or "")
    if policy is None or not policy.enabled:
        return
    mine = [
        backup
        for backup in state.cbr.of_member(vault, server_id)
        if backup.auto_trigger and backup.policy_id == policy.id and backup.status == "available"
    ]
    mine.sort(key=lambda backup: backup.seq, reverse=True)
    # Days are kept with each backup: a change of the policy does not reach those.
    counts = {**policy.definition, "retention_duration_days": -1}
    for backup in rules.expired(counts, mine, state.now):
        if not deletions.held(state, backup):
            deletions.enqueue(state, backup)


def next_batch(moment: datetime) -> datetime:
    """When what is over at a moment is deleted: at full hours of the day, not on the minute."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    if hour < moment:
        hour += timedelta(hours=1)
    if hour.hour < BATCHES[0]:
        return hour.replace(hour=BATCHES[0])
    if hour.hour > BATCHES[1]:
        return (hour + timedelta(days=1)).replace(hour=BATCHES[0])
    return hour


def watch(state: State, backup: Backup) -> None:
    """Look again when a backup's days are over."""
    if backup.expired_at is not None:
        moment = next_batch(max(backup.expired_at, state.now))
        state.at(moment, lambda _at: _over(state, backup))


def _over(state: State, backup: Backup) -> None:
    if backup.id not in state.cbr.backups or backup.status in ("waiting_delete", "deleting"):
        return
    policy = state.cbr.policies.get(backup.policy_id or "")
    if policy is not None and not policy.enabled:
        return
    if backup.status == "available" and not deletions.held(state, backup):
        deletions.enqueue(state, backup)
    else:
        state.after(3600.0, lambda _at: watch(state, backup))


def resume(state: State, policy: Policy) -> None:
    """A policy is enabled again: what was over meanwhile goes."""
    for backup in state.cbr.backups.values():
        if backup.policy_id == policy.id and backup.expired_at is not None and backup.expired_at <= state.now:
            watch(state, backup)
