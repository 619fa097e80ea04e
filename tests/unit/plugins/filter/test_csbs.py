# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as Python functions; tests/integration/test_filters.py runs them in ansible-playbook."""

from __future__ import annotations

import inspect
import typing as t
from datetime import date, datetime
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from jinja2 import StrictUndefined, UndefinedError

from ansible_collections.opentelekomcloud.csbs.plugins.filter.csbs import FilterModule
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.policy import policy_result
from tests.support.fakes import policy

FILTERS = FilterModule().filters()
FOLDER = Path(__file__).parents[4] / "plugins" / "filter"
NIGHTLY = {"frequency": "daily", "times": ["02:00"]}
EVERY_THIRD_DAY = {**NIGHTLY, "interval": 3}


def run(name: str, *args: t.Any, **kwargs: t.Any) -> t.Any:
    return FILTERS[name](*args, **kwargs)


def test_each_filter_is_documented_with_its_own_parameters() -> None:
    documented = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.yml")}
    assert documented.keys() == FILTERS.keys()
    for name, described in documented.items():
        first, *others = inspect.signature(FILTERS[name]).parameters.values()
        assert described["DOCUMENTATION"]["name"] == name
        assert described["DOCUMENTATION"]["positional"].split(", ") == ["_input", *(other.name for other in others)]
        options = dict(described["DOCUMENTATION"]["options"])
        assert options.pop("_input")["required"] and first.default is first.empty
        defaults = {
            option: first.empty if one.get("required") else one.get("default") for option, one in options.items()
        }
        assert defaults == {other.name: list(d) if isinstance(d := other.default, tuple) else d for other in others}


# ========== next_runs ==========
@pytest.mark.parametrize(
    ("schedule", "options", "expected"),
    [
        (NIGHTLY, {}, ["2026-03-28T02:00:00+00:00"]),
        (NIGHTLY, {"count": "2"}, ["2026-03-28T02:00:00+00:00", "2026-03-29T02:00:00+00:00"]),
        # The clocks go forward on 29 March, and back on 25 October.
        (
            NIGHTLY,
            {"count": 2, "timezone": "Europe/Berlin"},
            ["2026-03-28T03:00:00+01:00", "2026-03-29T04:00:00+02:00"],
        ),
        (
            NIGHTLY,
            {"count": 2, "timezone": "Europe/Berlin", "start": "2026-10-24"},
            ["2026-10-24T04:00:00+02:00", "2026-10-25T03:00:00+01:00"],
        ),
        (NIGHTLY, {"timezone": "UTC-03:30"}, ["2026-03-27T22:30:00-03:30"]),
        (NIGHTLY, {"timezone": " "}, ["2026-03-28T02:00:00+00:00"]),
        # A local time counts with the offset at the start, as csbs_policy would send it.
        (
            {**NIGHTLY, "timezone": "Europe/Berlin"},
            {"count": 2},
            ["2026-03-28T01:00:00+00:00", "2026-03-29T01:00:00+00:00"],
        ),
        ({**NIGHTLY, "timezone": "Europe/Berlin"}, {"start": "2026-03-29T12:00:00Z"}, ["2026-03-30T00:00:00+00:00"]),
        # As Ansible converts the option of the module.
        ({"frequency": "weekly", "days": "MO,TH", "times": "02:00"}, {}, ["2026-03-30T02:00:00+00:00"]),
        ({**NIGHTLY, "interval": "3"}, {"since": "2026-03-25T09:00:00Z"}, ["2026-03-28T02:00:00+00:00"]),
        ({"pattern": "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0"}, {}, ["2026-03-29T02:00:00+00:00"]),
        # Several rules, and times that become several.
        (
            {"pattern": ["FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0", "FREQ=DAILY;INTERVAL=2;BYHOUR=4;BYMINUTE=30"]},
            {"count": 3, "since": "2026-03-25"},
            ["2026-03-29T02:00:00+00:00", "2026-03-29T04:30:00+00:00", "2026-03-31T04:30:00+00:00"],
        ),
        (
            {"frequency": "weekly", "days": ["SU"], "times": ["00:30", "12:00"], "timezone": "Europe/Berlin"},
            {"count": 2, "timezone": "Europe/Berlin"},
            ["2026-03-29T00:30:00+01:00", "2026-03-29T13:00:00+02:00"],
        ),
        # As YAML reads a time without quotes.
        (NIGHTLY, {"start": date(2026, 5, 1)}, ["2026-05-01T02:00:00+00:00"]),
        (NIGHTLY, {"start": datetime(2026, 5, 1, 3)}, ["2026-05-02T02:00:00+00:00"]),
    ],
)
def test_the_next_runs_of_a_schedule(schedule: t.Any, options: dict[str, t.Any], expected: list[str]) -> None:
    assert run("next_runs", schedule, **{"start": "2026-03-27T12:00:00Z", **options}) == expected


