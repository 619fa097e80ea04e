# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of the report: audits of several projects as one, also of projects that could not be read."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.controls import TITLES
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.protection_report import protection_report
from tests.support.fakes import SUMMER

DAYS = [f"2026-06-{day:02d}" for day in range(3, 31)] + ["2026-07-01"]


def server(compliant: bool | None = True, passed: bool = True, **fields: t.Any) -> dict[str, t.Any]:
    return {
        "compliant": compliant,
        "passed": passed,
        "last_backup": {"id": "b"},
        "age_seconds": 60,
        "backup_count": 2,
        "size_mb": 30,
        **fields,
    }


def finding(kind: str, count: int = 1) -> dict[str, t.Any]:
    return {"kind": kind, "title": f"T {kind}", "remedy": f"R {kind}", "objects": [{}] * count, "commands": []}


def control(name: str, passed: int, failed: int, unknown: int) -> dict[str, t.Any]:
    return {"control": name, "title": TITLES[name], "passed": passed, "failed": failed, "unknown": unknown}


def series(days: list[str], *figures: int) -> list[dict[str, t.Any]]:
    """A growth whose last days have these figures, and the first of them before."""
    numbers = [*[figures[0]] * (len(days) - len(figures)), *figures]
    return [{"date": day, "backups": number, "size_mb": 10 * number} for day, number in zip(days, numbers, strict=True)]


def audit(cloud: str | None = None, servers: t.Iterable[t.Any] = (), **fields: t.Any) -> dict[str, t.Any]:
    return {
        "cloud": cloud,
        "servers": list(servers),
        "policies": ["a policy"],
        "quotas": ["a quota"],
        "services": ["csbs"],
        "vaults": ["a vault"],
        "former_servers": [],
        "findings": [],
        "controls": [],
        "growth": [],
        "unknown_servers": [],
        "summary": {"servers": 0},
        "project": {"id": "project", "region": "eu-de"},
        "audited_at": "2026-07-01T12:00:00.000000Z",
        **fields,
    }


LOST = {"cloud": "lost", "msg": "wrong password"}


@pytest.mark.parametrize(
    ("audits", "verdict", "complete"),
    [
        ([audit("a", [server(), server()])], "met", True),
        ([audit("a", [server(passed=False)])], "met", True),
        ([audit("a", [server()]), audit("b")], "met", True),
        ([audit("a", [server(), server(False)])], "not_met", True),
        ([audit("a", [server(None)])], "not_met", True),
        ([audit("a", [server()]), audit("b", [server(False)])], "not_met", True),
        ([audit("a", [server()]), LOST], "not_met", False),
        ([audit("a")], "not_judged", True),
        ([audit("a"), LOST], "not_judged", False),
        ([LOST], "not_judged", False),
        ([], "not_judged", True),
    ],
)
def test_the_verdict(audits: list[dict[str, t.Any]], verdict: str, complete: bool) -> None:
    found = protection_report(audits, SUMMER)
    assert (found["verdict"], found["complete"]) == (verdict, complete)


def test_a_report_of_two_clouds_and_one_that_could_not_be_read() -> None:
    first = audit(
        "a",
        [server(), server(False, False), server(None, False)],
        findings=[finding("stale", 2), finding("policy_full")],
        controls=[control("enabled_policy", 1, 2, 0), control("max_age", 1, 1, 1)],
        audited_at="2026-07-01T12:00:02.000000Z",
    )
    second = audit(
        "b",
        [server(False, False, last_backup=None, backup_count=0, size_mb=0)],
        findings=[finding("never_backed_up"), finding("stale")],
        controls=[control("enabled_policy", 0, 1, 0), control("max_age", 0, 1, 0)],
        audited_at="2026-07-01T12:00:01.000000Z",
    )
    found = protection_report([first, LOST, second], SUMMER)
    assert found["schema"] == 1
    assert found["generated_at"] == "2026-07-01T12:00:01.000000Z"
    assert found["summary"] == {
        "clouds": 3,
        "clouds_not_read": 1,
        "servers": 4,
        "recovery_point_met": 1,
        "recovery_point_not_met": 3,
        "passed": 1,
        "not_passed": 3,
        "findings": 6,
        "backups": 6,
        "size_mb": 90,
    }
    assert found["controls"] == [control("enabled_policy", 1, 3, 0), control("max_age", 1, 2, 1)]
    assert [(row["kind"], row["title"], row["count"]) for row in found["findings"]] == [
        ("cloud_not_read", "Projects that could not be read", 1),
        ("never_backed_up", "T never_backed_up", 1),
        ("stale", "T stale", 3),
        ("policy_full", "T policy_full", 1),
    ]
    assert [cloud["cloud"] for cloud in found["clouds"]] == ["a", "lost", "b"]
    assert found["clouds"][0]["servers"] == first["servers"]
    assert found["clouds"][0]["policies"] == ["a policy"] and found["clouds"][0]["quotas"] == ["a quota"]
    assert found["clouds"][0]["services"] == ["csbs"] and found["clouds"][0]["vaults"] == ["a vault"]
    lost = found["clouds"][1]
    assert (lost["read"], lost["error"], lost["project"], lost["audited_at"]) == (False, "wrong password", None, None)
    assert [lost[key] for key in ("services", "servers", "policies", "quotas", "vaults", "former_servers")] == [[]] * 6
    assert lost["summary"] == {"servers": 0, "recovery_point_met": 0, "passed": 0}
    assert lost["findings"][0]["objects"] == [{"id": None, "name": "lost", "detail": "wrong password"}]
    assert {frozenset(cloud) for cloud in found["clouds"]} == {frozenset(lost)}


