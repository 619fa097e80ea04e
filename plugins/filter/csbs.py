# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters. A YAML file with the name of the filter documents each of them."""

from __future__ import annotations

import functools
import json
import re
import typing as t
from collections.abc import Mapping
from datetime import date, datetime
from datetime import timezone as offset

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from jinja2 import Undefined

from ..module_utils._domain import escaping, runs
from ..module_utils._domain.blank import drop_blank, is_blank
from ..module_utils._domain.errors import InvalidInput
from ..module_utils._domain.protection_report import protection_report as merge_audits
from ..module_utils._domain.spans import describe_seconds
from ..module_utils._domain.times import parse_age, parse_user_time
from ..module_utils._domain.timezones import load_zone
from ..plugin_utils._untrusted import untrusted

# What is read of a policy. The types are those of csbs_policy, so that values are converted as there.
_POLICY: dict[str, dict[str, t.Any]] = {
    "enabled": {"type": "bool"},
    "created_at": {"type": "str"},
    "schedule": {
        "type": "dict",
        "options": {
            "frequency": {"type": "str"},
            "interval": {"type": "int"},
            "days": {"type": "list", "elements": "str"},
            "times": {"type": "list", "elements": "str"},
            "timezone": {"type": "str"},
            "pattern": {"type": "raw"},
        },
    },
}


def next_runs(
    policy: t.Any, count: t.Any = 1, timezone: t.Any = "UTC", start: t.Any = None, since: t.Any = None
) -> list[str]:
    """Return the next runs of a policy or a schedule after start, as times in a time zone."""
    found = _read_policy(policy)
    zone = load_zone("timezone", "UTC" if is_blank(timezone) else str(timezone))
    after = _read_time("start", start, runs.parse_moment) or _now()
    began = _read_time("since", since, runs.parse_moment)
    began = began or _read_time("created_at", found["created_at"], runs.parse_moment)
    number = _read_number("count", count)
    if not float(number).is_integer():
        raise InvalidInput(f"count: {number} is not a whole number")
    if found["enabled"] is False:
        return []
    rule = runs.parse_rule(found["schedule"] or {}, after)
    return [run.astimezone(zone).isoformat() for run in runs.next_runs(rule, after, began, int(number))]


def longest_gap(policy: t.Any) -> int | None:
    """Return the longest time between two runs of a policy or a schedule, in seconds; null for a disabled policy."""
    found = _read_policy(policy)
    if found["enabled"] is False:
        return None
    return int(runs.longest_gap(runs.parse_rule(found["schedule"] or {}, _now())).total_seconds())


def age(timestamp: t.Any, now: t.Any = None) -> int | None:
    """Return the seconds from a timestamp to now, below zero for a timestamp in the future; null for null."""
    moment = _read_time("timestamp", timestamp, parse_user_time)
    reference = _read_time("now", now, parse_user_time) or _now()
    return None if moment is None else int((reference - moment).total_seconds())


def seconds(span: t.Any) -> int | None:
    """Return an age such as 24h or 7d in seconds; null for null."""
    if is_blank(span):
        return None
    if isinstance(span, bool) or not isinstance(span, (str, int)):
        raise InvalidInput(f"{span!r} is not an age; write it like 90m, 24h, 7d, 2w, or in seconds")
    return int(parse_age("age", str(span)).total_seconds())


def duration(span: t.Any, none: t.Any = "never") -> t.Any:
    """Return seconds as a short text for people, such as 2d 3h; none for null."""
    return none if is_blank(span) else describe_seconds("seconds", _read_number("seconds", span))


def given(values: t.Any, inside: t.Any = ()) -> dict[t.Any, t.Any]:
    """Return a dictionary without the values that are null or blank, also in the dictionaries under the keys inside."""
    if not isinstance(values, Mapping):
        raise InvalidInput(f"{values!r} is not a dictionary")
    if not isinstance(inside, (list, tuple)):
        raise InvalidInput(f"inside: {inside!r} is not a list of keys")
    return drop_blank(values, inside)