def result_of(pattern: str | list[str], **fields: t.Any) -> dict[str, t.Any]:
    raw = policy(**fields)
    raw["scheduled_operations"][0]["trigger"] = {"properties": {"pattern": pattern}}
    return policy_result(t.cast(t.Any, raw))


def test_a_policy_is_taken_as_results_hold_it() -> None:
    nightly = result_of("FREQ=DAILY;INTERVAL=3;BYHOUR=2;BYMINUTE=0", created_at="2026-03-01T10:00:00.000000")
    expected = ["2026-03-04T02:00:00+00:00"]
    assert run("next_runs", nightly, start="2026-03-03") == expected
    assert run("next_runs", nightly["schedule"], start="2026-03-03", since=nightly["created_at"]) == expected
    # What the user says of the beginning goes before the creation of the policy.
    assert run("next_runs", nightly, start="2026-03-03", since="2026-03-02") == ["2026-03-05T02:00:00+00:00"]
    assert run("longest_gap", nightly) == 3 * 86400


def test_a_policy_with_several_rules_is_taken_as_results_hold_it() -> None:
    rules = ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=0", "FREQ=WEEKLY;BYDAY=TH;BYHOUR=4;BYMINUTE=0"]
    for policy_or_schedule in (found := result_of(rules), found["schedule"]):
        assert run("next_runs", policy_or_schedule, count=2, start="2026-03-27") == [
            "2026-03-30T02:00:00+00:00",
            "2026-04-02T04:00:00+00:00",
        ]
        assert run("longest_gap", policy_or_schedule) == 4 * 86400 - 2 * 3600


@pytest.mark.parametrize("schedule", [NIGHTLY, {"pattern": "FREQ=MONTHLY"}, None])
def test_a_disabled_policy_has_no_next_run(schedule: t.Any) -> None:
    disabled = {"enabled": False, "schedule": schedule, "created_at": None}
    assert run("next_runs", disabled, count=3) == []
    assert run("longest_gap", disabled) is None


@pytest.mark.parametrize("more", [{}, {"enabled": None}, {"enabled": True}, {"enabled": "yes"}])
def test_a_policy_is_enabled_unless_it_says_otherwise(more: dict[str, t.Any]) -> None:
    assert len(run("next_runs", {"schedule": NIGHTLY, **more}, count=3)) == 3


def test_without_a_start_the_next_run_is_in_the_future() -> None:
    assert run("age", run("next_runs", {**NIGHTLY, "times": ["00:00", "12:00"]})[0]) < 0


# ========== The others ==========
@pytest.mark.parametrize(
    ("timestamp", "now", "expected"),
    [
        ("2026-03-01T02:00:00.000000Z", "2026-03-01T03:00:00Z", 3600),
        # The spellings of the service itself
        ("2026-03-01T02:00:00.663766", "2026-03-01T03:00:00Z", 3599),
        ("2026-03-01 02:00:00", "2026-03-01 03:00:00", 3600),
        ("2026-03-01T02:00:00+01:00", "2026-03-01T02:00:00", 3600),
        (datetime(2026, 3, 1), date(2026, 3, 2), 86400),
        ("2026-03-01T03:00:00Z", "2026-03-01T02:00:00Z", -3600),
        ("0001-01-01", "9999-12-31", 315537811200),
        (None, None, None),
        ("", None, None),
        (None, "2026-03-01T02:00:00Z", None),
    ],
)
def test_age(timestamp: t.Any, now: t.Any, expected: int | None) -> None:
    assert run("age", timestamp, now) == expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [("24h", 86400), ("90m", 5400), ("2w", 1209600), (60, 60), ("60", 60), (None, None), (" ", None)],
)
def test_seconds(span: t.Any, expected: int | None) -> None:
    assert run("seconds", span) == expected


