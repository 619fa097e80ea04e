# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup with state absent: only what is named goes, and each backup for itself."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup import (
    parse_options as parse_backup_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup import (
    plan as plan_backup,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from tests.support.fakes import Cloud, backup, server
from tests.unit.plugins.module_utils._plans.test_backup import DEFAULTS

ROWS = [
    backup("b", "web"),
    backup("b-0001", "web"),
    backup("b-0002", "db", "error"),
    backup("b-0003", "gone", "protecting"),
    backup("b-old", "web"),
    backup("bb", "web"),
    backup("b-001", "web"),
]


def plan(rows: list[dict[str, t.Any]] | None = None, **options: t.Any) -> Plan:
    cloud = Cloud(
        [server("web"), server("db"), server("twin", "t1"), server("twin", "t2")],
        backups=ROWS if rows is None else rows,
    )
    return plan_backup(parse_backup_options({**DEFAULTS, "state": "absent", **options}), cloud)


def going(todo: Plan) -> list[str]:
    assert all(call.method == "delete_backup" and call.missing_ok for call in todo.calls)
    return [call.arguments["item"].removeprefix("item-") for call in todo.calls]


@pytest.mark.parametrize(
    ("options", "deleted"),
    [
        ({"name": "b"}, ["b-web", "b-0001-web", "b-0002-db", "b-0003-gone"]),
        ({"name": "b-0001"}, ["b-0001-web"]),
        ({"name": "b", "servers": ["db"]}, ["b-0002-db"]),
        ({"name": "b", "servers": ["id-gone"]}, ["b-0003-gone"]),
        ({"name": "b", "server_filters": {"name": "w*"}}, ["b-web", "b-0001-web"]),
        ({"name": "b", "server_filters": {"name": "w*"}, "servers": ["db"]}, ["b-web", "b-0001-web", "b-0002-db"]),
        ({"name": "b", "server_filters": {"name": "zzz"}}, []),
        ({"name": "b", "servers": []}, []),
        ({"name": "b", "servers": ["unknown"]}, []),
        ({"name": "none"}, []),
        ({"ids": []}, []),
        ({"ids": ["item-bb-web", "no-such", "item-bb-web"]}, ["bb-web"]),
    ],
)
def test_what_is_named_goes_and_nothing_else(options: dict[str, t.Any], deleted: list[str]) -> None:
    todo = plan(**options)
    assert going(todo) == deleted
    assert [one["id"].removeprefix("item-") for one in todo.result["backups"]] == deleted


@pytest.mark.parametrize("other", ["release-2024", "release-1200", "release-20240101", "release-10000"])
def test_a_year_or_a_time_in_a_name_is_another_name(other: str) -> None:
    rows = [backup("release", "web"), backup("release-0001", "db"), backup(other, "web", id="other")]
    assert going(plan(rows, name="release")) == ["release-web", "release-0001-db"]


def test_the_diff_says_which_backups_go_by_a_numbered_form_of_the_name() -> None:
    shown = plan(name="b", servers=["web"]).before["backups"]
    assert [(row["name"], row.get("numbered_form_of")) for row in shown] == [("b", None), ("b-0001", "b")]


@pytest.mark.parametrize(
    "ignored",
    [
        {"max_age": "7d"},
        {"tags": {"only": "this"}},
        {"description": "d"},
        {"incremental": False},
        {"skip_unprotectable": True},
    ],
    ids=lambda option: next(iter(option)),
)
@pytest.mark.parametrize("target", [{"name": "b"}, {"ids": ["item-b-web"]}], ids=lambda option: next(iter(option)))
def test_an_option_that_would_not_narrow_what_goes_is_refused(
    target: dict[str, t.Any], ignored: dict[str, t.Any]
) -> None:
    with pytest.raises(InvalidInput, match=f"^{next(iter(ignored))} has no effect with state: absent"):
        plan(**target, **ignored)


def test_a_former_server_is_known_by_its_name_as_long_as_it_has_backups() -> None:
    assert going(plan(name="b", servers=["gone"])) == ["b-0003-gone"]


def test_results_show_the_names_that_servers_have_now() -> None:
    rows = [backup("b", "web", info={"resource_name": "former"}), backup("b-0001", "gone")]
    assert [one["server"]["name"] for one in plan(rows, name="b").result["backups"]] == ["web", "gone"]


def test_an_ambiguous_server_is_refused_and_not_guessed() -> None:
    with pytest.raises(InvalidInput, match="ambiguous.* t1, t2"):
        plan(name="b", servers=["twin"])


def test_each_backup_of_a_policy_run_goes_for_itself_and_its_record_stays() -> None:
    rows = [backup("run", name, checkpoint_id="shared") for name in ("web", "db")]
    todo = plan(rows, ids=["item-run-web"])
    assert [call.arguments for call in todo.calls] == [{"checkpoint": "shared", "item": "item-run-web"}]


@pytest.mark.parametrize(
    ("status", "called", "waited_for"),
    [("deleting", 0, 1), ("waiting_delete", 0, 1), ("deleted", 0, 0), ("restoring", 1, 1)],
)
def test_what_is_on_its_way_is_not_deleted_again_but_waited_for(status: str, called: int, waited_for: int) -> None:
    todo = plan([backup("b", "web", status)], name="b")
    assert (len(todo.calls), len(todo.context["rows"])) == (called, waited_for)


@pytest.mark.parametrize(("concurrency", "workers"), [(1, 1), (5, 5), (100, 5)])
def test_the_service_is_never_sent_more_than_five_deletions_at_a_time(concurrency: int, workers: int) -> None:
    assert plan(name="b", concurrency=concurrency).workers == workers


def test_many_ids_are_not_read_one_by_one() -> None:
    """Reading is O(pages): no request per backup where a list call can tell."""
    cloud = Cloud(backups=[backup(f"b{number}", "web") for number in range(30)])
    ids = [row["id"] for row in cloud.all_backups]
    todo = plan_backup(parse_backup_options({**DEFAULTS, "state": "absent", "ids": ids}), cloud)
    assert len(todo.calls) == 30
    assert len(cloud.asked) <= 5
