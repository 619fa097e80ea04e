# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that describe a policy, of csbs_policy and csbs_policy_set, in normal form."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from .._domain.errors import InvalidInput
from .._domain.limits import check_description, check_name, refuse_ignored
from .._domain.selection import parse_filters, parse_refs, parse_text
from .._domain.services import RULES, Rules, rules_of
from .._domain.tag_option import parse_tags

if t.TYPE_CHECKING:
    from .._domain.schedule import RawPattern, Rule, SeveralRules
    from .._domain.vault_option import VaultOptions


#: The options that describe a policy, which have no effect when it is deleted
NOT_WITH_ABSENT = ("new_name", "description", "enabled", "schedule", "retention", "purge_servers", "tags", "vault")


class PolicyOptions(t.NamedTuple):
    """What a policy is to be; None leaves a field as it is.

    vault is what a vault that is made is like, None where there are no vaults. delete_backups: whether the backups of
    servers that leave go with them.
    """

    name: str
    state: str
    new_name: str | None = None
    description: str | None = None
    enabled: bool | None = None
    rule: Rule | SeveralRules | RawPattern | None = None
    retention: dict[str, t.Any] | None = None
    servers: list[str] | None = None
    filters: dict[str, t.Any] | None = None
    purge_servers: bool = False
    move_servers: bool = True
    tags: dict[str, str] | None = None
    purge_tags: bool = True
    notes: tuple[str, ...] = ()
    rules: Rules = RULES["csbs"]
    vault: VaultOptions | None = None
    delete_backups: bool = False


def parse_policy(params: dict[str, t.Any], now: datetime | None = None) -> PolicyOptions:
    """Return the options of a policy that is to be present. Raises InvalidInput."""
    rules = rules_of(params)
    for option in ("name", "new_name"):
        if params[option] is not None:
            check_name(option, params[option], most=rules.max_policy_name)
    if params["description"] is not None:
        check_description("description", params["description"])
    rule, notes, retention = _parse_times(params, now or datetime.now(timezone.utc))
    vault, vault_notes, delete_backups = parse_vault(params)
    return PolicyOptions(
        name=params["name"],
        state="present",
        new_name=params["new_name"],
        description=None if rules.vaults else params["description"],
        enabled=params["enabled"],
        rule=rule,
        retention=retention,
        servers=parse_refs("servers", params["servers"]),
        filters=parse_filters(params["server_filters"]),
        purge_servers=params["purge_servers"],
        move_servers=params["move_servers"],
        tags=parse_tags("tags", params["tags"], rules.vaults),
        purge_tags=params["purge_tags"],
        notes=(*notes, *vault_notes),
        rules=rules,
        vault=vault,
        delete_backups=delete_backups,
    )


def parse_name(params: dict[str, t.Any]) -> str:
    """Return the option name of a policy that may have been made by other means. Raises InvalidInput."""
    return parse_text("name", params["name"]) or ""


def refuse_with_absent(params: dict[str, t.Any], options: t.Iterable[str] = NOT_WITH_ABSENT) -> None:
    """Raise InvalidInput for the first of options that is given although a policy is to be deleted."""
    refuse_ignored(params, "with state: absent", options)
    if params.get("leaving_backups") == "delete":
        raise InvalidInput(
            "leaving_backups: delete has no effect with state: absent, which deletes no backup: a vault that holds"
            " backups stays. What to do: leave leaving_backups out"
        )


def parse_vault(params: dict[str, t.Any]) -> tuple[VaultOptions | None, list[str], bool]:
    """Return what new vaults are like, None where there are none, notes for users, and whether backups may be deleted.

    Raises InvalidInput for options that go with vaults only, where there are none.
    """
    delete_backups = params.get("leaving_backups") == "delete"
    if rules_of(params).vaults:
        # Loaded here, because only one of the services has vaults.
        from .._domain.vault_option import parse_vault_option

        vault, notes = parse_vault_option(params)
        return vault, notes, delete_backups
    if params.get("vault") is not None:
        raise InvalidInput("vault goes with service: cbr; CSBS has no vaults. What to do: leave vault out")
    if delete_backups:
        raise InvalidInput(
            "leaving_backups: delete goes with service: cbr; with CSBS the backups of a server that leaves a policy"
            " stay. What to do: leave leaving_backups out, and delete backups with csbs_backup or csbs_backup_prune"
        )
    return None, [], False


def _parse_times(params: dict[str, t.Any], now: datetime) -> tuple[t.Any, list[str], dict[str, t.Any] | None]:
    """Return the schedule's rule, notes on it, and the retention; None for what is not given."""
    rule, retention, rules = None, None, rules_of(params)
    notes: list[str] = []
    schedule = params["schedule"]
    # The parsers are loaded here, because many tasks change neither schedule nor retention.
    if schedule is not None:
        from .._domain.schedule_option import parse_schedule

        rule, notes = parse_schedule(schedule, now, rules)
    if params["retention"] is not None:
        from .._domain.retention_option import parse_retention

        retention = parse_retention(params["retention"], (schedule or {}).get("timezone"), now, rules)
    return rule, notes, retention
