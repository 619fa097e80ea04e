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
from .policy import definition_in, is_enabled, members_of, pattern_of
from .retention import COUNTS, KEYS, LONG_TERM, current_retention, unreported
from .schedule import RawPattern, as_text
from .schedule_option import parse_schedule
from .selection import is_id
from .services import RULES
from .tag_option import parse_tags
from .tags import tags_as_dict

if t.TYPE_CHECKING:
    from .rows import PolicyRow, ServerRef, VaultRow
    from .schedule import Rule, SeveralRules

_MAX_NAME = RULES["cbr"].max_policy_name
_MAX_DESCRIPTION = 64
_ANY_ZONE = "UTC+00:00"


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


# ========== Who is where ==========
def marks_of(vaults: t.Iterable[VaultRow]) -> dict[str, str]:
    """Return by server ID the ID of the CSBS policy that the server has left, for servers on the way into vaults."""
    return {tag["key"]: tag["value"] for vault in vaults for tag in vault["tags"] or () if is_id(tag["key"])}


def server_state(in_csbs: bool, in_cbr: bool, marked: bool) -> str:
    """Return where a server is: csbs, moving, cbr or none.

    in_csbs: in a policy of CSBS. in_cbr: in a vault that a policy is applied to. CSBS must be read before CBR: a server
    in both has moved in between.
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


def own_members(target: PolicyRow | None, from_csbs: t.Container[str]) -> list[ServerRef]:
    """Return the servers of a policy of CBR that did not come from CSBS; from_csbs are the IDs of those that may have.

    A server may have come from CSBS if it has a backup there or a mark.
    """
    return [] if target is None else [server for server in members_of(target) if server["id"] not in from_csbs]