@pytest.mark.parametrize(("span", "expected"), [(183659, "2d 3h"), ("183659", "2d 3h"), (1.5, "1s"), ("-60.0", "-1m")])
def test_duration(span: t.Any, expected: str) -> None:
    assert run("duration", span) == expected


@pytest.mark.parametrize("span", [None, "", " "])
def test_the_duration_of_nothing_is_the_text_of_the_caller(span: t.Any) -> None:
    assert run("duration", span) == "never"
    assert run("duration", span, none="-") == run("duration", span, "-") == "-"


def test_given_keeps_the_very_values() -> None:
    """So a text that is marked as unsafe stays marked."""
    values = {"name": "n", "list": ["x"], "inner": {"empty": "", "list": ["y"]}, "empty": ""}
    found = run("given", values, inside=["inner"])
    assert found == {"name": "n", "list": ["x"], "inner": {"list": ["y"]}}
    assert all(found[key] is values[key] for key in ("name", "list"))


# ========== What is refused ==========
@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("next_runs", ["nightly"], "'nightly' is neither a policy nor a schedule"),
        ("next_runs", [None], "None is neither"),
        ("next_runs", [[NIGHTLY]], r"\[.*\] is neither"),
        ("next_runs", [{}], "schedule: give frequency"),
        ("next_runs", [{"schedule": None}], "schedule: give frequency"),
        ("next_runs", [{"schedule": 5}], "schedule: 5 is not a dictionary"),
        ("next_runs", [{"schedule": "nightly"}], "schedule: 'nightly' is not a dictionary"),
        ("next_runs", [{"name": "p", "enabled": True}], "schedule: 'enabled' is not known; a schedule has frequency, "),
        ("next_runs", [{**NIGHTLY, 7: "x"}], "schedule: '7' is not known"),
        ("next_runs", [{**NIGHTLY, "interval": "x"}], "argument 'interval' is of type .*'x'"),
        ("next_runs", [{**NIGHTLY, "interval": 31}], "schedule.interval: 31 is out of range"),
        ("next_runs", [{**NIGHTLY, "times": [870]}], 'schedule.times: 870 .* write "14:30"'),
        ("next_runs", [{**NIGHTLY, "times": {"a": 1}}], "argument 'times' is of type"),
        ("next_runs", [{**NIGHTLY, "timezone": "Mars/Base"}], "schedule.timezone: 'Mars/Base'"),
        ("next_runs", [{"pattern": "FREQ=MONTHLY;BYHOUR=2;BYMINUTE=0"}], "schedule.pattern: FREQ must be"),
        ("next_runs", [{"schedule": NIGHTLY, "enabled": "perhaps"}], "argument 'enabled' is of type"),
        ("next_runs", [{"schedule": NIGHTLY, "created_at": "noon"}], "created_at: 'noon' is not a time"),
        ("next_runs", [EVERY_THIRD_DAY], "since is needed"),
        ("next_runs", [{"schedule": EVERY_THIRD_DAY, "created_at": None}], "since is needed"),
        ("next_runs", [NIGHTLY, 0], "count: 0 is out of range; it must be 1 to 1000"),
        ("next_runs", [NIGHTLY, 1001], "count: 1001 is out of range"),
        ("next_runs", [NIGHTLY, 1.5], "count: 1.5 is not a whole number"),
        ("next_runs", [NIGHTLY, "two"], "count: 'two' is not a number"),
        ("next_runs", [NIGHTLY, None], "count: None is not a number"),
        ("next_runs", [NIGHTLY, True], "count: True is not a number"),
        ("next_runs", [NIGHTLY, float("nan")], "count: nan is not a whole number"),
        ("next_runs", [NIGHTLY, float("inf")], "count: inf is not a whole number"),
        ("next_runs", [NIGHTLY, 10**400], ""),
        ("next_runs", [NIGHTLY, 10**5000], ""),
        ("next_runs", [NIGHTLY, 1, "Mars/Base"], "timezone: 'Mars/Base' is not a time zone"),
        ("next_runs", [NIGHTLY, 1, "../../etc/passwd"], "timezone: '../../etc/passwd' is not a time zone"),
        ("next_runs", [NIGHTLY, 1, ["UTC"]], "timezone: .* is not a time zone"),
        ("next_runs", [NIGHTLY, 1, "UTC", "tomorrow"], "start: 'tomorrow' is not a time"),
        ("next_runs", [NIGHTLY, 1, "UTC", 20260301], "start: 20260301 is not a time"),
        ("next_runs", [NIGHTLY, 1, "UTC", "9999-12-31"], "start: '9999-12-31' is not in the years"),
        ("next_runs", [NIGHTLY, 1, "UTC", None, "before"], "since: 'before' is not a time"),
        ("longest_gap", ["nightly"], "'nightly' is neither a policy nor a schedule"),
        ("longest_gap", [{"schedule": {"pattern": "FREQ=MONTHLY"}}], "schedule.pattern: "),
        ("age", ["tomorrow"], "timestamp: 'tomorrow' is not a time; write it like 2026-03-01"),
        ("age", ["a\nb"], r"timestamp: 'a\\nb' is not a time"),
        ("age", [20260301], "timestamp: 20260301 is not a time"),
        ("age", [["2026-03-01"]], r"timestamp: \['2026-03-01'\] is not a time"),
        ("age", ["2026-03-01", "now"], "now: 'now' is not a time"),
        ("seconds", ["soon"], "age: 'soon' is not an age; write it like 90m, 24h, 7d, 2w, or in seconds"),
        ("seconds", [True], "True is not an age"),
        ("seconds", [1.5], "1.5 is not an age"),
        ("seconds", [{}], "{} is not an age"),
        ("seconds", ["1001y"], "age: '1001y' is not an age"),
        ("seconds", ["9999999999w"], "age: '9999999999w' is longer than a hundred years"),
        ("duration", ["long"], "seconds: 'long' is not a number"),
        ("duration", [True], "seconds: True is not a number"),
        ("duration", [[]], r"seconds: \[\] is not a number"),
        ("duration", [float("nan")], "seconds: this number"),
        ("given", ["text"], "'text' is not a dictionary"),
        ("given", [None], "None is not a dictionary"),
        ("given", [[{}]], r"\[{}\] is not a dictionary"),
        ("given", [{}, "key"], "inside: 'key' is not a list of keys"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(name: str, args: list[t.Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"^{name}: {message}") as refusal:
        run(name, *args)
    assert "\n" not in str(refusal.value)
    # A cause would be told as well.
    assert refusal.value.__cause__ is None and refusal.value.__suppress_context__


@pytest.mark.parametrize("name", FILTERS)
def test_an_undefined_value_is_told_as_undefined(name: str) -> None:
    """Only ansible-core 2.18 calls a filter with one."""
    with pytest.raises(UndefinedError, match="'nope' is undefined"):
        run(name, StrictUndefined(name="nope"))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("age", ["2026-03-01", StrictUndefined(name="nope")]),
        ("next_runs", [{"frequency": StrictUndefined(name="nope"), "times": ["02:00"]}]),
        ("next_runs", [{"frequency": "daily", "times": [StrictUndefined(name="nope")]}]),
        ("next_runs", [{"schedule": StrictUndefined(name="nope")}]),
        ("given", [{"name": StrictUndefined(name="nope")}]),
    ],
)
def test_an_undefined_value_inside_or_as_an_option_too(name: str, args: list[t.Any]) -> None:
    with pytest.raises(UndefinedError, match="'nope' is undefined"):
        run(name, *args)
