# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_prune: which backups take part, which are deleted, and why others are kept."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from .._domain.backup import USABLE, backup_result, images_of, is_automatic, recovery_point
from .._domain.errors import InvalidInput
from .._domain.keep_rules import Point, Rules, has_tags, reasons_to_keep
from .._domain.limits import as_text
from .._domain.tags import tags_as_dict

if t.TYPE_CHECKING:
    from .._domain.rows import BackupRow, ServerRef

_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)
# A usable backup in another state is being restored.
_DELETABLE = frozenset({"available", "error"})


class PruneOptions(t.NamedTuple):
    """The options of csbs_backup_prune in normal form.

    name and tags limit the backups that take part; None is all of them. A tag with the value None fits any value.
    """

    rules: Rules
    servers: list[str] | None
    filters: dict[str, t.Any] | None
    name: re.Pattern[str] | None
    tags: dict[str, str | None] | None
    include_automatic: bool
    wait: bool
    poll_interval: float


class Decision(t.NamedTuple):
    """A backup and its outcome: kept (with reasons), removed, busy, or failed, which means it could not be deleted."""

    row: BackupRow
    outcome: t.Literal["kept", "removed", "busy", "failed"]
    reasons: tuple[str, ...] = ()


class PruneContext(t.NamedTuple):
    """What was decided."""

    #: One for each backup that takes part; those removed are in the order of the calls
    decisions: list[Decision]
    #: Present names of servers by ID
    names: dict[str, str]


def takes_part(row: BackupRow, options: PruneOptions) -> bool:
    """Return whether a backup takes part, as far as this does not depend on its tags.

    A backup is manual only when the service says so. Backups that are in progress, being deleted or in an unknown state
    do not take part, and neither do backups of unknown age where the age counts.
    """
    if not options.include_automatic and is_automatic(row) is not False:
        return False
    if options.name is not None and not options.name.fullmatch(as_text(row.get("name"))):
        return False
    dated = recovery_point(row) is not None
    if row["status"] == "error":
        return dated or options.rules.older_than is None
    return dated and row["status"] in USABLE


def judge(rows: t.Iterable[BackupRow], rules: Rules) -> list[Decision]:
    """Return a decision for each backup of one server, the newest first.

    Failed backups have no recovery point: they never count, and are deleted unless they are young or a tag or an image
    keeps them.
    """
    by_id = sorted(rows, key=lambda row: str(row["id"]))
    newest_first = sorted(by_id, key=lambda row: recovery_point(row) or _LONG_AGO, reverse=True)
    points = [
        Point(row["id"], moment, tags_as_dict(row["tags"]))
        for row in newest_first
        if row["status"] in USABLE and (moment := recovery_point(row))
    ]
    reasons = reasons_to_keep(points, rules)
    return [_decide(row, reasons.get(row["id"]), rules) for row in newest_first]


def _decide(row: BackupRow, reasons: list[str] | None, rules: Rules) -> Decision:
    """Return the decision on a backup; reasons are those of the rules, None for a backup that does not count."""
    if reasons is None:
        young, tagged = rules.keeps_as_young(recovery_point(row)), has_tags(tags_as_dict(row["tags"]), rules.tags)
        reasons = [*(["young"] if young else []), *(["tag"] if tagged else [])]
    if images_of(row):
        reasons = [*reasons, "image"]
    if reasons:
        return Decision(row, "kept", tuple(reasons))
    return Decision(row, "removed" if row["status"] in _DELETABLE else "busy")


def refuse_to_remove_all(servers: t.Iterable[ServerRef], decisions: t.Iterable[Decision]) -> None:
    """Raise InvalidInput when a server has good backups and none of them is kept, as restic does for tags alone."""
    good = [decision for decision in decisions if decision.row["status"] in USABLE]
    safe = {decision.row["resource_id"] for decision in good if decision.outcome == "kept"}
    bare = {decision.row["resource_id"] for decision in good} - safe
    if bare:
        names = ", ".join(repr(server["name"] or server["id"]) for server in servers if server["id"] in bare)
        raise InvalidInput(
            f"keep_tags: no good backup of these servers has these tags, so all of them would be deleted: {names}."
            " Nothing was removed. To keep the newest one, give keep_last: 1 as well"
        )


def result_of(decisions: t.Sequence[Decision], names: t.Mapping[str, str]) -> dict[str, list[dict[str, t.Any]]]:
    """Return the backups in the shape of results: kept with reasons, removed, busy. names are as for backup_result."""
    shown: dict[str, list[dict[str, t.Any]]] = {"kept": [], "removed": [], "busy": []}
    for decision in decisions:
        backup = backup_result(decision.row, names)
        if decision.outcome == "kept":
            backup["reasons"] = list(decision.reasons)
        if decision.outcome in shown:
            shown[decision.outcome].append(backup)
    return shown
