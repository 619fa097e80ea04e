# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controls of an audit: what each of them asks of a server, and whether the server passes, with the evidence."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .limits import check_range
from .spans import describe_seconds
from .times import parse_age, parse_time

PASS, FAIL, UNKNOWN = "pass", "fail", "unknown"
#: The controls in the order of reports, each as a sentence
TITLES = {
    "enabled_policy": "The server is in an enabled policy",
    "min_frequency": "The policy runs often enough",
    "min_retention_days": "The policy keeps backups long enough",
    "max_age": "The last good backup is recent enough",
    "no_failed_backup": "No backup has failed since the last good one",
    "room": "The quota has room for the next backup",
    "locked": "The backups are locked",
    "restore_tested_within": "A restore was tested recently enough",
}
#: retention_days of a policy that keeps its backups for ever
FOR_EVER = -1


class Judgement(t.TypedDict):
    """Whether a server passes a control (pass, fail, or unknown when this cannot be judged), and why."""

    result: str
    evidence: str


class Controls(t.NamedTuple):
    """The controls that servers are judged by. None and False leave a control out."""

    enabled_policy: bool
    min_frequency: timedelta | None
    min_retention_days: int | None
    max_age: timedelta
    no_failed_backup: bool
    room: bool
    locked: bool
    restore_tested_within: timedelta | None


class Promise(t.NamedTuple):
    """The maximum age that a server's last good backup may have; None when the server's own promise is no age."""

    max_age: timedelta | None
    #: The text of the server's metadata; None when the promise is that of the controls
    own: str | None


class Facts(t.NamedTuple):
    """What a server is judged by."""

    #: In the shape of results (protection.py: protection_result)
    protection: t.Mapping[str, t.Any]
    promise: Promise
    #: The policy that the server is in (audited_policy.py: audited_policy)
    policy: t.Mapping[str, t.Any] | None
    #: Failed backups since the last good one, and the reason of the newest
    failures: int
    failure: str
    room: Judgement
    #: What the server's metadata says of the last tested restore
    restore_tested: str | None
    now: datetime


def parse_controls(option: str, given: t.Mapping[str, t.Any]) -> Controls:
    """Return the controls in normal form. Raises InvalidInput that names the suboption."""
    ages = {
        key: None if given[key] is None else parse_age(f"{option}.{key}", given[key])
        for key in ("min_frequency", "restore_tested_within")
    }
    check_range(f"{option}.min_retention_days", given["min_retention_days"], 1, 99999)
    return Controls(**{**given, **ages, "max_age": parse_age(f"{option}.max_age", given["max_age"])})


def promise_to(metadata: t.Mapping[str, t.Any], key: str | None, max_age: timedelta) -> Promise:
    """Return what a server is promised: the age in its metadata under a key, or else max_age."""
    own = str(metadata.get(key) or "").strip() if key else ""
    if not own:
        return Promise(max_age, None)
    try:
        return Promise(parse_age("max_age", own), own)
    except ValueError:
        return Promise(None, own)


def judge_room(quotas: t.Iterable[t.Mapping[str, t.Any]], needed: t.Mapping[str, int]) -> Judgement:
    """Return whether the quotas have room for what is needed, by the type of the quota and in its unit."""
    rows = [(quota, needed[quota["type"]]) for quota in quotas if quota["type"] in needed]
    texts = [
        f"{quota['type']}: {quota['free']} free, the next backups need {count}"
        for quota, count in rows
        if quota["free"] is not None
    ]
    if any(quota["free"] is not None and quota["free"] < count for quota, count in rows):
        return _judgement(FAIL, "; ".join(texts))
    silent = [quota["type"] for quota, dummy in rows if quota["free"] is None and not quota["unlimited"]]
    if silent or not rows:
        return _judgement(UNKNOWN, "the service does not say how much of the quota is left")
    return _judgement(PASS, "; ".join(texts) or "the quotas are unlimited")


