# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controls of an audit: what each of them asks of a server, and whether the server passes, with the evidence."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from .errors import InvalidInput
from .limits import as_text, check_range
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
    "room": "The quota or vault has room for the next backup",
    "locked": "The backups are locked",
    "restore_tested_within": "A restore was tested recently enough",
}
#: retention_days of a policy that keeps its backups for ever
FOR_EVER = -1
# The service runs a policy once an hour at most.
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Judgement(t.TypedDict):
    """Whether a server passes a control (pass, fail, or unknown when this cannot be judged), and why."""

    result: str
    evidence: str


#: What the controls room and locked say of a server whose backups are not in a vault, and of one that is in none
NO_LOCKS: Judgement = {"result": UNKNOWN, "evidence": "CSBS cannot lock backups"}
NO_VAULT: Judgement = {"result": FAIL, "evidence": "the server is in no vault"}


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
    lock: Judgement
    #: What the server's metadata says of the last tested restore
    restore_tested: str
    now: datetime
    #: The service that can back the server up as things are, and the one that has its last good backup
    service: str | None
    last_service: str | None
    #: In words the vault that holds a server which no policy backs up; empty where there is none
    idle: str = ""


def parse_controls(option: str, given: t.Mapping[str, t.Any]) -> Controls:
    """Return the controls in normal form. Raises InvalidInput that names the suboption."""
    ages = {
        key: None if given[key] is None else parse_age(f"{option}.{key}", given[key])
        for key in ("min_frequency", "restore_tested_within")
    }
    if ages["min_frequency"] is not None and ages["min_frequency"] < _HOUR:
        raise InvalidInput(
            f"{option}.min_frequency: {given['min_frequency']!r} is less than an hour; no policy runs more often"
        )
    check_range(f"{option}.min_retention_days", given["min_retention_days"], 1, 99999)
    return Controls(**{**given, **ages, "max_age": parse_age(f"{option}.max_age", given["max_age"])})


def promise_to(metadata: t.Mapping[str, t.Any], key: str | None, max_age: timedelta) -> Promise:
    """Return what a server is promised: the age in its metadata under a key, or else max_age."""
    own = as_text(metadata.get(key)).strip() if key else ""
    if not own:
        return Promise(max_age, None)
    try:
        return Promise(parse_age("max_age", own), own)
    except InvalidInput:
        return Promise(None, own)


def judge_room(quotas: t.Iterable[t.Mapping[str, t.Any]], backups: int, size_gb: int, size_known: bool) -> Judgement:
    """Return whether the quotas have room for so many more backups of this size together.

    size_known says whether the size of the server's own next backup is known.
    """
    needed = {"backups": backups, "backup_capacity": size_gb}
    limits = {quota["type"]: quota for quota in quotas if quota["type"] in needed}
    limited = {kind: free for kind, quota in limits.items() if (free := _free(quota)) is not None}
    texts = [f"{kind}: {free} free, the next backups need {needed[kind]}" for kind, free in limited.items()]
    if any(free < needed[kind] for kind, free in limited.items()):
        return _judgement(FAIL, "; ".join(texts))
    silent = [kind for kind in needed if kind not in limited and not limits.get(kind, {}).get("unlimited")]
    if silent:
        return _judgement(UNKNOWN, f"the service does not say how much of the quota is left: {', '.join(silent)}")
    if "backup_capacity" in limited and not size_known:
        return _judgement(UNKNOWN, "how large the next backup becomes is not known")
    return _judgement(PASS, "; ".join(texts) or "the quotas are unlimited")


def _free(quota: t.Mapping[str, t.Any]) -> int | None:
    """Return what is left of a quota in the unit that is counted in; None without a limit and when it is not known."""
    known = quota["type"] != "backup_capacity" or quota["unit"] in (None, "GB")
    free: int | None = quota["free"] if known else None
    return free


def judge(controls: Controls, facts: Facts) -> dict[str, Judgement]:
    """Return by control how a server fares, in the order of TITLES; controls that are left out are not in it."""
    judges: dict[str, t.Callable[[Controls, Facts], Judgement]] = {
        "enabled_policy": lambda controls, facts: _judge_policy(facts.policy),
        "min_frequency": lambda controls, facts: judge_frequency(controls, facts.policy),
        "min_retention_days": lambda controls, facts: judge_retention(controls, facts.policy),
        "max_age": lambda controls, facts: _judge_age(facts),
        "no_failed_backup": lambda controls, facts: _judge_failures(facts),
        "room": lambda controls, facts: facts.room,
        "locked": lambda controls, facts: facts.lock,
        "restore_tested_within": _judge_restore,
    }
    return {name: judges[name](controls, facts) for name in TITLES if getattr(controls, name)}


