# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the way from CSBS to CBR, made of what both services say; as results show it."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .backup import USABLE, by_server, images_of, is_automatic, newest, recovery_point, size_of
from .departure import why_to_stay
from .errors import InvalidInput
from .limits import MAX_POLICIES
from .migration import Decision, map_policy, own_members, policy_state, server_state, target_name_of
from .policy import as_resource, is_enabled, members_of, vault_result
from .protection import by_holder
from .schedule import describe_schedule, format_pattern
from .selection import describe_servers
from .times import format_time, parse_time
from .vaults import VaultOptions, joining_members, names_in_use, vaults_after

if t.TYPE_CHECKING:
    from .migration import Mapping
    from .rows import BackupRow, PolicyRow, ServerRef, ServerRow, VaultRow

Result = dict[str, t.Any]
_MB_PER_GB = 1024
# More servers than this are not named one by one in a sentence
_MOST_NAMED = 10


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
    """Return what becomes of the chosen policies (IDs) of CSBS."""
    mappings = _mappings(estate.csbs, wishes.decisions)
    from_csbs = {row["resource_id"] for row in estate.csbs_backups} | estate.marks.keys()
    # Names of vaults that this plan makes
    planned: set[str] = set()
    room = free_policies(estate)
    plans = []
    for policy in estate.csbs:
        if policy["id"] not in chosen:
            continue
        mapping = mappings[policy["id"]]
        targets = [row for row in estate.cbr if row["name"] == mapping.target.name]
        if not targets:
            room -= 1
        decision = wishes.decisions.get(policy["id"])
        # Who chooses a name brings the servers into the policy that has it.
        check_own = decision is None or decision.target_name is None
        plan = _Plan(estate, policy, mapping, targets, from_csbs if check_own else None)
        plans.append(plan.result(room, wishes.vault, planned))
    return plans


