# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the way from CSBS to CBR, made of what both services say; as results show it."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .backup import USABLE, by_server, images_of, is_automatic, newest, recovery_point, size_of
from .departure import NO_DISK, why_to_stay
from .errors import InvalidInput
from .limits import MAX_POLICIES
from .migration import (
    Decision,
    blockers_in_cbr,
    differences,
    listed,
    mapping_of,
    members_in_the_way,
    policy_state,
    server_state,
    stays_as_it_is,
    steps_to_room,
    vaults_with_room,
    who_moves,
)
from .policy import is_enabled, members_of, policy_result, vault_result
from .protection import by_holder
from .schedule import describe_schedule, format_pattern
from .tag_carriers import shared_tags, without_marks
from .tags import tags_as_dict
from .times import format_time, parse_time

if t.TYPE_CHECKING:
    from .migration import Mapping
    from .rows import BackupRow, PolicyRow, ServerRow, VaultRow
    from .vault_option import VaultOptions

Result = dict[str, t.Any]
_MB_PER_GB = 1024


class Estate(t.NamedTuple):
    """What both services say. marks are by server ID, servers by ID with the disks of those that are to move."""

    servers: dict[str, ServerRow]
    csbs: list[PolicyRow]
    cbr: list[PolicyRow]
    vaults: list[VaultRow]
    marks: dict[str, str]
    csbs_backups: list[BackupRow]
    cbr_backups: list[BackupRow]
    now: datetime


class Wishes(t.NamedTuple):
    """What users decide: decisions are by the ID of the policy."""

    decisions: dict[str, Decision]
    vault: VaultOptions


# ========== Policies ==========
def policy_plans(estate: Estate, chosen: t.Collection[str], wishes: Wishes) -> list[Result]:
    """Return what becomes of the chosen policies (IDs) of CSBS.

    Blockers and targets are those of csbs_migration, which knows one policy only. What several policies mean for each
    other comes on top: they need room at the same time, and may become one.
    """
    decisions = {row["id"]: wishes.decisions.get(row["id"]) or Decision() for row in estate.csbs}
    mappings = {row["id"]: mapping_of(row, estate.csbs, decisions[row["id"]]) for row in estate.csbs}
    names = [mappings[policy["id"]].target.name for policy in estate.csbs if policy["id"] in chosen]
    existing = {row["name"] for row in estate.cbr}
    new = list(dict.fromkeys(name for name in names if name not in existing))
    free = free_policies(estate)
    # Names of vaults that this plan makes
    planned: set[str] = set()
    plans = []
    for policy in estate.csbs:
        if policy["id"] not in chosen:
            continue
        mapping = mappings[policy["id"]]
        name = mapping.target.name
        plan = _Plan(estate, policy, mapping, decisions[policy["id"]], wishes.vault, planned)
        if free > 0 and name in new[free:]:
            plan.blockers.append(
                f"This plan makes {len(new)} policies, and there is room for {free}, because the services allow"
                f" {MAX_POLICIES} policies together: when those before it have gone, this one finds no room. What to"
                " do: migrate others first and delete their policies of CSBS, or delete policies that hold no server"
            )
        if names.count(name) > 1 and not mapping.blockers:
            plan.losses.append(
                f"Several policies of CSBS become one policy {name!r}, which gets the schedule and the retention of the"
                " one that goes first. What to do: nothing, or choose other names with target_name"
            )
        plans.append(plan.result())
    return plans


def free_policies(estate: Estate) -> int:
    """Return how many more policies the project may have."""
    return MAX_POLICIES - len(estate.csbs) - len(estate.cbr)