def _judgement(result: str, evidence: str) -> Judgement:
    return {"result": result, "evidence": evidence}


def _judge_policy(policy: t.Mapping[str, t.Any] | None) -> Judgement:
    if policy is None:
        return _judgement(FAIL, "the server is in no policy")
    if not policy["enabled"]:
        return _judgement(FAIL, f"policy {policy['name']!r} is disabled")
    if not any(policy["schedule"].values()):
        return _judgement(UNKNOWN, f"policy {policy['name']!r} is enabled, but the service shows no schedule of it")
    return _judgement(PASS, f"policy {policy['name']!r} is enabled")


def judge_frequency(controls: Controls, policy: t.Mapping[str, t.Any] | None) -> Judgement:
    """Return whether a policy runs often enough."""
    if policy is None or not policy["enabled"]:
        return _judge_policy(policy)
    gap, most = policy["longest_gap_seconds"], _seconds(controls.min_frequency)
    if gap is None:
        return _judgement(UNKNOWN, f"when policy {policy['name']!r} runs is not known")
    text = f"policy {policy['name']!r} has up to {_words(gap)} between two runs; allowed: {_words(most)}"
    return _judgement(PASS if gap <= most else FAIL, text)


def judge_retention(controls: Controls, policy: t.Mapping[str, t.Any] | None) -> Judgement:
    """Return whether a policy keeps every backup long enough."""
    if policy is None:
        return _judge_policy(policy)
    days, least = policy["retention_days"], controls.min_retention_days or 0
    if days is None:
        return _judgement(UNKNOWN, f"how long policy {policy['name']!r} keeps a backup is not known")
    if days == FOR_EVER:
        return _judgement(PASS, f"policy {policy['name']!r} keeps every backup for ever")
    text = f"policy {policy['name']!r} keeps every backup {days} days; required: {least}"
    return _judgement(PASS if days >= least else FAIL, text)


def _judge_age(facts: Facts) -> Judgement:
    row, promise = facts.protection, facts.promise
    if promise.max_age is None:
        return _judgement(UNKNOWN, f"the server's own promise {promise.own!r} is not an age such as 24h")
    last, age = row["last_backup"], row["age_seconds"]
    if last is None:
        text = "there is no good backup"
    elif age is None:
        text = "the service gives no time of the last good backup"
    else:
        text = f"the last good backup is {_words(age)} old"
    most = _seconds(promise.max_age)
    if row["compliant"] and (age is None or age > most):
        return _judgement(PASS, f"{text}, but one is in progress")
    if _is_ahead(facts.now, last and (parse_time(last["protected_at"]) or parse_time(last["created_at"]))):
        return _judgement(UNKNOWN, "the time of the last good backup is in the future")
    return _judgement(PASS if row["compliant"] else FAIL, f"{text}; promised: {_words(most)}")


def _judge_failures(facts: Facts) -> Judgement:
    if facts.failures:
        count = "a backup has failed" if facts.failures == 1 else f"{facts.failures} backups have failed"
        return _judgement(FAIL, f"{count} since the last good one: {facts.failure or 'the service gives no reason'}")
    if facts.protection["last_backup"] is None:
        return _judgement(UNKNOWN, "there is neither a good backup nor a failed one")
    return _judgement(PASS, "no backup has failed since the last good one")


def _judge_restore(controls: Controls, facts: Facts) -> Judgement:
    if not facts.restore_tested:
        return _judgement(UNKNOWN, "no tested restore is recorded")
    moment = parse_time(facts.restore_tested)
    if moment is None:
        return _judgement(UNKNOWN, f"the record {facts.restore_tested!r} is not a date such as 2026-03-01")
    if _is_ahead(facts.now, moment):
        return _judgement(UNKNOWN, f"the record {facts.restore_tested!r} is in the future")
    age, most = max((facts.now - moment).total_seconds(), 0), _seconds(controls.restore_tested_within)
    text = f"a restore was tested {_words(age)} ago; allowed: {_words(most)}"
    return _judgement(PASS if age <= most else FAIL, text)


def _is_ahead(now: datetime, moment: datetime | None) -> bool:
    # Another clock, or another time zone, may be a day ahead.
    return moment is not None and moment - now > _DAY


def _seconds(span: timedelta | None) -> int:
    return 0 if span is None else int(span.total_seconds())


def _words(seconds: float) -> str:
    return describe_seconds("seconds", seconds)
