# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backups a prune removes, and why the others stay."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from .._domain.backup import USABLE, backup_result, recovery_point
from .._domain.errors import InvalidInput
from .._domain.keep_rules import Point, Rules, has_tags, reasons_to_keep
from .._domain.limits import as_text
from .._domain.tags import tags_as_dict

_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class PruneOptions:
    """The options of csbs_backup_prune in normal form.

    name and tags say which backups are judged at all, None is all of them; a tag whose value is None may have any.
    """

    rules: Rules
    servers: list[str] | None
    filters: dict[str, t.Any] | None
    name: re.Pattern[str] | None
    tags: dict[str, str | None] | None
    include_automatic: bool
    wait: bool
    poll_interval: float


@dataclass(frozen=True)
class Decision:
    """A backup and what is to become of it: outcome is kept (for reasons), removed, busy, or failed (it could not be deleted)."""

    row: dict[str, t.Any]
    outcome: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class PruneContext:
    """What was decided, for the steps after the calls: each backup that was judged, and the present names of servers."""

    decisions: list[Decision]
    names: dict[str, str]


def takes_part(row: dict[str, t.Any], options: PruneOptions) -> bool:
    """Return whether a backup is judged, as far as it can be told without its tags.

    Only what the service calls manual is manual. What runs, is being deleted or is in a state that nobody knows is left
    alone, and so is what is of unknown age where ages count.
    """
    if not options.include_automatic and backup_result(row)["auto_trigger"] is not False:
        return False
    if options.name is not None and not options.name.fullmatch(as_text(row.get("name"))):
        return False
    dated = recovery_point(row) is not None
    return (row["status"] in USABLE and dated) or (
        row["status"] == "error" and (dated or options.rules.older_than is None)
    )


def judge(rows: list[dict[str, t.Any]], rules: Rules) -> list[Decision]:
    """Return what is to become of each backup of one server, the newest first.

    Failed ones hold no recovery point: they never count, and go unless they are young or a tag or an image keeps them.
    """
    points = [
        Point(row["id"], moment, tags_as_dict(row["tags"]))
        for row in rows
        if row["status"] in USABLE and (moment := recovery_point(row))
    ]
    reasons = reasons_to_keep(points, rules)
    decisions = []
    for row in sorted(
        sorted(rows, key=lambda row: str(row["id"])), key=lambda row: recovery_point(row) or _LONG_AGO, reverse=True
    ):
        why = reasons.get(row["id"])
        if why is None:
            why = ["young"] if rules.keeps_as_young(recovery_point(row)) else []
            why += ["tag"] if has_tags(tags_as_dict(row["tags"]), rules.tags) else []
        if backup_result(row)["images"]:
            why = [*why, "image"]
        # A good backup that is not available is being restored.
        outcome = "kept" if why else "removed" if row["status"] in ("available", "error") else "busy"
        decisions.append(Decision(row, outcome, tuple(why)))
    return decisions


def refuse_to_remove_all(chosen: list[dict[str, t.Any]], decisions: list[Decision]) -> None:
    """Raise InvalidInput when tags are the only rule and keep no good backup of a server that has some, as restic does."""
    good = [one for one in decisions if one.row["status"] in USABLE]
    safe = {one.row["resource_id"] for one in good if one.outcome == "kept"}
    bare = {one.row["resource_id"] for one in good} - safe
    if bare:
        names = ", ".join(repr(server["name"] or server["id"]) for server in chosen if server["id"] in bare)
        raise InvalidInput(
            f"keep_tags: no good backup of these servers has these tags, so all of theirs would go: {names}."
            " Nothing was removed. To keep the newest one, give keep_last: 1 as well"
        )


def result_of(decisions: list[Decision], names: t.Mapping[str, str]) -> dict[str, list[dict[str, t.Any]]]:
    """Return the backups in the shape of results: kept with reasons, removed, busy; names as for backup_result."""
    kept = [
        {**backup_result(one.row, names), "reasons": list(one.reasons)} for one in decisions if one.outcome == "kept"
    ]
    others = {
        outcome: [backup_result(one.row, names) for one in decisions if one.outcome == outcome]
        for outcome in ("removed", "busy")
    }
    return {"kept": kept, **others}