def test_the_way_to_cbr_is_told_of_each_cloud_and_of_all() -> None:
    plan = {"policies": [], "servers": [{"id": "a", "state": "moving", "done": False, "reason": None}]}
    audits = [audit("a", [server(id="a")], policies=[], migration=plan), audit("b"), LOST]
    found = protection_report(audits, SUMMER)
    first, *others = [cloud["migration"] for cloud in found["clouds"]]
    assert first["servers"] == plan["servers"] and others == [None, None]
    assert found["migration"]["servers"]["moving"] == 1
    assert protection_report(audits[1:], SUMMER)["migration"] is None


def test_all_reports_have_the_same_fields() -> None:
    some = protection_report([audit("a", [server()], growth=series(DAYS[1:], 1))], SUMMER)
    none = protection_report([LOST], SUMMER)
    assert some.keys() == none.keys() == protection_report([], SUMMER).keys()
    assert none["generated_at"] == "2026-07-01T12:00:00.000000Z"
    assert (none["controls"], none["reasons"], none["growth"], none["unknown_servers"]) == ([], [], [], [])
    assert none["summary"]["findings"] == 1


def test_reasons_are_counted_and_the_most_frequent_comes_first() -> None:
    rows = [
        server(),
        server(False, last_backup=None, age_seconds=None),
        server(False, age_seconds=None),
        server(None),
        server(False),
        server(False),
    ]
    assert protection_report([audit("a", rows)], SUMMER)["reasons"] == [
        {"reason": "the last good backup is too old", "servers": 2},
        {"reason": "there is no good backup", "servers": 1},
        {"reason": "the last good backup has no time", "servers": 1},
        {"reason": "the promise cannot be read", "servers": 1},
    ]


def test_controls_that_only_one_cloud_was_asked_for_come_in_the_order_of_reports() -> None:
    audits = [
        audit("a", controls=[control("room", 1, 0, 0)]),
        audit("b", controls=[control("enabled_policy", 0, 0, 1)]),
    ]
    found = protection_report(audits, SUMMER)["controls"]
    assert found == [control("enabled_policy", 0, 0, 1), control("room", 1, 0, 0)]


# ========== Growth ==========
def growth(*audits: list[dict[str, t.Any]]) -> list[tuple[str, int, int]]:
    found = protection_report([audit(growth=rows) for rows in audits], SUMMER)["growth"]
    return [tuple(row.values()) for row in found]


def test_growth_is_added_up() -> None:
    found = growth(series(DAYS[1:], 1, 4), series(DAYS[1:], 10, 20))
    assert found == [*((day, 11, 110) for day in DAYS[1:-1]), (DAYS[-1], 24, 240)]


def test_growth_does_not_fall_when_midnight_comes_between_two_audits() -> None:
    found = growth(series(DAYS[:-1], 1, 4), series(DAYS[1:], 10, 20))
    assert [day for day, backups, size in found] == DAYS[1:]
    assert [backups for day, backups, size in found] == [*[11] * 26, 14, 24]


# ========== Servers that no cloud has ==========
@pytest.mark.parametrize(
    ("unknown", "expected"),
    [
        ([], []),
        ([["x", "y"]], ["x", "y"]),
        ([["x", "y"], ["y", "z"]], ["y"]),
        ([["x", "y"], ["y", "x"]], ["x", "y"]),
        ([["x"], []], []),
    ],
)
def test_a_server_is_unknown_when_no_cloud_that_was_read_has_it(unknown: list[list[str]], expected: list[str]) -> None:
    audits = [*(audit(unknown_servers=one) for one in unknown), LOST]
    assert protection_report(audits, SUMMER)["unknown_servers"] == expected


# ========== What is no audit ==========
@pytest.mark.parametrize("message", [{}, {"msg": ""}, {"msg": None}, {"skipped": True}])
def test_a_result_without_a_reason_is_a_cloud_that_was_not_read(message: dict[str, t.Any]) -> None:
    found = protection_report([{"cloud": None, **message}], SUMMER)
    assert (found["complete"], found["clouds"][0]["error"]) == (False, "the task gives no reason")


def test_a_result_of_another_module_is_refused() -> None:
    with pytest.raises(
        InvalidInput, match="has servers but no services, policies, quotas, .*: it is not of csbs_audit_info"
    ):
        protection_report([{"cloud": None, "servers": [], "summary": {}}], SUMMER)