def judge(controls: Controls, facts: Facts) -> dict[str, Judgement]:
    """Return by control how a server fares, in the order of TITLES; controls that are left out are not in it."""
    judges: dict[str, t.Callable[[Controls, Facts], Judgement]] = {
        "enabled_policy": _judge_policy,
        "min_frequency": _judge_frequency,
        "min_retention_days": _judge_retention,
        "max_age": _judge_age,
        "no_failed_backup": _judge_failures,
        "room": lambda dummy, facts: facts.room,
        "locked": lambda dummy, facts: _judgement(UNKNOWN, "CSBS cannot lock backups"),
        "restore_tested_within": _judge_restore,
    }
    return {name: judges[name](controls, facts) for name in TITLES if getattr(controls, name)}


def _judgement(result: str, evidence: str) -> Judgement:
    return {"result": result, "evidence": evidence}


def _judge_policy(controls: Controls, facts: Facts) -> Judgement:
    if facts.policy is None:
        return _judgement(FAIL, "the server is in no policy")
    if not facts.policy["enabled"]:
        return _judgement(FAIL, f"policy {facts.policy['name']!r} is disabled")
    return _judgement(PASS, f"policy {facts.policy['name']!r} is enabled")


def _judge_frequency(controls: Controls, facts: Facts) -> Judgement:
    policy = facts.policy
    if policy is None or not policy["enabled"]:
        return _judge_policy(controls, facts)
    gap, most = policy["longest_gap_seconds"], _seconds(controls.min_frequency)
    if gap is None:
        return _judgement(UNKNOWN, f"when policy {policy['name']!r} runs is not known")
    text = f"policy {policy['name']!r} has up to {_words(gap)} between two runs; {_words(most)} are allowed"
    return _judgement(PASS if gap <= most else FAIL, text)


def _judge_retention(controls: Controls, facts: Facts) -> Judgement:
    policy, least = facts.policy, controls.min_retention_days or 0
    if policy is None:
        return _judge_policy(controls, facts)
    days = policy["retention_days"]
    if days is None:
        return _judgement(UNKNOWN, f"how long policy {policy['name']!r} keeps a backup is not known")
    if days == FOR_EVER:
        return _judgement(PASS, f"policy {policy['name']!r} keeps every backup for ever")
    text = f"policy {policy['name']!r} keeps every backup {days} days; {least} are required"
    return _judgement(PASS if days >= least else FAIL, text)


def _judge_age(controls: Controls, facts: Facts) -> Judgement:
    row, promise = facts.protection, facts.promise
    if promise.max_age is None:
        return _judgement(UNKNOWN, f"the server's own promise {promise.own!r} is not an age such as 24h")
    most, age = _words(_seconds(promise.max_age)), row["age_seconds"]
    last = "there is no good backup" if age is None else f"the last good backup is {_words(age)} old"
    if row["compliant"] and (age is None or age > _seconds(promise.max_age)):
        return _judgement(PASS, f"{last}, but one is in progress")
    return _judgement(PASS if row["compliant"] else FAIL, f"{last}; {most} are promised")


def _judge_failures(controls: Controls, facts: Facts) -> Judgement:
    if not facts.failures:
        return _judgement(PASS, "no backup has failed since the last good one")
    count = "a backup has failed" if facts.failures == 1 else f"{facts.failures} backups have failed"
    return _judgement(FAIL, f"{count} since the last good one: {facts.failure or 'the service gives no reason'}")


def _judge_restore(controls: Controls, facts: Facts) -> Judgement:
    if not facts.restore_tested:
        return _judgement(UNKNOWN, "no tested restore is recorded")
    moment = parse_time(facts.restore_tested)
    if moment is None:
        return _judgement(UNKNOWN, f"the record {facts.restore_tested!r} is not a date such as 2026-03-01")
    age, most = (facts.now - moment).total_seconds(), _seconds(controls.restore_tested_within)
    # Another clock, or another time zone, may be a day ahead.
    if age < -_seconds(timedelta(days=1)):
        return _judgement(UNKNOWN, f"the record {facts.restore_tested!r} is in the future")
    text = f"a restore was tested {_words(max(age, 0))} ago; {_words(most)} are allowed"
    return _judgement(PASS if age <= most else FAIL, text)


def _seconds(span: timedelta | None) -> int:
    return 0 if span is None else int(span.total_seconds())


def _words(seconds: float) -> str:
    return describe_seconds("seconds", seconds)
