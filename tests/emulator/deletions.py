# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting backups: asynchronous, five at a time in a project, the rest queues."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from . import timing
from .model import Item
from .rules import BUSY_ITEM, DELETIONS_AT_ONCE, ApiError
from .state import State


def delete(state: State, project_id: str, checkpoint_id: str, item_ids: list[str] | None) -> None:
    """Delete some or all backups of a record, or refuse and change nothing."""
    checkpoint = state.checkpoint(project_id, checkpoint_id)
    for item_id in item_ids or ():
        if item_id not in checkpoint.item_ids:
            raise ApiError("CSBS.3001", item_id)
    items = [state.items[item_id] for item_id in (item_ids or checkpoint.item_ids)]
    for item in items:
        check(state, item)
    for item in items:
        enqueue(state, item)


def check(state: State, item: Item) -> None:
    """Whether a backup can be deleted now."""
    if item.status in BUSY_ITEM:
        conflict = state.settings.live and item.status in ("waiting_delete", "deleting")
        raise ApiError("CSBS.2003", f"{item.id} is {item.status}", status=409 if conflict else None)
    if held(state, item):
        raise ApiError("CSBS.8007", item.id)


def held(state: State, item: Item) -> bool:
    """Whether an image, ready or in the making, needs the backup."""
    return item.image_id in state.images if item.image_id else False


def enqueue(state: State, item: Item) -> None:
    """Queue a deletion."""
    item.status = "waiting_delete"
    item.updated_at = item.phase_start = state.now
    item.phase_end = None
    item.books.leaving(state, item)
    state.deletions.setdefault(item.lane, deque()).append(item)
    state.after(timing.DELETE_QUEUE, lambda at: _pump(state, item.lane, at))


def _pump(state: State, lane: str, at: datetime) -> None:
    queue = state.deletions.setdefault(lane, deque())
    while queue and state.deleting.get(lane, 0) < DELETIONS_AT_ONCE:
        item = queue.popleft()
        if item.status != "waiting_delete":
            continue
        item.status = "deleting"
        item.updated_at = item.phase_start = at
        state.deleting[lane] = state.deleting.get(lane, 0) + 1
        item.phase_end = at + timedelta(seconds=timing.DELETE)
        state.at(item.phase_end, _finisher(state, item))
        item.books.begun(state, item)


def _finisher(state: State, item: Item):  # type: ignore[no-untyped-def]
    def finish(at: datetime) -> None:
        state.deleting[item.lane] -= 1
        server = state.servers.get(item.resource_id)
        if item.status == "deleting" and item.phase_end == at:
            if server is not None and server.fail_next_delete:
                item.status = "error"
                item.fail_op, item.fail_reason = "delete", server.fail_next_delete
                item.updated_at = at
                server.fail_next_delete = None
                item.books.stayed(state, item, item.fail_reason)
            else:
                item.books.left(state, item)
        _pump(state, item.lane, at)

    return finish
