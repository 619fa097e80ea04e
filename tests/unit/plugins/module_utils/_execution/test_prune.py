# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the backups that a prune removes."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    TaskFailed,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import backup_prune as operation
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Outcome
from tests.support.fakes import Cloud, Ticks, server
from tests.unit.plugins.module_utils._operations.test_backup_prune import DEFAULTS
from tests.unit.plugins.module_utils._plans.test_prune import Rows, at

OLD = [at(day) for day in (1, 2, 3, 4, 5)]
BUSY = CloudError("delete backup", "it is busy", "CSBS.2003", 400).after_timeout()
CONFLICT = CloudError("delete backup", "it is busy", None, 409).after_timeout()
HELD = CloudError("delete backup", "an image holds it", "CSBS.8007", 400)
LOST = CloudError("delete backup", "the cloud cannot be reached").after_timeout()
REFUSED = CloudError("delete backup", "not allowed", "APIGW.0302", 403, "req-7")


class Blind(Cloud):
    """A cloud whose service fails."""

    def backups(self, **query: t.Any) -> Rows:
        raise CloudError("list backups", "the service failed", "CSBS.9999", 500, "req-9")

    def backup(self, backup_id: str) -> dict[str, t.Any] | None:
        raise CloudError("read backup", "the service failed", "CSBS.9999", 500, "req-9")


class Shifting(Cloud):
    """A cloud whose lists leave out backups that exist, because pages move while others delete."""

    def __init__(self, backups: Rows, hidden: t.Collection[str]) -> None:
        super().__init__(backups=backups)
        self.hidden = hidden

    def backups(self, **query: t.Any) -> Rows:
        return [row for row in super().backups(**query) if row["name"] not in self.hidden]


def finish(failures: dict[str, CloudError], now: Rows | Cloud, rows: Rows = OLD, wait: bool = True) -> dict[str, t.Any]:
    """Finish a prune that keeps the backup of the 9th: failures by name of the backup, now is what exists later."""
    wanted = operation.parse_options({**DEFAULTS, "servers": ["web"], "keep_last": 1, "wait": wait})
    todo = operation.plan(wanted, t.cast("t.Any", Cloud([server("web")], backups=[at(9), *rows])))
    to_remove = [shown["name"] for shown in todo.result["removed"]]
    assert len(to_remove) == len(rows)
    outcome = Outcome(
        {position: None for position, name in enumerate(to_remove) if name not in failures},
        failures={position: failures[name] for position, name in enumerate(to_remove) if name in failures},
    )
    cloud: t.Any = now if isinstance(now, Cloud) else Cloud(backups=[at(9), *now])
    return operation.finish(wanted, cloud, todo, outcome, Ticks().clock(60))


def names(result: dict[str, t.Any]) -> dict[str, list[str]]:
    return {outcome: [shown["name"] for shown in result[outcome]] for outcome in ("kept", "removed", "busy")}


@pytest.mark.parametrize(
    ("failures", "now", "expected", "changed"),
    [
        ({}, [], (["d09"], ["d05", "d04", "d03", "d02", "d01"], []), True),
        ({"d04": HELD}, [at(4)], (["d09", "d04"], ["d05", "d03", "d02", "d01"], []), True),
        ({"d04": BUSY}, [at(4, status="restoring")], (["d09"], ["d05", "d03", "d02", "d01"], ["d04"]), True),
        ({"d04": CONFLICT}, [at(4)], (["d09"], ["d05", "d03", "d02", "d01"], ["d04"]), True),
        # By a request whose answer was lost, or by somebody else.
        ({"d04": BUSY}, [], (["d09"], ["d05", "d04", "d03", "d02", "d01"], []), True),
        ({row["name"]: HELD for row in OLD}, OLD, (["d09", "d05", "d04", "d03", "d02", "d01"], [], []), False),
        ({row["name"]: BUSY for row in OLD}, OLD, (["d09"], [], ["d05", "d04", "d03", "d02", "d01"]), False),
    ],
)
def test_a_held_or_busy_backup_is_reported_and_no_failure(
    failures: dict[str, CloudError], now: Rows, expected: tuple[list[str], ...], changed: bool
) -> None:
    result = finish(failures, now)
    assert tuple(names(result).values()) == expected
    assert result["changed"] is changed


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ({row["name"]: BUSY for row in OLD}, (["d09"], [], ["d05", "d04", "d03", "d02", "d01"])),
        ({row["name"]: BUSY for row in OLD[:2]}, (["d09"], ["d05", "d04", "d03"], ["d02", "d01"])),
    ],
)
def test_a_busy_backup_that_a_list_leaves_out_is_not_gone(
    failures: dict[str, CloudError], expected: tuple[list[str], ...]
) -> None:
    there = [row for row in OLD if row["name"] in failures]
    cloud = Shifting([at(9), *there], {row["name"] for row in there})
    assert tuple(names(finish(failures, cloud)).values()) == expected


