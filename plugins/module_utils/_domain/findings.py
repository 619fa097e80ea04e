# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit finds: what is wrong, with which objects, and the commands that mend it."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from . import commands
from .controls import FAIL, PASS, UNKNOWN, Controls, Facts
from .limits import MAX_POLICIES, MAX_SERVERS_PER_POLICY
from .selection import is_id
from .shards import numbered

if t.TYPE_CHECKING:
    from .controls import Judgement

    Object = dict[str, t.Any]
    Row = t.Mapping[str, t.Any]

#: The per cent of a quota that are near its end
_NEARLY = 90
#: By kind and in the order of reports: title, and what to do
TEXTS = {
    "never_backed_up": (
        "Servers without any good backup",
        "Back the servers up. If this fails, the message says why.",
    ),
    "stale": (
        "Servers whose last good backup is too old",
        "Back the servers up. Then find out why their policy did not.",
    ),
    "unprotected": ("Servers in no policy", "Add the servers to a policy."),
    "policy_disabled": ("Disabled policies with servers", "Enable the policy. A disabled policy makes no backups."),
    "failing": (
        "Servers whose newest backups have failed",
        "Remove the cause that the service gives. Then back the servers up.",
    ),
    "unprotectable": (
        "Servers that cannot be backed up",
        "Look at the state of the servers, and remove the cause that the service gives.",
    ),
    "schedule_too_rare": ("Policies that run too rarely", "Change the schedule of the policy."),
    "retention_too_short": (
        "Policies that keep backups too short a time",
        "Change the retention of the policy. A given retention is the whole rule: add the long-term counts (daily,"
        " weekly, monthly, yearly) that the policy shall have. The service does not show them.",
    ),
    "restore_not_tested": (
        "Servers without a recent restore test",
        "Restore a backup to a test server, and check the data there. Then record the date. The commands are for the"
        " first server; name your test server instead of TEST-SERVER.",
    ),
    "not_locked": ("Servers whose backups are not locked", "Only CBR, the successor of CSBS, can lock backups."),
    "not_judged": (
        "Controls that cannot be judged",
        "What cannot be judged is not a pass. The evidence says what is missing. A promise in the metadata of a server"
        " is an age such as 24h.",
    ),
    "no_room": (
        "Quotas without room for the next backups",
        "Ask for a higher quota, or look which manual backups no rule keeps. Without --check the command deletes them.",
    ),
    "quota_nearly_used": (
        "Quotas that are nearly used up",
        "Ask for a higher quota, or look which manual backups no rule keeps. Without --check the command deletes them.",
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

    #: Rows of servers in the shape of results, with passed and controls
    servers: t.Sequence[Row]
    #: By server ID
    facts: t.Mapping[str, Facts]
    policies: t.Sequence[Row]
    quotas: t.Sequence[Row]
    room: Judgement | None
    former: t.Sequence[Row]
    #: Backups that images hold, in the shape of results
    held: t.Sequence[Row]


def find(subjects: Subjects, controls: Controls, keys: t.Mapping[str, str | None]) -> list[dict[str, t.Any]]:
    """Return the findings of an audit in the order of TEXTS.

    keys: the keys of metadata for the promise (max_age) and the last restore test (restore_tested).
    """
    found = {
        **_ages(subjects),
        **_protection(subjects),
        **_rules(subjects, controls),
        **_evidence(subjects, controls, keys),
        **_project(subjects),
    }
    return [
        {"kind": kind, "title": title, "remedy": remedy, "objects": found[kind][0], "commands": found[kind][1]}
        for kind, (title, remedy) in TEXTS.items()
        if found[kind][0]
    ]


# Each of these returns by kind the objects and the commands.
_Found = dict[str, tuple[list["Object"], list[str]]]


def _ages(subjects: Subjects) -> _Found:
    late = [row for row in subjects.servers if row["compliant"] is False]
    missing = [row for row in subjects.servers if row["last_backup"] is None]
    stale = [row for row in late if row["last_backup"] is not None]
    return {
        "never_backed_up": (
            [_object(row, _why_missing(row)) for row in missing],
            commands.play_for("backup", _ids(missing), {}),
        ),
        "stale": (
            [_object(row, row["controls"]["max_age"]["evidence"]) for row in stale],
            _backups_within_promise(stale, subjects.facts),
        ),
    }


def _why_missing(row: Row) -> str:
    return "a first backup is in progress" if row["compliant"] else "there is no good backup"


def _backups_within_promise(rows: t.Iterable[Row], facts: t.Mapping[str, Facts]) -> list[str]:
    """Return commands that back up what is too old, and nothing when they run again."""
    by_promise: dict[timedelta, list[str]] = {}
    for row in rows:
        promise = facts[row["id"]].promise.max_age
        if promise is not None:
            by_promise.setdefault(promise, []).append(row["id"])
    return [
        command
        for promise, ids in by_promise.items()
        for command in commands.play_for("backup", ids, {"csbs_max_age": str(int(promise.total_seconds()))})
    ]


def _protection(subjects: Subjects) -> _Found:
    unprotected = [row for row in subjects.servers if row["policy"] is None]
    disabled = [policy for policy in subjects.policies if not policy["enabled"] and policy["server_count"]]
    failing = [row for row in subjects.servers if row["failed_backups"]]
    refused = [row for row in subjects.servers if not row["protectable"]]
    return {
        "unprotected": (
            [_object(row, "the server is in no policy") for row in unprotected],
            commands.play_for("protect", _ids(unprotected), {"csbs_policy": _policy_to_join(subjects.policies)}),
        ),
        "policy_disabled": (
            [_object(policy, f"{policy['server_count']} servers") for policy in disabled],
            [commands.task("csbs_policy", {"name": one, "enabled": True}) for one in _ids(disabled)],
        ),
        "failing": (
            [
                _object(
                    row, f"{row['failed_backups']} failed: {subjects.facts[row['id']].failure or 'no reason given'}"
                )
                for row in failing
            ],
            commands.play_for("backup", _ids(failing), {}),
        ),
        "unprotectable": (
            [_object(row, row["reason"]) for row in refused],
            [f"openstack server show {one}" for one in _ids(refused)],
        ),
    }


def _policy_to_join(policies: t.Sequence[Row]) -> dict[str, t.Any]:
    """Return the enabled policy with most servers, or else a new one, as the playbook protect takes it."""
    fit = [policy for policy in policies if policy["enabled"] and commands.is_plain(policy["name"])]
    if fit:
        return {"name": _set_of(max(fit, key=lambda policy: policy["server_count"])["name"], policies)}
    return {
        "name": "nightly",
        "enabled": True,
        "schedule": {"frequency": "daily", "times": ["02:00"]},
        "retention": {"days": 14},
    }


def _set_of(name: str, policies: t.Iterable[Row]) -> str:
    """Return the name of the set that a policy belongs to, or its own name."""
    base = name.rpartition("-")[0]
    siblings = {numbered(base, number) for number in range(1, MAX_POLICIES + 1)}
    shared = {policy["name"] for policy in policies} & siblings
    return base if base and name in shared and len(shared) > 1 else name


def _rules(subjects: Subjects, controls: Controls) -> _Found:
    rare = _failed_policies(subjects, "min_frequency")
    short = _failed_policies(subjects, "min_retention_days")
    schedule = _schedule_within(controls.min_frequency)
    return {
        "schedule_too_rare": (
            [_object(policy, evidence) for policy, evidence in rare],
            [commands.task("csbs_policy", {"name": policy["id"], "schedule": schedule}) for policy, dummy in rare],
        ),
        "retention_too_short": (
            [_object(policy, evidence) for policy, evidence in short],
            [
                commands.task("csbs_policy", {"name": policy["id"], "retention": {"days": controls.min_retention_days}})
                for policy, dummy in short
            ],
        ),
    }


def _failed_policies(subjects: Subjects, control: str) -> list[tuple[Row, str]]:
    """Return the policies that fail a control about their rules, each with the evidence."""
    failed: dict[str, tuple[Row, str]] = {}
    for row in subjects.servers:
        policy, judgement = subjects.facts[row["id"]].policy, row["controls"].get(control)
        if policy is not None and policy["enabled"] and judgement and judgement["result"] == FAIL:
            failed[policy["id"]] = (policy, judgement["evidence"])
    return list(failed.values())


def _schedule_within(most: timedelta | None) -> dict[str, t.Any]:
    """Return a schedule in UTC with no longer time between two runs, or hourly when that is too long as well."""
    hours = max(int(most.total_seconds()) // 3600, 1) if most else 24
    hours = max(hour for hour in (1, 2, 3, 4, 6, 8, 12, 24) if hour <= hours)
    return {"frequency": "daily", "interval": 1, "times": [f"{hour:02d}:00" for hour in range(0, 24, hours)]}


def _evidence(subjects: Subjects, controls: Controls, keys: t.Mapping[str, str | None]) -> _Found:
    untested = [
        row
        for row in subjects.servers
        if row["controls"].get("restore_tested_within", {"result": PASS})["result"] != PASS
    ]
    unlocked = [row for row in subjects.servers if row["controls"].get("locked", {"result": PASS})["result"] == FAIL]
    unknown = [(row, texts) for row in subjects.servers if (texts := _unknown(row))]
    unclear = [row for row, dummy in unknown if row["controls"]["max_age"]["result"] == UNKNOWN]
    return {
        "restore_not_tested": (
            [_object(row, row["controls"]["restore_tested_within"]["evidence"]) for row in untested],
            _restore_test(untested, subjects, str(keys["restore_tested"])),
        ),
        "not_locked": ([_object(row, row["controls"]["locked"]["evidence"]) for row in unlocked], []),
        "not_judged": (
            [_object(row, "; ".join(texts)) for row, texts in unknown],
            [commands.set_metadata(one, str(keys["max_age"]), "24h") for one in _ids(unclear)],
        ),
    }


def _unknown(row: Row) -> list[str]:
    """Return the evidence of the controls that cannot be judged; restore tests are a kind of their own."""
    return [
        judgement["evidence"]
        for name, judgement in row["controls"].items()
        if judgement["result"] == UNKNOWN and name != "restore_tested_within"
    ]


def _restore_test(rows: t.Iterable[Row], subjects: Subjects, key: str) -> list[str]:
    row = next(
        (row for row in rows if row["last_backup"] and is_id(row["last_backup"]["id"]) and is_id(row["id"])), None
    )
    if row is None:
        return []
    variables = {"csbs_backup": row["last_backup"]["id"], "csbs_target_server": "TEST-SERVER", "csbs_confirm": True}
    today = subjects.facts[row["id"]].now.date().isoformat()
    return [commands.play("restore", variables), commands.set_metadata(row["id"], key, today)]


def _project(subjects: Subjects) -> _Found:
    lacking = subjects.room is not None and subjects.room["result"] == FAIL
    near = [quota for quota in subjects.quotas if (quota["used_percent"] or 0) >= _NEARLY]
    full = [policy for policy in subjects.policies if policy["enabled"] and _is_full(policy, subjects.policies)]
    joinable = [policy["name"] for policy in full if commands.is_plain(policy["name"])]
    thin = [commands.play("prune", {"csbs_server_filters": {"name": "*"}, "csbs_keep_daily": 14}) + " --check --diff"]
    images = [image for backup in subjects.held for image in backup["images"]]
    return {
        "no_room": (
            [{"id": None, "name": None, "detail": subjects.room["evidence"]}] if lacking and subjects.room else [],
            thin,
        ),
        "quota_nearly_used": ([_quota(quota) for quota in near], thin),
        "policy_full": (
            [_object(policy, f"{policy['server_count']} of {MAX_SERVERS_PER_POLICY} servers") for policy in full],
            [
                commands.play("protect", {"csbs_servers": ["NEW-SERVER"], "csbs_policy": {"name": name}})
                for name in joinable
            ],
        ),
        "former_server": (
            [_object(row, f"{row['backups']} backups, {row['size_mb']} MB") for row in subjects.former],
            [
                commands.task("csbs_backup", {"state": "absent", "ids": ids}, check=True)
                for ids in commands.in_parts(one for row in subjects.former for one in row["backup_ids"])
            ],
        ),
        "held_by_image": (
            [_object(row, f"image {', '.join(row['images'])}") for row in subjects.held],
            [f"openstack image show {image}" for image in images if is_id(image)],
        ),
    }


def _is_full(policy: Row, policies: t.Iterable[Row]) -> bool:
    """Return whether neither a policy nor another one of its set has room."""
    base = _set_of(policy["name"], policies)
    names = {policy["name"], *(numbered(base, number) for number in range(1, MAX_POLICIES + 1))}
    members = [one for one in policies if one["name"] in names] if base != policy["name"] else [policy]
    return all(one["server_count"] >= MAX_SERVERS_PER_POLICY for one in members)


def _quota(quota: Row) -> Object:
    detail = f"{quota['used']} of {quota['quota']} {quota['unit'] or ''}".strip() + f", {quota['used_percent']} %"
    return {"id": None, "name": quota["type"], "detail": detail}


def _object(row: Row, detail: str | None) -> Object:
    return {"id": row["id"], "name": row["name"], "detail": detail}


def _ids(rows: t.Iterable[Row]) -> list[str]:
    return [row["id"] for row in rows if is_id(row["id"])]
