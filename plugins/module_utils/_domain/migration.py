# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from CSBS to CBR: what a policy becomes, what gets lost, what stands in the way, and who is where.

Losses and blockers are sentences for users. Each says what to do. A blocker refuses the migration of its policy.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from .errors import InvalidInput
from .limits import MAX_POLICIES
from .policy import as_resource, definition_in, is_enabled, members_of, pattern_of
from .retention import COUNTS, KEYS, LONG_TERM, current_retention, same_retention, unreported
from .schedule import RawPattern, as_text, same_schedule
from .schedule_option import parse_schedule
from .selection import describe_servers, is_id
from .services import RULES
from .tag_option import parse_tags
from .tags import tags_as_dict
from .vaults import joining_members, names_in_use, place

if t.TYPE_CHECKING:
    from .rows import BackupRow, PolicyRow, ServerRef, ServerRow, VaultRow
    from .schedule import Rule, SeveralRules
    from .vault_option import VaultOptions
    from .vaults import Step

_MAX_NAME = RULES["cbr"].max_policy_name
_MAX_DESCRIPTION = 64
_ANY_ZONE = "UTC+00:00"
# More servers than this are not named one by one in a sentence
_MOST_NAMED = 10


class Target(t.NamedTuple):
    """What a policy of CSBS becomes with CBR. rule and retention are None where a blocker says why.

    retention is in normal form. tags and description are those of the vaults.
    """

    name: str
    rule: Rule | SeveralRules | None
    retention: dict[str, t.Any] | None
    enabled: bool
    tags: dict[str, str]
    description: str


class Mapping(t.NamedTuple):
    """What a policy becomes, what gets lost on the way, and what stands in the way."""

    target: Target
    losses: list[str]
    blockers: list[str]


class Decision(t.NamedTuple):
    """What a user decides for one policy; retention is in the normal form of CBR."""

    target_name: str | None = None
    retention: dict[str, t.Any] | None = None