def escaped(value: t.Any, format: t.Any, from_json: bool = False) -> t.Any:  # noqa: A002 - the name in playbooks
    """Return nested data with every text in it escaped for html, markdown, csv, prometheus or a line."""
    return untrusted(escaping.escaped(json.loads(str(value)) if from_json else value, str(format)))


def protection_report(audits: t.Any, migrations: t.Any = None) -> dict[str, t.Any]:
    """Return the document of the protection report from results of csbs_audit_info, each with its cloud."""
    if not _are_results(audits):
        raise InvalidInput("the audits are no list of results of csbs_audit_info")
    if is_blank(migrations):
        migrations = [{"skipped": True}] * len(audits)
    if not _are_results(migrations) or len(migrations) != len(audits):
        raise InvalidInput("migrations: it is no list of results of csbs_migration_info, one for each audit")
    clouds = [
        _plain(
            {
                **audit,
                "cloud": audit.get("cloud") or audit.get("item") or None,
                "migration": None if plan.get("skipped") else plan,
            }
        )
        for audit, plan in zip(audits, migrations)
    ]
    return untrusted(merge_audits(clouds, _now()))


def _are_results(value: t.Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(result, Mapping) for result in value)


def _now() -> datetime:
    return datetime.now(offset.utc)


def _read_policy(value: t.Any) -> dict[str, t.Any]:
    """Return enabled, created_at and schedule of a policy, or of the policy that would have this schedule."""
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{value!r} is neither a policy nor a schedule, which are dictionaries")
    policy = value if "schedule" in value else {"schedule": value}
    _check_defined(policy["schedule"])
    if not isinstance(policy["schedule"], (Mapping, type(None))):
        raise InvalidInput(f"schedule: {policy['schedule']!r} is not a dictionary")
    read = ArgumentSpecValidator(_POLICY).validate({key: _plain(policy[key]) for key in _POLICY if key in policy})
    for path in sorted(read.unsupported_parameters):
        known = ", ".join(_POLICY["schedule"]["options"])
        raise InvalidInput(f"schedule: {path[-1]!r} is not known; a schedule has {known}, and a policy has schedule")
    for message in read.error_messages:
        raise InvalidInput(message)
    return read.validated_parameters


def _read_time(option: str, value: t.Any, parse: t.Callable[[str, str], datetime]) -> datetime | None:
    """Return a time that is text or that YAML has read as a time; None for a blank value."""
    if is_blank(value):
        return None
    text = _plain(value)
    if not isinstance(text, str):
        raise InvalidInput(f"{option}: {text!r} is not a time; write it like 2026-03-01 or 2026-03-01T02:00:00Z")
    return parse(option, text)


def _read_number(option: str, value: t.Any) -> float:
    """Return a number. Before ansible-core 2.19, templates turn numbers into text."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,15}(\.[0-9]{1,15})?\s*", value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidInput(f"{option}: {value!r} is not a number")
    return value


def _plain(value: t.Any) -> t.Any:
    """Return a value as plain data, without the types of Ansible and with times as text."""
    _check_defined(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


def _check_defined(value: t.Any) -> None:
    """Raise Ansible's error for an undefined variable; only ansible-core 2.18 hands one to a filter."""
    if isinstance(value, Undefined):
        str(value)


def _as_filter(function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """Return a function that raises the errors that Ansible shows in one line."""

    @functools.wraps(function)
    def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
        for value in (*args, *kwargs.values()):
            _check_defined(value)
        try:
            return function(*args, **kwargs)
        # Numbers outside of what Python calculates with are no InvalidInput.
        except (ValueError, OverflowError) as error:
            raise AnsibleFilterError(f"{function.__name__}: {error}") from None

    return call


class FilterModule:
    """What Ansible asks for the filters."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {
            function.__name__: _as_filter(function)
            for function in (age, duration, escaped, given, longest_gap, next_runs, protection_report, seconds)
        }
