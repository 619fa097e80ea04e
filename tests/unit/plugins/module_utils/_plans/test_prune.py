# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_prune: which backups take part, and what is decided about each."""

from __future__ import annotations

import re
import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup import backup_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.durations import Duration
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.keep_rules import Rules
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.prune import (
    Decision,
    PruneOptions,
    judge,
    refuse_to_remove_all,
    result_of,
    takes_part,
)
from tests.support.fakes import SUMMER, backup, server

Rows = list[dict[str, t.Any]]
A1 = [{"key": "a", "value": "1"}]
IMAGE = {"os_images_data": [{"image_id": "i"}]}


def at(day: int, server_name: str = "web", status: str = "available", **fields: t.Any) -> dict[str, t.Any]:
    """A backup of June, named after its day; the cloud's clock shows noon of 1 July."""
    return backup(f"d{day:02d}", server_name, status, created_at=f"2026-06-{day:02d}T06:00:00.000000", **fields)


def options(name: str | None = None, include_automatic: bool = False, **rules: t.Any) -> PruneOptions:
    pattern = None if name is None else re.compile(name)
    return PruneOptions(
        Rules(**{"last": 1, "now": SUMMER, **rules}), ["web"], None, pattern, None, include_automatic, True, 10
    )


def decide(rows: t.Iterable[dict[str, t.Any]], **given: t.Any) -> list[Decision]:
    """Decide about backups of one server; the rules keep the last one unless they are given."""
    wanted = options(**given)
    mine: list[t.Any] = list(rows)
    return judge([row for row in mine if takes_part(row, wanted)], wanted.rules)


def outcomes(decisions: t.Iterable[Decision]) -> dict[str, str]:
    return {str(decision.row["name"]): decision.outcome for decision in decisions}


def removed(decisions: t.Iterable[Decision]) -> list[str]:
    return [str(decision.row["name"]) for decision in decisions if decision.outcome == "removed"]


# ========== Which backups take part, and what happens to them ==========
@pytest.mark.parametrize(
    ("row", "options", "outcome"),
    [
        ({}, {}, "removed"),
        ({"info": {"auto_trigger": True}}, {}, None),
        ({"info": {"auto_trigger": "true"}}, {}, None),
        ({"info": {"auto_trigger": None}}, {}, None),
        ({"info": {"auto_trigger": ""}}, {}, None),
        ({"extend_info": None}, {}, None),
        ({"info": {"auto_trigger": "False"}}, {}, "removed"),
        ({"info": {"auto_trigger": None}}, {"include_automatic": True}, "removed"),
        ({"info": {"auto_trigger": True}}, {"include_automatic": True}, "removed"),
        ({"status": "error"}, {}, "removed"),
        ({"status": "error", "info": {"auto_trigger": True}}, {}, None),
        ({"status": "error", "info": {"os_images_data": [{"image_id": "i"}]}}, {}, "kept"),
        ({"status": "error", "tags": [{"key": "a", "value": "1"}]}, {"last": 1, "tags": {"a": "1"}}, "kept"),
        ({"status": "restoring"}, {}, "busy"),
        ({"status": "waiting_restore"}, {}, "busy"),
        ({"status": "restoring"}, {"last": 2}, "kept"),
        ({"status": "restoring", "info": {"os_images_data": [{"image_id": "i"}]}}, {}, "kept"),
        *(
            ({"status": status}, {}, None)
            for status in ("waiting_protect", "protecting", "waiting_delete", "deleting", "deleted", "new-state")
        ),
        # Usable, but of unknown age.
        ({"created_at": None}, {}, None),
        ({"created_at": "soon"}, {}, None),
    ],
)
def test_what_happens_to_an_old_backup(row: dict[str, t.Any], options: dict[str, t.Any], outcome: str | None) -> None:
    fields = {key: value for key, value in row.items() if key in ("info", "status", "tags")}
    others = {key: value for key, value in row.items() if key in ("extend_info", "created_at")}
    assert outcomes(decide([at(9), {**at(1, **fields), **others}], **options)).get("d01") == outcome


@pytest.mark.parametrize(
    ("pattern", "takes"), [("b", True), ("b.*", True), (".*", True), ("a", False), ("B", False), ("", False)]
)
def test_only_whole_names_match_a_pattern(pattern: str, takes: bool) -> None:
    row: t.Any = {**at(1), "name": "b"}
    assert takes_part(row, options(pattern)) is takes


@pytest.mark.parametrize("name", [None, ""])
def test_a_backup_without_a_name_matches_a_pattern_for_all_names_only(name: str | None) -> None:
    row: t.Any = {**at(1), "name": name}
    assert [takes_part(row, options(pattern)) for pattern in (".*", "b")] == [True, False]


@pytest.mark.parametrize(
    ("status", "kept"), [("error", "d05"), ("protecting", "d05"), ("deleting", "d05"), ("restoring", "d09")]
)
def test_a_backup_that_is_not_usable_counts_for_no_rule(status: str, kept: str) -> None:
    decisions = decide([at(9, status=status), at(5), at(4)])
    assert [decision.row["name"] for decision in decisions if decision.outcome == "kept"] == [kept]