def _mappings(policies: t.Iterable[PolicyRow], decisions: t.Mapping[str, Decision]) -> dict[str, Mapping]:
    rows = {policy["id"]: policy for policy in policies}
    mappings = {}
    for policy_id, row in rows.items():
        decision = decisions.get(policy_id) or Decision()
        # As csbs_migration sees them, which does not know what is decided for others.
        others = [target_name_of(other["name"]) for other_id, other in rows.items() if other_id != policy_id]
        others += [one.target_name for other_id, one in decisions.items() if other_id != policy_id and one.target_name]
        mappings[policy_id] = map_policy(
            row,
            target_name=decision.target_name,
            retention=decision.retention,
            # Whoever chooses a name has decided.
            others=others if decision.target_name is None else (),
        )
    return mappings


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
        targets: list[PolicyRow],
        from_csbs: t.Container[str] | None,
    ) -> None:
        """from_csbs are the IDs of servers that may have come from CSBS, None when all in the target may be there."""
        self._estate, self._policy, self._target = estate, policy, mapping.target
        self._losses, self._blockers = list(mapping.losses), list(mapping.blockers)
        self._bound = targets[0] if targets else None
        held = {member["id"] for row in estate.cbr for member in members_of(row)}
        members = [member for member in self._named(members_of(policy)) if member["id"] not in held]
        self._left = [member for member in members if member["id"] in estate.servers]
        self._gone = [member for member in members if member["id"] not in estate.servers]
        in_csbs = {member["id"] for row in estate.csbs for member in members_of(row)}
        self._moving = self._named(
            {"id": server_id, "name": None}
            for server_id, policy_id in estate.marks.items()
            if policy_id == policy["id"] and server_id in estate.servers and server_id not in held | in_csbs
        )
        # When everything is over, old backups may be gone, and nobody can tell any more who came from CSBS.
        to_move = self._left or self._moving
        own = own_members(self._bound, from_csbs) if to_move and from_csbs is not None else []
        own_ids = {server["id"] for server in own}
        bound = members_of(self._bound) if self._bound else []
        self._over = self._named(member for member in bound if member["id"] not in own_ids)
        self._check(targets, own)

    def _named(self, members: t.Iterable[ServerRef]) -> list[ServerRef]:
        """Return servers with their present names."""
        servers = self._estate.servers
        return [
            {"id": one["id"], "name": servers[one["id"]]["name"] if one["id"] in servers else one["name"]}
            for one in members
        ]

    def _check(self, targets: list[PolicyRow], own: list[ServerRef]) -> None:
        name = self._target.name
        if self._gone:
            self._losses.append(
                f"Servers that no longer exist are not taken along: {_listed(self._gone)}."
                " What to do: take them out of the policy with csbs_policy_server and state: absent"
            )
        if len(targets) > 1:
            self._blockers.append(
                f"CBR has {len(targets)} policies with the name {name!r}. What to do: rename or delete all but one of"
                " them, or choose another name with target_name"
            )
        if own:
            self._blockers.append(
                f"CBR has a policy {name!r} with servers that have no backup in CSBS, so it may be another one:"
                f" {_listed(own)}. What to do: give target_name: {name} to bring the servers into this policy, or"
                " another name"
            )

    def result(self, room: int, options: VaultOptions, planned: set[str]) -> Result:
        """Return the plan as results show it. room is how many policies may be made after this one."""
        if self._bound is None and room < 0:
            self._blockers.append(
                f"The services allow {MAX_POLICIES} policies together, and there is no room for"
                f" {self._target.name!r}. What to do: delete policies that hold no server, or migrate others first and"
                " delete their policies of CSBS"
            )
        vaults = self._vaults(options, planned)
        target = self._target
        return {
            "id": self._policy["id"],
            "name": self._policy["name"],
            "target": {
                "id": self._bound["id"] if self._bound else None,
                "name": target.name,
                "enabled": target.enabled,
                "schedule": describe_schedule(format_pattern(target.rule)) if target.rule else None,
                "retention": target.retention,
                "tags": target.tags,
                "description": target.description,
                "vaults": [vault_result(vault) for vault in vaults],
            },
            "servers": [
                {**server, "state": state}
                for state, servers in (("csbs", self._left), ("moving", self._moving), ("cbr", self._over))
                for server in servers
            ],
            "losses": self._losses,
            "blockers": self._blockers,
            "state": policy_state(self._bound, len(self._left), len(self._over), len(self._moving)),
        }

    def _vaults(self, options: VaultOptions, planned: set[str]) -> list[VaultRow]:
        """Return the vaults that the target has when all servers are over; planned are names of other new vaults."""
        own = self._bound["vaults"] if self._bound else []
        own_ids = {vault["id"] for vault in own}
        bound_ids = {vault["id"] for row in self._estate.cbr for vault in row["vaults"]}
        others = [vault for vault in self._estate.vaults if vault["id"] not in own_ids]
        loose = [vault for vault in others if vault["id"] not in bound_ids]
        bound = [vault for vault in others if vault["id"] in bound_ids]
        joining = [as_resource(self._estate.servers[one["id"]]) for one in (*self._left, *self._moving)]
        try:
            vaults = vaults_after(
                own,
                joining_members(joining, others),
                (),
                options.name or self._target.name,
                options,
                names_in_use(bound, loose) | planned,
            )
        except InvalidInput as error:
            advice = (
                ""
                if "What to do" in str(error)
                else (
                    ". What to do: give a smaller vault.size_factor, or spread the servers over several policies first"
                )
            )
            self._blockers.append(f"{error}{advice}")
            return own
        planned.update(vault["name"] for vault in vaults if vault["id"] is None)
        return vaults


# ========== Servers ==========
def server_plans(estate: Estate, chosen: t.Iterable[ServerRow], max_age: timedelta) -> list[Result]:
    """Return where the chosen servers are."""
    in_csbs, in_cbr = _holders(estate.csbs), _holders(estate.cbr)
    by_id = {policy["id"]: _policy_ref(policy) for policy in estate.csbs}
    csbs_backups, cbr_backups = by_server(estate.csbs_backups), by_server(estate.cbr_backups)
    plans = []
    for server in chosen:
        server_id = server["id"]
        mark = estate.marks.get(server_id)
        state = server_state(server_id in in_csbs, server_id in in_cbr, mark is not None)
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
        return "the server has no disk, and no vault takes it. What to do: take it out of the policy"
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
            f"Servers in no policy of either service: {_listed(loose)}."
            " What to do: put those that need backups into a policy of CBR with csbs_policy_server and service: cbr"
        )
    if any(policy["state"] == "moved" for policy in policies):
        names = ", ".join(repr(policy["name"]) for policy in policies if policy["state"] == "moved")
        notes.append(
            f"These policies of CSBS have no server any more, and count against the {MAX_POLICIES} policies: {names}."
            " What to do: delete them with csbs_policy and state: absent; their backups stay"
        )
    return notes


def _listed(servers: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Return the names of servers, or their number when there are many."""
    if len(servers) > _MOST_NAMED:
        return describe_servers(servers)
    return ", ".join(repr(server["name"] or server["id"]) for server in servers)