class _Plan:
    """What becomes of one policy."""

    def __init__(
        self,
        estate: Estate,
        policy: PolicyRow,
        mapping: Mapping,
        decision: Decision,
        vault: VaultOptions,
        planned: set[str],
    ) -> None:
        """planned are the names of the vaults that other policies get; those of this one are added."""
        self._estate, self._policy, self.target = estate, policy, mapping.target
        self.losses, self.blockers = list(mapping.losses), list(mapping.blockers)
        targets = [row for row in estate.cbr if row["name"] == self.target.name]
        self._current = targets[0] if targets else None
        held = {member["id"] for row in estate.csbs for member in members_of(row)}
        self._who = who_moves(policy, self._current, estate.vaults, estate.marks, estate.servers, held)
        self._own = members_in_the_way(self._current, self._who, decision, estate.csbs_backups, estate.marks)
        self.blockers += blockers_in_cbr(self.target.name, targets, self._own, free_policies(estate))
        if self._who.gone:
            self.losses.append(
                f"Servers that no longer exist are not taken along: {listed(self._who.gone)}."
                " What to do: take them out of the policy with csbs_policy_server and state: absent"
            )
        self._vaults = self._plan_vaults(vault, planned)

    def _plan_vaults(self, options: VaultOptions, planned: set[str]) -> list[VaultRow]:
        """Return the vaults that the target has when all servers are over."""
        estate, current, joining = self._estate, self._current, [*self._who.on_the_way, *self._who.left]
        own = current["vaults"] if current else []
        try:
            steps = steps_to_room(current, estate.cbr, estate.vaults, joining, self.target.name, options, planned)
        except InvalidInput as error:
            self.blockers.append(str(error))
            return own
        planned.update(step.vault["name"] for step in steps if step.vault["id"] is None)
        return vaults_with_room(own, steps, {server["id"] for server in joining})

    def result(self) -> Result:
        """Return the plan as results show it."""
        who = self._who
        own_ids = {server["id"] for server in self._own}
        over = [server for server in who.over if server["id"] not in own_ids]
        return {
            "id": self._policy["id"],
            "name": self._policy["name"],
            "target": {
                "id": self._current["id"] if self._current else None,
                "name": self.target.name,
                **self._rules(),
                "vaults": [vault_result(vault) for vault in self._vaults],
            },
            "servers": [
                {"id": server["id"], "name": server["name"], "state": state}
                for state, servers in (("csbs", who.left), ("moving", who.on_the_way), ("cbr", over))
                for server in servers
            ],
            "gone": [{"id": server["id"], "name": server["name"]} for server in who.gone],
            "losses": self.losses,
            "blockers": self.blockers,
            "state": policy_state(self._current, len(who.left), len(over), len(who.on_the_way)),
        }

    def _rules(self) -> Result:
        """Return what the policy of CBR is like: as the target says, except where it is there already."""
        target, current = self.target, self._current
        rules = {
            "enabled": target.enabled,
            "schedule": describe_schedule(format_pattern(target.rule)) if target.rule else None,
            "retention": target.retention,
            "tags": target.tags,
            "description": target.description,
        }
        if current is None:
            return rules
        now, differs = policy_result(current), differences(target, current)
        # One that has servers stays as it is.
        stays = bool(members_of(current))
        if stays and differs and (self._who.left or self._who.on_the_way):
            self.losses.append(stays_as_it_is(target.name, differs))
        for option in ("enabled", "schedule", "retention"):
            if stays or (option not in differs and rules[option] is not None):
                rules[option] = now[option]
        if current["vaults"]:
            tags = {vault["id"]: tags_as_dict(without_marks(vault["tags"])) for vault in self._estate.vaults}
            rules["tags"] = shared_tags([tags.get(vault["id"], {}) for vault in current["vaults"]])
        return rules


# ========== Servers ==========
def server_plans(estate: Estate, chosen: t.Iterable[ServerRow], max_age: timedelta) -> list[Result]:
    """Return where the chosen servers are."""
    in_csbs, in_cbr = _holders(estate.csbs), _holders(estate.cbr)
    by_id = {policy["id"]: _policy_ref(policy) for policy in estate.csbs}
    csbs_backups, cbr_backups = by_server(estate.csbs_backups), by_server(estate.cbr_backups)
    in_vaults = {member["id"] for vault in estate.vaults for member in vault["members"]}
    plans = []
    for server in chosen:
        server_id = server["id"]
        mark = estate.marks.get(server_id)
        marked = mark is not None and server_id not in in_vaults
        state = server_state(server_id in in_csbs, server_id in in_cbr, marked)
        left = in_csbs.get(server_id) if state == "csbs" else None
        if state == "moving" and mark is not None:
            left = by_id.get(mark) or {"id": mark, "name": None, "enabled": None}
        last_csbs, last_cbr = (_last(backups.get(server_id, ()), estate.now) for backups in (csbs_backups, cbr_backups))
        plans.append(
            {
                "id": server_id,
                "name": server["name"],
                "state": state,
                "csbs_policy": left,
                "cbr_policy": in_cbr.get(server_id),
                "last_csbs_backup": last_csbs,
                "last_cbr_backup": last_cbr,
                "done": state == "cbr" and last_cbr is not None,
                "reason": _obstacle(server, state, csbs_backups.get(server_id, ()), estate.now, max_age),
            }
        )
    return plans


def _holders(policies: t.Iterable[PolicyRow]) -> dict[str, Result]:
    return by_holder((_policy_ref(row), [member["id"] for member in members_of(row)]) for row in policies)


def _policy_ref(policy: PolicyRow) -> Result:
    return {"id": policy["id"], "name": policy["name"], "enabled": is_enabled(policy)}


def _last(rows: t.Iterable[BackupRow], now: datetime) -> Result | None:
    """Return the newest good backup, in brief."""
    last = newest(row for row in rows if row["status"] in USABLE)
    if last is None:
        return None
    moment = recovery_point(last)
    return {
        "id": last["id"],
        "name": last["name"],
        "protected_at": format_time(moment.isoformat()) if moment else None,
        "age_seconds": max(int((now - moment).total_seconds()), 0) if moment else None,
    }


def _obstacle(
    server: ServerRow, state: str, backups: t.Iterable[BackupRow], now: datetime, max_age: timedelta
) -> str | None:
    """Return why a server that is still to move cannot move now, None when it can, or can soon."""
    if state not in ("csbs", "moving"):
        return None
    if state == "csbs":
        reason, passes = why_to_stay(server["status"], backups, now, max_age)
        if reason is not None and not passes:
            return reason
    if not server.get("disks_gb"):
        return NO_DISK
    return None