def test_the_recovery_point_counts_and_not_the_time_of_the_row() -> None:
    assert removed(decide([at(9, protected_at="2026-06-02T00:00:00"), at(5)])) == ["d09"]


def test_among_backups_of_one_moment_the_id_decides_whatever_the_order_of_the_list() -> None:
    twins = [{**at(9), "id": "item-b", "name": "b"}, {**at(9), "id": "item-a", "name": "a"}]
    assert removed(decide(twins)) == removed(decide(twins[::-1])) == ["b"]


def test_decisions_are_sorted_from_the_newest_backup_to_the_oldest() -> None:
    rows = [at(2), at(9), at(5, status="error"), {**at(1, status="error"), "created_at": None}]
    assert [decision.row["name"] for decision in decide(rows)] == ["d09", "d05", "d02", "d01"]


# ========== Young backups ==========
@pytest.mark.parametrize(
    ("rules", "deleted", "young"),
    [
        # Noon of 1 July: the 24th is 7 days and 6 hours old.
        ({"older_than": timedelta(days=7)}, ["d24", "d01"], ["d29", "d25"]),
        ({"older_than": timedelta(days=8)}, ["d01"], ["d29", "d25", "d24"]),
        ({"older_than": timedelta(days=100)}, [], ["d29", "d25", "d24", "d01"]),
        # Young backups count: two of the last three are young.
        ({"older_than": timedelta(days=7), "last": 3}, ["d01"], ["d29", "d25"]),
        ({"older_than": timedelta(days=26), "tags": {"a": "1"}, "last": 0}, ["d01"], ["d29", "d25", "d24"]),
    ],
)
def test_a_young_backup_is_kept_and_counts_for_the_other_rules(
    rules: dict[str, t.Any], deleted: list[str], young: list[str]
) -> None:
    decisions = decide([at(29), at(25), at(24), at(1)], **rules)
    assert removed(decisions) == deleted
    assert [decision.row["name"] for decision in decisions if "young" in decision.reasons] == young


def test_reasons_come_in_their_order() -> None:
    rules: dict[str, t.Any] = {
        "older_than": timedelta(days=7),
        "hourly": 1,
        "within": Duration(days=1),
        "tags": {"a": "1"},
    }
    (decision,) = decide([at(29, tags=A1, info=IMAGE)], **rules)
    assert decision.reasons == ("last", "hourly", "within", "young", "tag", "image")


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ({"status": "error"}, "removed"),
        ({"status": "error", "created_at": "2026-06-30T00:00:00"}, "kept"),
        # It may be young.
        ({"status": "error", "created_at": None}, None),
        ({"status": "restoring"}, "busy"),
        ({"status": "restoring", "created_at": "2026-06-30T00:00:00"}, "kept"),
    ],
)
def test_failed_and_busy_backups_can_be_young(row: dict[str, t.Any], outcome: str | None) -> None:
    decisions = decide([at(29), {**at(1), **row}], older_than=timedelta(days=7))
    assert outcomes(decisions).get("d01") == outcome


def test_durations_do_not_count_from_a_backup_of_the_future() -> None:
    future = {**at(9), "created_at": "2026-07-09T06:00:00"}
    assert removed(decide([future, at(29), at(28), at(1)], last=0, within=Duration(days=3))) == ["d01"]


# ========== Tags as the only rule ==========
@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        ([at(1)], True),
        ([at(1, status="restoring")], True),
        ([at(1), at(2, tags=A1)], False),
        ([at(1), at(2, info=IMAGE)], False),
        ([at(1, status="error")], False),
        ([], False),
    ],
)
def test_a_server_never_loses_all_its_good_backups_by_tags_alone(rows: Rows, refused: bool) -> None:
    decisions = decide(rows, last=0, tags={"a": "1"})
    servers: list[t.Any] = [server("web"), server("db")]
    if refused:
        with pytest.raises(InvalidInput, match="^keep_tags: .*: 'web'. Nothing was removed"):
            refuse_to_remove_all(servers, decisions)
    else:
        refuse_to_remove_all(servers, decisions)


# ========== Results ==========
def test_results_hold_kept_removed_and_busy_backups_and_no_failed_ones() -> None:
    rows: list[t.Any] = [at(day, info={"resource_name": "before"}) for day in (4, 3, 2, 1)]
    decisions = [
        Decision(rows[0], "kept", ("last", "daily")),
        Decision(rows[1], "removed"),
        Decision(rows[2], "busy"),
        Decision(rows[3], "failed"),
    ]
    names = {"id-web": "web-now"}
    assert result_of(decisions, names) == {
        "kept": [{**backup_result(rows[0], names), "reasons": ["last", "daily"]}],
        "removed": [backup_result(rows[1], names)],
        "busy": [backup_result(rows[2], names)],
    }
