# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules of the console or another client: csbs_policy takes whatever csbs_policy_info returns."""

from __future__ import annotations

import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.estate import policy_in
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

SCHEDULE = {"frequency": "daily", "times": ["02:00"]}
PATTERNS = {
    "every second week": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=02;BYMINUTE=00",
    "monthly": "FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=02;BYMINUTE=00",
    "with the first day of the week": "FREQ=DAILY;BYHOUR=02;BYMINUTE=00;WKST=SU",
    "too close together": "FREQ=DAILY;BYHOUR=02;BYMINUTE=00,30",
}


@pytest.fixture(params=PATTERNS)
def stored(request: t.Any, cloud: Emulator) -> str:
    """The pattern of policy p, which no client of today could give it."""
    # Disabled, because the local cloud cannot run such a schedule when its time comes.
    run_ok("csbs_policy", {"name": "p", "schedule": SCHEDULE, "enabled": False}, cloud)
    pattern = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nRRULE:{PATTERNS[request.param]}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    with cloud.state.lock:
        policy_in(cloud, "p").pattern = pattern
    cloud.journal.clear()
    return pattern


def test_what_the_info_module_returns_is_given_back_and_changes_nothing(cloud: Emulator, stored: str) -> None:
    shown = run_ok("csbs_policy_info", {}, cloud)["policies"][0]
    assert shown["schedule"] == {
        "frequency": None,
        "interval": None,
        "days": None,
        "times": None,
        "timezone": None,
        "pattern": stored,
    }
    fed = {key: shown[key] for key in ("name", "description", "enabled", "schedule", "retention", "servers", "tags")}
    result = run_ok("csbs_policy", fed, cloud)
    assert (result["changed"], result["policy"], result["notes"], cloud.journal.writes()) == (False, shown, [], [])


def test_a_change_of_something_else_leaves_the_pattern_alone(cloud: Emulator, stored: str) -> None:
    result = run_ok(
        "csbs_policy", {"name": "p", "schedule": {"pattern": stored.lower()}, "description": "Other"}, cloud
    )
    assert result["changed"] and result["policy"]["schedule"]["pattern"] == stored
    assert all("trigger" not in str(entry["body"]) for entry in cloud.journal.writes())


def test_another_pattern_that_breaks_the_rules_is_refused_and_nothing_is_written(cloud: Emulator, stored: str) -> None:
    run_ok("csbs_policy", {"name": "other", "schedule": SCHEDULE}, cloud)
    cloud.journal.clear()
    for name, pattern in (("p", stored.replace("BYHOUR=02", "BYHOUR=04")), ("other", stored), ("new", stored)):
        result = run_module("csbs_policy", {"name": name, "schedule": {"pattern": pattern}}, cloud)
        assert result.get("failed") and result["msg"].startswith("schedule.pattern: "), result
    assert cloud.journal.writes() == []


def test_a_schedule_in_words_replaces_it(cloud: Emulator, stored: str) -> None:
    schedule = {"frequency": "weekly", "days": ["MO"], "times": ["01:00"], "timezone": "UTC+02:00"}
    result = run_ok("csbs_policy", {"name": "p", "schedule": schedule}, cloud)
    assert (result["policy"]["schedule"]["days"], result["policy"]["schedule"]["times"], result["notes"]) == (
        ["SU"],
        ["23:00"],
        [],
    )
    assert run_ok("csbs_policy", {"name": "p", "schedule": schedule}, cloud)["changed"] is False


@pytest.mark.parametrize("frequency", ["hourly", "Daily", ""])
@one_mode
def test_a_frequency_that_does_not_exist_is_refused_before_the_first_request(cloud: Emulator, frequency: str) -> None:
    cloud.journal.clear()
    result = run_module("csbs_policy", {"name": "p", "schedule": {**SCHEDULE, "frequency": frequency}}, cloud)
    assert result.get("failed") and "schedule.frequency" in result["msg"] and "daily or weekly" in result["msg"]
    assert list(cloud.journal) == []