def test_a_refused_backup_that_a_list_leaves_out_is_not_gone() -> None:
    failures = {row["name"]: REFUSED for row in OLD[1:]}
    cloud = Shifting([at(9), *OLD[1:]], {"d02", "d03"})
    with pytest.raises(TaskFailed, match="1 of 5 backups") as failure:
        finish(failures, cloud)
    assert names(failure.value.results)["removed"] == ["d01"]


def test_a_backup_that_was_seen_to_be_gone_is_not_read_again() -> None:
    many = [at(day) for day in range(1, 9)]
    cloud = Cloud(backups=[at(9), at(4)])
    with pytest.raises(TaskFailed) as failure:
        finish({"d04": REFUSED}, cloud, many)
    assert len(names(failure.value.results)["removed"]) == 7
    assert [what for call, what in cloud.asked if call == "backup"].count("item-d04-web") == 1
    assert len([call for call, what in cloud.asked if call == "backups"]) <= 1


@pytest.mark.parametrize(("status", "changed"), [("restoring", False), ("deleting", True)])
def test_a_busy_backup_is_reported_in_its_present_state(status: str, changed: bool) -> None:
    result = finish({"d01": BUSY}, [at(1, status=status)], OLD[:1])
    assert ([shown["status"] for shown in result["busy"]], result["changed"]) == ([status], changed)


@pytest.mark.parametrize(
    ("code", "reason"),
    [("CSBS.8007", "image"), ("BackupService.6204", "image"), ("BackupService.6220", "locked")],
)
def test_a_backup_that_the_service_keeps_has_the_reason(code: str, reason: str) -> None:
    refusal = CloudError("delete backup", "no", code, 400)
    result = finish({"d01": refusal}, OLD[:1], OLD[:1])
    assert [shown["reasons"] for shown in result["kept"]] == [["last"], [reason]] and result["changed"] is False


def test_servers_have_their_present_names_in_the_final_result_too() -> None:
    old = [at(day, info={"resource_name": "before"}) for day in (1, 2, 3)]
    result = finish({"d01": BUSY, "d02": HELD}, old[:1], old)
    assert [shown["server"]["name"] for outcome in ("kept", "removed", "busy") for shown in result[outcome]] == [
        "web"
    ] * 4


@pytest.mark.parametrize(
    ("failures", "now", "removed", "busy"),
    [
        # Not allowed; the others have gone.
        ({"d04": REFUSED}, [at(4)], ["d05", "d03", "d02", "d01"], []),
        # Still being deleted when the time is over.
        ({}, [at(4, status="deleting")], ["d05", "d03", "d02", "d01"], ["d04"]),
        # The deletion itself failed.
        ({}, [at(4, status="error")], ["d05", "d03", "d02", "d01"], []),
        # The answers were lost: one call had its effect and the other had not.
        ({"d04": LOST, "d03": LOST}, [at(3)], ["d05", "d04", "d02", "d01"], []),
        ({"d04": REFUSED, "d03": BUSY, "d02": HELD}, [at(4), at(3), at(2)], ["d05", "d01"], ["d03"]),
    ],
)
def test_a_failed_task_reports_as_removed_what_is_gone_and_nothing_else(
    failures: dict[str, CloudError], now: Rows, removed: list[str], busy: list[str]
) -> None:
    with pytest.raises(TaskFailed) as failure:
        finish(failures, now)
    results = failure.value.results
    assert (names(results)["removed"], names(results)["busy"]) == (removed, busy)
    assert results["changed"] is True
    assert f"{len(removed)} of 5 backups that were to be removed are gone" in str(failure.value)
    assert results["servers"] == [{"id": "id-web", "name": "web"}]


def test_a_refusal_is_reported_with_its_code_and_changes_nothing() -> None:
    with pytest.raises(TaskFailed) as failure:
        finish({"d01": REFUSED}, OLD[:1], OLD[:1])
    results = failure.value.results
    assert (results["changed"], results["error_code"], results["request_id"]) == (False, "APIGW.0302", "req-7")
    assert (names(results)["removed"], names(results)["kept"]) == ([], ["d09"])


@pytest.mark.parametrize("rows", [OLD, OLD[:1]], ids=["many", "few"])
def test_a_backup_that_cannot_be_seen_is_not_reported_as_removed(rows: Rows) -> None:
    with pytest.raises(TaskFailed, match="it is not known how this ended: .*item-d01-web") as failure:
        finish({}, Blind(), rows)
    assert (names(failure.value.results)["removed"], failure.value.results["error_code"]) == ([], "CSBS.9999")


def test_without_waiting_accepted_deletions_are_reported_as_removed_and_nothing_is_read() -> None:
    assert len(finish({}, Blind(), wait=False)["removed"]) == 5
    result = finish({"d04": BUSY}, OLD, wait=False)
    assert (names(result)["removed"], names(result)["busy"]) == (["d05", "d03", "d02", "d01"], ["d04"])
