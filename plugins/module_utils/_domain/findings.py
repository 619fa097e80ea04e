# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit finds: what is wrong, with which objects, and the commands that mend it.

What deletes, overwrites or makes the service delete is only shown: its command has --check.
"""

from __future__ import annotations

import itertools
import typing as t
from collections import Counter
from datetime import timedelta

from .commands import Commands, in_parts, is_plain
from .controls import FAIL, PASS, UNKNOWN, Controls, judge_frequency, judge_retention
from .retention import LONG_TERM
from .selection import is_id
from .services import RULES
from .shards import SUFFIX_LENGTH, number_in

if t.TYPE_CHECKING:
    from .controls import Facts, Judgement

    Object = dict[str, t.Any]
    Row = t.Mapping[str, t.Any]

# What modules use without the option service
_USUAL = ["csbs"]
#: The per cent of a quota that are near its end
_NEARLY = 90
_MORE_ROOM = (
    "Ask for a higher quota, or make the vault larger in the console of CBR. Or look which manual backups no rule"
    " keeps. Without --check the command deletes them."
)
#: By kind and in the order of reports: title, and what to do
TEXTS = {
    "never_backed_up": (
        "Servers without any good backup",
        "Back the servers up. If this fails, the message says why. With CBR, a server that is in no vault must join a"
        " policy first.",
    ),
    "stale": (
        "Servers whose last good backup is too old",
        "Back the servers up. Then find out why their policy did not.",
    ),
    "unprotected": ("Servers in no policy", "Add the servers to a policy."),
    "policy_disabled": (
        "Disabled policies with servers",
        "Enable the policy. A disabled policy makes no backups. Its runs delete the backups that its retention no"
        " longer keeps.",
    ),
    "failing": (
        "Servers whose newest backups have failed",
        "Remove the cause that the service gives. Then back the servers up.",
    ),
    "unprotectable": (
        "Servers that cannot be backed up",
        "Look at the state of the servers, and remove the cause that the service gives.",
    ),
    "schedule_too_rare": (
        "Policies that run too rarely",
        "Change the schedule of the policy. With a maximum number of backups, more runs delete old backups sooner: then"
        " the command has --check and only shows the change. Change the retention as well.",
    ),
    "retention_too_short": (
        "Policies that keep backups too short a time",
        "Change the retention of the policy. A given retention is the whole rule: add the long-term counts (daily,"
        " weekly, monthly, yearly) that the policy shall have, because the service may not show them. Without --check"
        " the command changes it. CBR keeps either days or long-term counts: for a policy with long-term counts there"
        " is no command, and its max_backups must be higher.",
    ),
    "restore_not_tested": (
        "Servers without a recent restore test",
        "Restore a backup to a test server, and check the data there. Then record the date. The commands are for the"
        " first server. Put your test server in place of TEST-SERVER and the date in place of YYYY-MM-DD. The restore"
        " overwrites the disks of the test server when csbs_confirm is true and --check is left out.",
    ),
    "not_locked": (
        "Servers whose backups are not locked",
        "Lock the vault in the console of CBR, if nobody may delete its automatic backups before their time. A vault"
        " stays locked for ever, and its servers cannot leave it.",
    ),
    "not_judged": (
        "Controls that cannot be judged",
        "What cannot be judged is not a pass. The evidence says what is missing. A promise in the metadata of a server"
        " is an age such as 24h: put it in place of AGE.",
    ),
    "no_room": ("Quotas and vaults without room for the next backups", _MORE_ROOM),
    "quota_nearly_used": ("Quotas and vaults that are nearly used up", _MORE_ROOM),
    "idle_vault": (
        "Vaults that cost money and protect no server",
        "A vault costs money by its size, whether it is used or not. The playbook protect moves servers into a policy,"
        " together with their backups. If nobody needs the backups in a vault, delete the vault in the console of CBR:"
        " this deletes all backups in it for ever.",
    ),
    "policy_full": (
        "Policies without room for another server",
        "Add more servers with the playbook protect: it makes a set of policies. Put a server in place of NEW-SERVER.",
    ),
    "former_server": (
        "Backups of servers that no longer exist",
        "These backups cost money until somebody deletes them. The command shows what would be deleted. Without --check"
        " it deletes them for ever.",
    ),
    "held_by_image": (
        "Backups that an image holds",
        "Such a backup cannot be deleted. Delete the image only if nobody needs it: check that with the command.",
    ),
}


class Subjects(t.NamedTuple):
    """What an audit judges: servers with their facts and judgements, and what belongs to the project."""

    controls: Controls
    #: The keys of metadata for the promise and for the last restore test
    max_age_key: str | None
    restore_tested_key: str
    commands: Commands
    #: The backup services that are judged
    services: t.Sequence[str]
    #: Rows of servers in the shape of results, with passed and controls
    servers: t.Sequence[Row]
    #: By server ID
    facts: t.Mapping[str, Facts]
    #: The policies of the result, and all of the project
    policies: t.Sequence[Row]
    all_policies: t.Sequence[Row]
    quotas: t.Sequence[Row]
    room: Judgement | None
    #: The vaults of the result, and those of the servers with whether they have room
    vaults: t.Sequence[Row]
    rooms: t.Sequence[tuple[Row, Judgement]]
    #: Servers that no longer exist, with backup_ids: by service, those of their backups that can be deleted
    former: t.Sequence[Row]
    #: Backups that images hold, in the shape of results
    held: t.Sequence[Row]

    def commands_for(self, service: str) -> Commands:
        """Return the maker of commands for a service. It is not named where modules use it without being told."""
        return self.commands if list(self.services) == _USUAL else self.commands._replace(service=service)

    def by_service(self, services: t.Iterable[str | None]) -> list[str]:
        """Return the services among these, in the order in which they are judged."""
        found = set(services)
        return [service for service in self.services if service in found]


# What is wrong, and the commands that mend it
_Found = tuple[list["Object"], list[str]]


def find(subjects: Subjects) -> list[dict[str, t.Any]]:
    """Return the findings of an audit in the order of TEXTS."""
    findings = []
    for kind, (title, remedy) in TEXTS.items():
        objects, commands = _FINDERS[kind](subjects)
        if objects:
            findings.append({"kind": kind, "title": title, "remedy": remedy, "objects": objects, "commands": commands})
    return findings


# ========== Servers ==========
def _never_backed_up(subjects: Subjects) -> _Found:
    rows = [row for row in subjects.servers if row["last_backup"] is None]
    objects = [
        _object(row, "a first backup is in progress" if row["compliant"] else _none_yet(subjects, row)) for row in rows
    ]
    return objects, _back_up(subjects, (row for row in rows if not row["compliant"]))


def _none_yet(subjects: Subjects, row: Row) -> str:
    able = subjects.facts[row["id"]].service
    return "there is no good backup" if able else "there is no good backup, and the server is in no vault"


def _stale(subjects: Subjects) -> _Found:
    rows = [row for row in subjects.servers if row["compliant"] is False and row["last_backup"] is not None]
    return [_object(row, row["controls"]["max_age"]["evidence"]) for row in rows], _back_up(subjects, rows)


def _back_up(subjects: Subjects, rows: t.Iterable[Row]) -> list[str]:
    """Return commands that back up servers whose promise is not met, and that do nothing when they run again."""
    by_promise: dict[tuple[str, int | None], list[Row]] = {}
    for row in rows:
        service = subjects.facts[row["id"]].service
        if service:
            by_promise.setdefault((service, row["max_age_seconds"]), []).append(row)
    return [
        command
        for (service, seconds), part in by_promise.items()
        for command in subjects.commands_for(service).play_for(
            "backup", _able(part), {} if seconds is None else {"csbs_max_age": str(seconds)}
        )
    ]


def _unprotected(subjects: Subjects) -> _Found:
    rows = [row for row in subjects.servers if row["policy"] is None]
    ids = _able(rows)
    # The successor: what joins a policy there need not move again.
    service = [one for one in RULES if one in subjects.services][-1]
    return (
        [_object(row, subjects.facts[row["id"]].idle or "the server is in no policy") for row in rows],
        subjects.commands_for(service).play_for(
            "protect", ids, {"csbs_policy": _policy_to_join(subjects, service, len(ids))}
        ),
    )


def _failing(subjects: Subjects) -> _Found:
    rows = [row for row in subjects.servers if row["failed_backups"]]
    facts = subjects.facts
    return (
        [
            _object(row, f"{row['failed_backups']} failed: {facts[row['id']].failure or 'the service gives no reason'}")
            for row in rows
        ],
        [
            command
            for service in subjects.by_service(facts[row["id"]].service for row in rows)
            for command in subjects.commands_for(service).play_for(
                "backup", _able(row for row in rows if facts[row["id"]].service == service), {}
            )
        ],
    )


def _unprotectable(subjects: Subjects) -> _Found:
    rows = [row for row in subjects.servers if not row["protectable"]]
    return (
        [_object(row, row["reason"]) for row in rows],
        [subjects.commands.openstack("server", "show", one) for one in _ids(rows)],
    )


def _restore_not_tested(subjects: Subjects) -> _Found:
    rows = [row for row in subjects.servers if _result(row, "restore_tested_within") != PASS]
    commands = []
    tested = next((row for row in rows if is_id(row["id"]) and row["last_backup"]), None)
    if tested and is_id(tested["last_backup"]["id"]):
        variables = {"csbs_backup": tested["last_backup"]["id"], "csbs_target_server": "TEST-SERVER"}
        service = subjects.facts[tested["id"]].last_service or ""
        commands = [
            subjects.commands_for(service).play("restore", variables, check=True),
            _set_metadata(subjects, tested["id"], subjects.restore_tested_key, "YYYY-MM-DD"),
        ]
    return [_object(row, row["controls"]["restore_tested_within"]["evidence"]) for row in rows], commands


def _not_locked(subjects: Subjects) -> _Found:
    rows = [row for row in subjects.servers if _result(row, "locked") == FAIL]
    return [_object(row, row["controls"]["locked"]["evidence"]) for row in rows], []


def _not_judged(subjects: Subjects) -> _Found:
    unknown = [(row, texts) for row in subjects.servers if (texts := _unknown(row))]
    unclear = [row for row, dummy in unknown if row["compliant"] is None]
    key = subjects.max_age_key or ""
    return (
        [_object(row, "; ".join(texts)) for row, texts in unknown],
        [_set_metadata(subjects, one, key, "AGE") for one in _ids(unclear)],
    )


def _unknown(row: Row) -> list[str]:
    """Return the evidence of the controls that cannot be judged and that no finding of another kind tells."""
    told = {"restore_tested_within"} | ({"no_failed_backup"} if row["last_backup"] is None else set())
    return [
        judgement["evidence"]
        for name, judgement in row["controls"].items()
        if judgement["result"] == UNKNOWN and name not in told
    ]


def _result(row: Row, control: str) -> str:
    """Return how a server fares by a control; what is not asked for passes."""
    return str(row["controls"].get(control, {"result": PASS})["result"])


def _set_metadata(subjects: Subjects, server: str, key: str, value: str) -> str:
    return subjects.commands.openstack("server", "set", "--property", f"{key}={value}", server)


# ========== Policies ==========
def _policy_disabled(subjects: Subjects) -> _Found:
    rows = [policy for policy in subjects.policies if not policy["enabled"] and policy["server_count"]]
    return (
        [_object(policy, _count(policy["server_count"], "server")) for policy in rows],
        [
            subjects.commands_for(policy["service"]).task("csbs_policy", {"name": policy["id"], "enabled": True})
            for policy in rows
            if is_id(policy["id"])
        ],
    )


def _schedule_too_rare(subjects: Subjects) -> _Found:
    # A disabled policy is a finding of its own.
    failed = [(policy, text) for policy, text in _failed(subjects, "min_frequency") if policy["enabled"]]
    schedule = _schedule_within(subjects.controls.min_frequency)
    return (
        [_object(policy, text) for policy, text in failed],
        [
            subjects.commands_for(policy["service"]).task(
                "csbs_policy",
                {"name": policy["id"], "schedule": schedule},
                check=policy["retention"]["max_backups"] is not None,
            )
            for policy, dummy in failed
            if is_id(policy["id"])
        ],
    )


def _retention_too_short(subjects: Subjects) -> _Found:
    failed = _failed(subjects, "min_retention_days")
    days = subjects.controls.min_retention_days
    return (
        [_object(policy, text) for policy, text in failed],
        [
            subjects.commands_for(policy["service"]).task(
                "csbs_policy",
                {"name": policy["id"], "retention": {"days": days, **_long_term(policy["retention"])}},
                check=True,
            )
            for policy, dummy in failed
            if is_id(policy["id"]) and _may_have_days(policy)
        ],
    )


def _may_have_days(policy: Row) -> bool:
    """Return whether the policy may get a retention in days beside the long-term counts that it has."""
    return not (RULES[policy["service"]].exclusive_limits and _long_term(policy["retention"]))


def _failed(subjects: Subjects, control: str) -> list[tuple[Row, str]]:
    """Return the policies that fail a control about their rules, each with the evidence."""
    failed: dict[str, tuple[Row, str]] = {}
    for row in subjects.servers:
        policy = subjects.facts[row["id"]].policy
        if policy is not None and _result(row, control) == FAIL:
            failed[policy["id"]] = (policy, row["controls"][control]["evidence"])
    return list(failed.values())


def _schedule_within(most: timedelta | None) -> dict[str, t.Any]:
    """Return a schedule in UTC with no longer time between two runs, which is an hour at least."""
    allowed = int(most.total_seconds()) // 3600 if most else 24
    hours = max(hour for hour in (1, 2, 3, 4, 6, 8, 12, 24) if hour <= allowed)
    return {"frequency": "daily", "interval": 1, "times": [f"{hour:02d}:00" for hour in range(0, 24, hours)]}


def _long_term(retention: Row) -> dict[str, t.Any]:
    """Return the long-term counts that the service shows, with their time zone."""
    counts = {key: retention[key] for key in LONG_TERM if retention[key]}
    return {**counts, "timezone": retention["timezone"] or "UTC+00:00"} if counts else {}


def _policy_full(subjects: Subjects) -> _Found:
    shown = {policy["id"] for policy in subjects.policies if policy["enabled"]}
    objects, commands = [], []
    for service in subjects.services:
        most = RULES[service].max_servers
        for name, members in [] if most is None else _joinable(subjects, service):
            full = all(policy["server_count"] >= most for policy in members)
            found = [policy for policy in members if full and policy["id"] in shown]
            objects += [_object(row, f"{row['server_count']} of {most} servers") for row in found]
            # A policy that is named by its ID never becomes a set.
            if found and name and not is_id(name):
                variables = {"csbs_servers": ["NEW-SERVER"], "csbs_policy": {"name": name}}
                commands.append(subjects.commands_for(service).play("protect", variables))
    return objects, commands


def _policy_to_join(subjects: Subjects, service: str, joining: int) -> dict[str, t.Any]:
    """Return the policy for protect: the one with most servers that the controls allow, or else a new one."""
    controls, most = subjects.controls, RULES[service].max_servers
    sizes = {
        name: sum(policy["server_count"] for policy in members)
        for name, members in _joinable(subjects, service)
        if name and all(_is_allowed(controls, policy) for policy in members)
    }
    # A policy that is named by its ID never becomes a set.
    fit = {name: size for name, size in sizes.items() if most is None or not is_id(name) or size + joining <= most}
    if fit:
        return {"name": max(fit, key=lambda name: fit[name])}
    schedule = _schedule_within(controls.min_frequency)
    return {
        "name": _free_name(subjects.all_policies),
        "enabled": True,
        "schedule": schedule if len(schedule["times"]) > 1 else {**schedule, "times": ["02:00"]},
        "retention": {"days": max(controls.min_retention_days or 0, 14)},
    }


def _is_allowed(controls: Controls, policy: Row) -> bool:
    judgements = [judge_frequency(controls, policy)] if controls.min_frequency else []
    judgements += [judge_retention(controls, policy)] if controls.min_retention_days else []
    return policy["enabled"] and all(judgement["result"] == PASS for judgement in judgements)


def _free_name(policies: t.Iterable[Row]) -> str:
    """Return a name for a new policy. The options for a new policy would change one that has the name."""
    taken = [policy["name"] for policy in policies]
    names = itertools.chain(("nightly",), (f"protected{number}" for number in itertools.count(1)))
    return next(name for name in names if not any(one.startswith(name) for one in taken))


def _joinable(subjects: Subjects, service: str) -> list[tuple[str | None, list[Row]]]:
    """Return the policies of a service with what the playbook protect calls them: the name of their set, or their own.

    A single policy whose name is not clear or no plain word has its ID instead, or None where that is none.
    """
    policies = [policy for policy in subjects.all_policies if policy["service"] == service]
    numbered: dict[str, list[Row]] = {}
    # Without a limit of servers, one policy is the whole set.
    for policy in policies if RULES[service].max_servers else ():
        base = policy["name"][:-SUFFIX_LENGTH]
        if _is_nameable(base) and number_in(base, policy["name"]) is not None:
            numbered.setdefault(base, []).append(policy)
    names = Counter(policy["name"] for policy in policies)
    # Twins, and a policy with the name of the set itself, make the name unclear.
    sets = {
        base: members
        for base, members in numbered.items()
        if base not in names and all(names[policy["name"]] == 1 for policy in members)
    }
    in_sets = {policy["id"] for members in sets.values() for policy in members}
    singles = [(_name_of_single(policy, names), [policy]) for policy in policies if policy["id"] not in in_sets]
    return [*singles, *sets.items()]


def _name_of_single(policy: Row, names: t.Mapping[str, int]) -> str | None:
    name: str = policy["name"]
    if _is_nameable(name) and names[name] == 1:
        return name
    return policy["id"] if is_id(policy["id"]) else None


def _is_nameable(name: str) -> bool:
    return is_plain(name) and not is_id(name)


# ========== The project ==========
def _no_room(subjects: Subjects) -> _Found:
    objects: list[Object] = []
    services: set[str] = set()
    if subjects.room is not None and subjects.room["result"] == FAIL:
        objects.append({"id": None, "name": "quotas", "detail": subjects.room["evidence"]})
        services.update(service for service in subjects.services if not RULES[service].vaults)
    for vault, judgement in subjects.rooms:
        if judgement["result"] == FAIL:
            objects.append(_object(vault, judgement["evidence"]))
            services.update(service for service in subjects.services if RULES[service].vaults)
    return objects, _thin_out(subjects, services)


def _quota_nearly_used(subjects: Subjects) -> _Found:
    near = [quota for quota in subjects.quotas if (quota["used_percent"] or 0) >= _NEARLY]
    return (
        [{"id": None, "name": _name_of_quota(quota), "detail": _usage(quota)} for quota in near],
        # No backup that goes makes room for a policy.
        _thin_out(subjects, {quota["service"] for quota in near if quota["type"] != "policies"}),
    )


def _name_of_quota(quota: Row) -> str:
    return f"{quota['type']} {quota['name']}" if quota["name"] else str(quota["type"])


def _usage(quota: Row) -> str:
    unit = f" {quota['unit']}" if quota["unit"] else ""
    return f"{quota['used']} of {quota['quota']}{unit}, {quota['used_percent']} %"


def _thin_out(subjects: Subjects, services: t.Collection[str]) -> list[str]:
    variables = {"csbs_server_filters": {"name": "*"}, "csbs_keep_daily": 14}
    return [
        subjects.commands_for(service).play("prune", variables, check=True) for service in subjects.by_service(services)
    ]


def _idle_vault(subjects: Subjects) -> _Found:
    idle = [vault for vault in subjects.vaults if vault["policy"] is None or not vault["server_count"]]
    return [_object(vault, _idleness(vault)) for vault in idle], []


def _idleness(vault: Row) -> str:
    policy = "no policy" if vault["policy"] is None else f"policy {vault['policy']['name']}"
    used = -(-(vault["used_mb"] or 0) // 1024)
    return f"{vault['size_gb']} GB, {used} GB used, {policy}, {_count(vault['server_count'], 'server')}"


def _former_server(subjects: Subjects) -> _Found:
    return (
        [_object(row, f"{_count(row['backups'], 'backup')}, {row['size_mb']} MB") for row in subjects.former],
        [
            subjects.commands_for(service).task("csbs_backup", {"state": "absent", "ids": ids}, check=True)
            for service in subjects.services
            for ids in in_parts(one for row in subjects.former for one in row["backup_ids"].get(service, ()))
        ],
    )


def _held_by_image(subjects: Subjects) -> _Found:
    images = [image for backup in subjects.held for image in backup["images"] if is_id(image)]
    return (
        [_object(row, f"{row['server']['name']}: image {', '.join(row['images'])}") for row in subjects.held],
        [subjects.commands.openstack("image", "show", image) for image in images],
    )


_FINDERS: dict[str, t.Callable[[Subjects], _Found]] = {
    "never_backed_up": _never_backed_up,
    "stale": _stale,
    "unprotected": _unprotected,
    "policy_disabled": _policy_disabled,
    "failing": _failing,
    "unprotectable": _unprotectable,
    "schedule_too_rare": _schedule_too_rare,
    "retention_too_short": _retention_too_short,
    "restore_not_tested": _restore_not_tested,
    "not_locked": _not_locked,
    "not_judged": _not_judged,
    "no_room": _no_room,
    "quota_nearly_used": _quota_nearly_used,
    "idle_vault": _idle_vault,
    "policy_full": _policy_full,
    "former_server": _former_server,
    "held_by_image": _held_by_image,
}


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _object(row: Row, detail: str | None) -> Object:
    return {"id": row["id"], "name": row["name"], "detail": detail}


def _ids(rows: t.Iterable[Row]) -> list[str]:
    return [row["id"] for row in rows if is_id(row["id"])]


def _able(rows: t.Iterable[Row]) -> list[str]:
    """Return the IDs of servers that can be backed up: one that cannot makes a task fail for all."""
    return [row["id"] for row in rows if row["protectable"]]
