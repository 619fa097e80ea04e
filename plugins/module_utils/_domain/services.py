# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two backup services, CSBS and CBR, allow and cannot do: the values in which their rules differ."""

from __future__ import annotations

import typing as t

from .errors import InvalidInput


class Rules(t.NamedTuple):
    """The rules of one service. Every adapter states its own, and options are checked by them before the login.

    max_servers: how many servers a policy may have, None without a limit. max_policy_name: characters. vaults: backups
    are in vaults, and policies have vaults. several_rules: a schedule may consist of several rules. moves_by_itself: a
    server that joins leaves the place where it was with the same call. backup_tags: backups have tags.
    backup_filters: by filter, the values that backups can have; others may have any.
    numbers_names: the service numbers the names of the backups that one call makes. max_backup_name: characters.
    nothing_to_back_up: its code for a run without servers.
    exclusive_limits: a retention in days has no other limit, no limit is 0, and without a limit backups stay for ever.
    """

    service: str
    title: str
    max_servers: int | None
    max_policy_name: int
    vaults: bool
    several_rules: bool
    moves_by_itself: bool
    backup_tags: bool
    numbers_names: bool
    max_backup_name: int
    nothing_to_back_up: str
    exclusive_limits: bool
    backup_filters: t.Mapping[str, tuple[str, ...]]


RULES = {
    "csbs": Rules(
        service="csbs",
        title="Cloud Server Backup Service (CSBS)",
        max_servers=64,
        max_policy_name=255,
        vaults=False,
        several_rules=False,
        moves_by_itself=False,
        backup_tags=True,
        numbers_names=False,
        max_backup_name=255,
        nothing_to_back_up="CSBS.6032",
        exclusive_limits=False,
        backup_filters={},
    ),
    "cbr": Rules(
        service="cbr",
        title="Cloud Backup and Recovery (CBR)",
        max_servers=None,
        max_policy_name=64,
        vaults=True,
        several_rules=True,
        moves_by_itself=True,
        backup_tags=False,
        numbers_names=True,
        max_backup_name=64,
        nothing_to_back_up="BackupService.0001",
        exclusive_limits=True,
        backup_filters={
            "image_type": ("backup", "replication"),
            "status": (
                "waiting_protect",
                "protecting",
                "available",
                "waiting_restore",
                "restoring",
                "error",
                "waiting_delete",
                "deleting",
            ),
        },
    ),
}


def rules_of(params: dict[str, t.Any]) -> Rules:
    """Return the rules of the service that a task is for."""
    return RULES[params.get("service") or "csbs"]


def services_of(params: dict[str, t.Any]) -> list[str]:
    """Return the services that a task reads: those of the option services, or else that of the option service.

    A module without the option service works with all of them. Raises InvalidInput.
    """
    if "service" not in params and "services" not in params:
        return list(RULES)
    services = params.get("services")
    if services is not None and not services:
        raise InvalidInput("services: the list is empty. What to do: name csbs, cbr or both, or leave services out")
    return list(dict.fromkeys(services or [rules_of(params).service]))


def refuse_on(rules: Rules, params: dict[str, t.Any], options: t.Mapping[str, str]) -> None:
    """Raise InvalidInput for the first option that is given although the service has nothing like it.

    options: by name, why the service has it not.
    """
    for option, reason in options.items():
        if params.get(option) is not None:
            raise InvalidInput(f"{option}: {rules.title} {reason}. What to do: leave {option} out")