# ========== What stays in CSBS ==========
def old_backups(estate: Estate, chosen: t.Collection[str] | None) -> list[Result]:
    """Return by server which backups stay in CSBS and until when; chosen are IDs of servers, None means all."""
    rows = []
    for server_id, backups in by_server(estate.csbs_backups).items():
        if chosen is not None and server_id not in chosen:
            continue
        server = estate.servers.get(server_id)
        stored = (backups[0].get("extend_info") or {}).get("resource_name")
        ends = [parse_time(row.get("expired_at")) for row in backups]
        known = [moment for moment in ends if moment is not None]
        rows.append(
            {
                "server": {"id": server_id, "name": server["name"] if server else stored},
                "exists": server is not None,
                "count": len(backups),
                "automatic": sum(1 for row in backups if is_automatic(row)),
                "size_mb": sum(size_of(row) or 0 for row in backups),
                "expires_at": format_time(max(known).isoformat()) if len(known) == len(ends) else None,
                "images": sorted(image for row in backups for image in images_of(row)),
            }
        )
    return sorted(rows, key=lambda row: (row["server"]["name"] or "", row["server"]["id"]))


# ========== Sums ==========
def summary_of(estate: Estate, policies: list[Result], servers: list[Result], backups: list[Result]) -> Result:
    """Return the numbers of a plan."""
    return {
        "policies": _counts(policies, ("csbs", "prepared", "moving", "moved")),
        "servers": _counts(servers, ("csbs", "moving", "cbr", "none")),
        "done": sum(1 for server in servers if server["done"]),
        "blocked": sum(1 for policy in policies if policy["blockers"]),
        "not_ready": sum(1 for server in servers if server["reason"]),
        "gb_needed": sum(vault["size_gb"] for policy in policies for vault in policy["target"]["vaults"]),
        "csbs_gb_held": -(-sum(row["size_mb"] for row in backups) // _MB_PER_GB),
        "policies_used": len(estate.csbs) + len(estate.cbr),
        "policies_free": max(free_policies(estate), 0),
    }


def _counts(rows: list[Result], states: tuple[str, ...]) -> dict[str, int]:
    return {state: sum(1 for row in rows if row["state"] == state) for state in states}


def notes_of(policies: list[Result], servers: list[Result], backups: list[Result], summary: Result) -> list[str]:
    """Return what users must know before they begin, as sentences."""
    notes = []
    if summary["servers"]["csbs"] or backups:
        notes.append(
            "The console of CBR has a migration of its own (Migrate to CBR). It is the only way that takes old backups"
            " along. It works once for an account and for all of it, makes its own vaults with 1.2 times the size of"
            " the backups, and fails at a backup whose image has tags. What to do: if you can use it, use it before"
            " csbs_migration, take the tags off such images first, and enlarge its vaults to the sum of the disks"
        )
    else:
        notes.append("No server is in a policy of CSBS, and CSBS holds no backup of them: there is nothing to migrate")
    if summary["gb_needed"]:
        notes.append(
            f"CBR bills the size of vaults, used or not: {summary['gb_needed']} GB by this plan. A vault must be as"
            " large as the disks of its servers. What to do: choose vault.size_factor between 1 and what your"
            " retention needs; a vault can grow later, but never shrinks by itself"
        )
    if backups:
        ends = [row["expires_at"] for row in backups]
        until = f" The last one expires at {max(ends)}." if all(ends) else ""
        notes.append(
            f"Backups that stay in CSBS, and are billed there: {sum(row['count'] for row in backups)},"
            f" {summary['csbs_gb_held']} GB.{until} A retention of CSBS works only while a server is in its policy;"
            " afterwards backups without a date stay until somebody deletes them. What to do: delete them with"
            " csbs_backup_prune when the backups of CBR reach back far enough"
        )
    images = [image for row in backups for image in row["images"]]
    if images:
        notes.append(
            f"Images that hold backups of CSBS, which cannot be deleted before them: {', '.join(images)}."
            " What to do: delete the images that nobody needs"
        )
    loose = [server for server in servers if server["state"] == "none"]
    if loose:
        notes.append(
            f"Servers in no policy of either service: {listed(loose)}."
            " What to do: put those that need backups into a policy of CBR with csbs_policy_server and service: cbr"
        )
    moved = [policy for policy in policies if policy["state"] == "moved"]
    empty = [repr(policy["name"]) for policy in moved if not policy["gone"]]
    if empty:
        notes.append(
            f"These policies of CSBS have no server any more, and count against the {MAX_POLICIES} policies:"
            f" {', '.join(empty)}. What to do: delete them with csbs_policy, state: absent and servers: []; their"
            " backups stay"
        )
    left_over = [f"{policy['name']!r} ({listed(policy['gone'])})" for policy in moved if policy["gone"]]
    if left_over:
        notes.append(
            "These policies of CSBS have only servers that no longer exist, and count against the"
            f" {MAX_POLICIES} policies: {', '.join(left_over)}. What to do: take these servers out with"
            " csbs_policy_server and state: absent, then delete the policies as empty ones; their backups stay"
        )
    return notes