def target_name_of(name: str) -> str:
    """Return the name that a policy of CSBS has with CBR, unless the option target_name says another."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:_MAX_NAME]


def map_policy(
    policy: PolicyRow,
    *,
    target_name: str | None = None,
    retention: dict[str, t.Any] | None = None,
    others: t.Collection[str] = (),
) -> Mapping:
    """Return what a policy of CSBS (in full, with its tags) becomes with CBR.

    target_name and retention (parsed by the rules of CBR) are what the user decides. others are the names that the
    other policies of CSBS get.
    """
    losses: list[str] = []
    blockers: list[str] = []
    name = _name(policy["name"], target_name, others, losses, blockers)
    rule = _rule(policy, blockers)
    kept = retention if retention is not None else _retention(policy, losses, blockers)
    description = policy.get("description") or ""
    if description:
        cut = f", cut to {_MAX_DESCRIPTION} characters" if len(description) > _MAX_DESCRIPTION else ""
        losses.append(
            f"Policies of CBR have no description: the vaults that the migration makes get it{cut}."
            " What to do: keep it elsewhere, if you need it on the policy"
        )
    tags = _tags(policy, losses)
    enabled = is_enabled(policy)
    if not enabled:
        losses.append(
            "The schedule is disabled, and stays so with CBR: it makes no backups."
            " What to do: enable the policy with csbs_policy, service: cbr and enabled: true, when it is to run"
        )
    return Mapping(Target(name, rule, kept, enabled, tags, description[:_MAX_DESCRIPTION]), losses, blockers)


def _name(name: str, target_name: str | None, others: t.Collection[str], losses: list[str], blockers: list[str]) -> str:
    target = target_name or target_name_of(name)
    if target_name is None and target != name:
        rule = f"up to {_MAX_NAME} letters, digits, hyphens and underscores"
        losses.append(
            f"A name of CBR has {rule}, so the policy becomes {target!r}."
            " What to do: nothing, or choose a name with target_name"
        )
    if is_id(target):
        blockers.append(
            f"{target!r} has the form of an ID, and is no name for a policy. What to do: choose another name with"
            " target_name"
        )
    if target in others:
        blockers.append(
            f"Another policy of CSBS becomes {target!r}, too: the names would not tell them apart."
            " What to do: choose another name with target_name"
        )
    return target


def _rule(policy: PolicyRow, blockers: list[str]) -> Rule | SeveralRules | None:
    pattern = as_text(pattern_of(policy))
    if not pattern:
        refusal = "it has none"
    else:
        try:
            rule, dummy = parse_schedule({"pattern": pattern}, datetime.now(timezone.utc), RULES["cbr"])
        except InvalidInput as error:
            refusal = str(error)
        else:
            if not isinstance(rule, RawPattern):
                return rule
            refusal = rule.refusal
    blockers.append(
        f"CBR cannot have the schedule of the policy: {refusal.removeprefix('schedule.')}."
        " What to do: give the policy of CSBS a schedule with csbs_policy first"
    )
    return None


def _retention(policy: PolicyRow, losses: list[str], blockers: list[str]) -> dict[str, t.Any] | None:
    """Return the retention in the normal form of CBR, None where it cannot be taken over."""
    definition = definition_in(policy)
    current = current_retention(definition)
    if current["permanent"]:
        return {**dict.fromkeys(KEYS), "permanent": False}
    hidden = unreported(definition)
    limits = [key for key in (*COUNTS, *LONG_TERM) if current[key] is not None]
    zeros = [key for key in limits if current[key] == 0]
    if zeros or ("days" in limits and len(limits) > 1):
        listed = ", ".join(f"{key}: {current[key]}" for key in limits)
        why = "0 keeps no backup, which CBR cannot" if zeros else "CBR keeps backups for days, or by numbers, not both"
        blockers.append(
            f"CBR cannot have the retention of the policy ({listed}): {why}."
            " What to do: say with retention what CBR is to keep"
        )
        return None
    if hidden.issuperset(LONG_TERM):
        losses.append(
            "CSBS does not report the long-term counts of a policy (daily, weekly, monthly, yearly), so they are not"
            " taken over. What to do: say with retention what CBR is to keep, if the policy has any"
        )
    elif any(current[key] for key in LONG_TERM) and "timezone" in hidden:
        losses.append(
            f"CSBS does not report the time zone of the long-term counts, so it becomes {_ANY_ZONE}."
            " What to do: give retention with timezone, if days begin at another time"
        )
        current["timezone"] = _ANY_ZONE
    return current


def _tags(policy: PolicyRow, losses: list[str]) -> dict[str, str]:
    tags = tags_as_dict(policy.get("tags"))
    kept: dict[str, str] = {}
    for key, value in tags.items():
        try:
            kept.update(parse_tags("tags", {key: value}, vaults=True) or {})
        except InvalidInput:
            losses.append(
                f"A vault cannot have the tag {key}={value}, so it is left out."
                " What to do: set a tag with other words with csbs_tag and service: cbr"
            )
    if kept:
        losses.append(
            "The vaults get the tags of the policy, and backups of CBR have no tags."
            " What to do: look for backups by policy, vault or name where you look by tag today"
        )
    return kept


def mapping_of(policy: PolicyRow, policies: t.Iterable[PolicyRow], decision: Decision) -> Mapping:
    """Return what a policy of CSBS becomes, among all policies of CSBS. Decisions about the others do not count."""
    others = [target_name_of(other["name"]) for other in policies if other["id"] != policy["id"]]
    return map_policy(
        policy,
        target_name=decision.target_name,
        retention=decision.retention,
        # Whoever chooses a name has decided.
        others=others if decision.target_name is None else (),
    )


# ========== Who is where ==========
class Who(t.NamedTuple):
    """Where the servers of a migration are: in the policy of CSBS, on the way, in CBR; and those that are gone."""

    left: list[ServerRow]
    on_the_way: list[ServerRow]
    over: list[ServerRow]
    gone: list[ServerRef]

    @property
    def all(self) -> list[ServerRow]:
        return [*self.left, *self.on_the_way, *self.over]


def marks_of(vaults: t.Iterable[VaultRow]) -> dict[str, str]:
    """Return by server ID the ID of the CSBS policy that the server has left, for servers on the way into vaults."""
    return {tag["key"]: tag["value"] for vault in vaults for tag in vault["tags"] or () if is_id(tag["key"])}


def who_moves(
    policy: PolicyRow,
    current: PolicyRow | None,
    vaults: t.Iterable[VaultRow],
    marks: t.Mapping[str, str],
    servers: t.Mapping[str, ServerRow],
    held: t.Collection[str],
) -> Who:
    """Return where the servers of a policy of CSBS are.

    current is the policy of CBR that it becomes. vaults are all vaults, marks those in them. servers are by ID. held
    are the IDs of the servers in policies of CSBS.
    """
    in_vaults = {member["id"] for vault in vaults for member in vault["members"]}
    members = [member for member in members_of(policy) if member["id"] not in in_vaults]
    on_the_way = [
        servers[server_id]
        for server_id, policy_id in marks.items()
        if policy_id == policy["id"] and server_id in servers and server_id not in held and server_id not in in_vaults
    ]
    over = [servers[member["id"]] for member in members_of(current) if member["id"] in servers] if current else []
    return Who(
        [servers[member["id"]] for member in members if member["id"] in servers],
        on_the_way,
        over,
        [member for member in members if member["id"] not in servers],
    )


def server_state(in_csbs: bool, in_cbr: bool, marked: bool) -> str:
    """Return where a server is: csbs, moving, cbr or none.

    in_csbs: in a policy of CSBS. in_cbr: in a vault that a policy is applied to. marked: on the way, and in no vault.
    CSBS must be read before CBR: a server in both has moved in between.
    """
    if in_cbr:
        return "cbr"
    if in_csbs:
        return "csbs"
    return "moving" if marked else "none"


def policy_state(target: PolicyRow | None, left: int, over: int, moving: int) -> str:
    """Return how far a policy of CSBS is: csbs, prepared, moving or moved.

    target is the policy of CBR that belongs to it. left are the servers that the policy of CSBS still has, over those
    in the vaults of target, and moving those on the way.
    """
    if target is None or (left and not target["vaults"]):
        return "csbs"
    if left:
        return "moving" if over or moving else "prepared"
    return "moving" if moving else "moved"


# ========== What CBR has already ==========
def own_members(target: PolicyRow | None, from_csbs: t.Container[str]) -> list[ServerRef]:
    """Return the servers of a policy of CBR that did not come from CSBS; from_csbs are the IDs of those that may have.

    A server may have come from CSBS if it has a backup there or a mark.
    """
    return [] if target is None else [server for server in members_of(target) if server["id"] not in from_csbs]


def members_in_the_way(
    target: PolicyRow | None, who: Who, decision: Decision, backups: t.Iterable[BackupRow], marks: t.Iterable[str]
) -> list[ServerRef]:
    """Return the servers for which a policy of CBR may be another one; backups are those of CSBS, marks server IDs."""
    # Whoever chooses a name brings the servers into the policy that has it. When everything is over, old backups may be
    # gone, and nobody can tell any more who came from CSBS.
    if decision.target_name is not None or not (who.left or who.on_the_way):
        return []
    return own_members(target, {row["resource_id"] for row in backups}.union(marks))


def blockers_in_cbr(name: str, targets: t.Sequence[PolicyRow], own: t.Sequence[ServerRef], free: int) -> list[str]:
    """Return what CBR has that stands in the way of a policy.

    name is the one that the policy gets. targets are the policies of CBR with this name. own are those of their servers
    that did not come from CSBS, as far as that matters. free is how many policies the project may still have.
    """
    blockers = []
    if len(targets) > 1:
        blockers.append(
            f"CBR has {len(targets)} policies with the name {name!r}. What to do: rename or delete all but one of"
            " them, or choose another name with target_name"
        )
    if own:
        blockers.append(
            f"CBR has a policy {name!r} with servers that have no backup in CSBS, so it may be another one:"
            f" {listed(own)}. What to do: give target_name: {name} to bring the servers into this policy, or"
            " another name"
        )
    if not targets and free <= 0:
        blockers.append(
            f"The services allow {MAX_POLICIES} policies together, and there is no room for {name!r}."
            " What to do: delete policies that hold no server, or migrate others first and delete their policies of"
            " CSBS"
        )
    return blockers


def differences(target: Target, current: PolicyRow) -> list[str]:
    """Return in what a policy of CBR differs from what the policy of CSBS would become: names of options."""
    same = {
        "enabled": is_enabled(current) == target.enabled,
        "schedule": target.rule is None or same_schedule(pattern_of(current), target.rule),
        "retention": target.retention is None or _keeps(current, target.retention),
    }
    return [option for option, agrees in same.items() if not agrees]


def _keeps(current: PolicyRow, retention: dict[str, t.Any]) -> bool:
    definition = definition_in(current)
    return same_retention(current_retention(definition), retention, unreported(definition))


def stays_as_it_is(name: str, differs: t.Iterable[str]) -> str:
    """Return the sentence on a policy of CBR that keeps its own rules, because it has servers already."""
    return (
        f"Policy {name!r} of CBR has servers already, so it stays as it is, though it differs from what the policy of"
        f" CSBS would become: {', '.join(differs)}. What to do: change it with csbs_policy and service: cbr, if it is"
        " to follow"
    )


def steps_to_room(
    current: PolicyRow | None,
    policies: t.Iterable[PolicyRow],
    vaults: t.Iterable[VaultRow],
    servers: t.Iterable[ServerRow],
    name: str,
    options: VaultOptions,
    planned: t.Collection[str] = (),
) -> list[Step]:
    """Return what happens to the vaults of a policy of CBR, so that they have room for servers.

    current is that policy, None for a new one with this name. policies and vaults are all that CBR has, planned are
    names of vaults that others are to get. A server without a disk is left out: no vault takes it. Raises InvalidInput
    with what to do when a vault would break a rule.
    """
    own = current["vaults"] if current else []
    own_ids, bound_ids = {vault["id"] for vault in own}, {vault["id"] for row in policies for vault in row["vaults"]}
    others = [vault for vault in vaults if vault["id"] not in own_ids]
    taken = names_in_use(
        [vault for vault in others if vault["id"] in bound_ids],
        [vault for vault in others if vault["id"] not in bound_ids],
    )
    joining = joining_members([as_resource(server) for server in servers if server.get("disks_gb")], ())
    try:
        return place(own, joining, options.name or name, options, taken | set(planned))
    except InvalidInput as error:
        if "What to do" in str(error):
            raise
        raise InvalidInput(
            f"{error}. What to do: give a smaller vault.size_factor, or spread the servers over several policies first"
        ) from error


def vaults_with_room(own: t.Iterable[VaultRow], steps: t.Iterable[Step], joining: t.Container[str]) -> list[VaultRow]:
    """Return the vaults of a policy after these steps, with those of the servers that join (IDs)."""
    by_name = {step.vault["name"]: step for step in steps}
    new = [step.vault for step in by_name.values() if step.vault["id"] is None]
    rows: list[VaultRow] = []
    for vault in (*own, *new):
        step = by_name.get(vault["name"])
        size = vault["size_gb"] if step is None or step.size_gb is None else step.size_gb
        members = [member for member in (step.joining if step else ()) if member["id"] in joining]
        rows.append({**vault, "size_gb": size, "members": [*vault["members"], *members]})
    return sorted(rows, key=lambda vault: vault["name"])


def listed(servers: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Return the names of servers, or their number when there are many."""
    if len(servers) > _MOST_NAMED:
        return describe_servers(servers)
    return ", ".join(repr(server["name"] or server["id"]) for server in servers)
