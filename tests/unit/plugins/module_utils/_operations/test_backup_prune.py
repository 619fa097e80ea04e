# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_prune: its options, what it reads, and what it reports after its calls."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    InvalidInput,
    NotFound,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import backup_prune as operation
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from tests.support.fakes import Cloud, server
from tests.unit.plugins.module_utils._plans.test_prune import Rows, at

GONE, OTHER = "45baf976-c20a-4894-a7c3-c94b7376bf55", "90c1d5fa-1b9f-4aeb-b2f4-81c806e98190"
DEFAULTS: dict[str, t.Any] = {
    "servers": None,
    "server_filters": None,
    "name": None,
    "tags": None,
    "older_than": None,
    **{f"keep_{name}": None for name in ("last", "within", "tags")},
    **{
        f"keep_{name}": None
        for period in ("hourly", "daily", "weekly", "monthly", "yearly")
        for name in (period, f"within_{period}")
    },
    "include_automatic": False,
    "timezone": "UTC",
    "wait": True,
    "poll_interval": 10,
}


def plan(rows: Rows, cloud: Cloud | None = None, **options: t.Any) -> Plan[t.Any]:
    """The plan for a server; the rules keep the last backup unless they are given."""
    some_rule = any(key.startswith("keep_") for key in options)
    params = {**DEFAULTS, "servers": ["web"], **({} if some_rule else {"keep_last": 1}), **options}
    cloud = cloud or Cloud([server("web"), server("db")], backups=rows)
    return operation.plan(operation.parse_options(params), t.cast("t.Any", cloud))


def removed(todo: Plan[t.Any]) -> list[str]:
    assert all(call.method == "delete_backup" and call.missing_ok for call in todo.calls)
    names = [call.arguments["item"].removeprefix("item-") for call in todo.calls]
    assert [shown["id"].removeprefix("item-") for shown in todo.result["removed"]] == names
    return names


# ========== Options ==========
@pytest.mark.parametrize("option", ["tags", "keep_tags"])
@pytest.mark.parametrize("value", [{"a": "1"}, {}])
def test_tags_are_refused_where_backups_have_none(option: str, value: t.Any) -> None:
    given = {**DEFAULTS, "servers": ["web"], "keep_last": 1, "service": "cbr", option: value}
    with pytest.raises(InvalidInput, match=f"^{option}: .* keeps no tags on backups. What to do: leave {option} out"):
        operation.parse_options(given)


@pytest.mark.parametrize(("service", "named"), [("csbs", True), ("cbr", False)])
def test_a_missing_rule_is_asked_for_by_options_that_the_service_takes(service: str, named: bool) -> None:
    with pytest.raises(InvalidInput, match="no rule says what to keep") as refusal:
        operation.parse_options({**DEFAULTS, "servers": ["web"], "service": service})
    assert ("keep_tags" in str(refusal.value)) is named and "keep_within_yearly" in str(refusal.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"servers": None}, "servers or server_filters is needed"),
        ({"keep_last": 0, "keep_tags": {}}, "no rule says what to keep.*keep_last.*a count of 0 is no rule"),
        ({"name": ""}, "name: '' is empty.*leave name out"),
        ({"name": " \t"}, "name: ' .*is empty"),
        ({"tags": {}}, "tags: {} names no tag"),
        ({"tags": {"no space": "x"}}, "tags: 'no space' is not a valid tag key"),
        ({"tags": {"a": "b c"}}, "tags: 'b c' is not a valid value"),
        ({"tags": {f"k{number}": None for number in range(11)}}, "tags: 11 tags given"),
        ({"older_than": "7d", "keep_last": 0}, "older_than: no other rule.*keep_last"),
        ({"older_than": "7d", "keep_last": None}, "older_than: no other rule"),
        ({"older_than": "90m"}, "older_than: '90m' is not clear.*5400.*2700d"),
        ({"older_than": "1y"}, "older_than: '1y' is not an age"),
        ({"older_than": ""}, "older_than: ''"),
        ({"keep_hourly": -2}, "keep_hourly: -2"),
        ({"keep_within": "2w"}, "keep_within: '2w'.*14d"),
        *(
            ({f"keep_within_{name}": "30s"}, f"keep_within_{name}: '30s'")
            for name in ("hourly", "daily", "weekly", "monthly", "yearly")
        ),
        ({"keep_within_daily": ""}, "keep_within_daily: ''"),
        ({"timezone": "UTC+15:00"}, "timezone: 'UTC\\+15:00'"),
    ],
)
def test_options_that_could_delete_too_much_are_refused(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        operation.parse_options({**DEFAULTS, "servers": ["web"], "keep_last": 1, **options})


# ========== The plan ==========
def test_a_backup_that_a_moving_page_shows_twice_counts_once() -> None:
    assert removed(plan([at(9), at(9), at(5)], keep_last=2)) == []


def test_the_plan_deletes_five_backups_at_a_time_and_shows_them_by_name() -> None:
    todo = plan([at(9), at(1)])
    assert (todo.before, todo.after) == ({"backups": [{"name": "d01", "server": "web"}]}, {"backups": []})
    assert todo.workers == 5
    assert [(shown["name"], shown["reasons"]) for shown in todo.result["kept"]] == [("d09", ["last"])]
    assert todo.result["servers"] == [{"id": "id-web", "name": "web"}]


def test_the_backups_of_each_server_are_judged_by_themselves() -> None:
    rows = [at(9), at(8), at(1, "db")]
    assert removed(plan(rows, servers=["web", "db"])) == ["d08-web"]


def test_ages_are_counted_by_the_clock_of_the_cloud() -> None:
    """It shows noon of 1 July."""
    assert removed(plan([at(29), at(24), at(25)], older_than="7d")) == ["d24-web"]


def test_tags_alone_never_remove_all_good_backups_of_a_server() -> None:
    with pytest.raises(InvalidInput, match="keep_tags: .*'web'"):
        plan([at(1)], keep_tags={"a": "1"})
    assert removed(plan([at(2), at(1)], keep_tags={"a": "1"}, keep_last=1)) == ["d01-web"]


# ========== Which servers are meant ==========
@pytest.mark.parametrize(
    ("options", "servers", "deleted"),
    [
        ({"servers": ["web"]}, ["web"], ["d01-web"]),
        ({"servers": ["id-web", "web", {"id": "id-web"}]}, ["web"], ["d01-web"]),
        ({"servers": ["db", "web"]}, ["db", "web"], ["d02-db", "d01-web"]),
        ({"servers": ["web"], "server_filters": {"name": "d*"}}, ["web", "db"], ["d01-web", "d02-db"]),
        ({"servers": None, "server_filters": {"name": "*"}}, ["db", "web"], ["d02-db", "d01-web"]),
        ({"servers": None, "server_filters": {"name": "x*"}}, [], []),
        ({"servers": []}, [], []),
        ({"servers": [GONE]}, ["old"], ["d03-old"]),
        ({"servers": ["old"]}, ["old"], ["d03-old"]),
        ({"servers": [OTHER]}, [None], []),
        ({"servers": ["old", "web"]}, ["old", "web"], ["d03-old", "d01-web"]),
    ],
)
def test_servers_are_chosen_by_name_id_and_filter(
    options: dict[str, t.Any], servers: list[str | None], deleted: list[str]
) -> None:
    rows = [at(9), at(1), at(9, "db"), at(2, "db"), at(9, "old", resource_id=GONE), at(3, "old", resource_id=GONE)]
    todo = plan(rows, **options)
    assert [shown["name"] for shown in todo.result["servers"]] == servers
    assert removed(todo) == deleted


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("nobody", "servers: no such server: 'nobody'"),
        ("twin", "ambiguous.* t1, t2"),
        ("old", f"ambiguous.* {GONE}, {OTHER}"),
        ("web-before", "no such server"),
    ],
)
def test_a_name_of_no_server_or_of_two_is_refused(key: str, words: str) -> None:
    rows = [at(1, "old", resource_id=GONE), at(2, "old", resource_id=OTHER), at(3, "web-before", resource_id="id-web")]
    cloud = Cloud([server("web"), server("twin", "t1"), server("twin", "t2")], backups=rows)
    with pytest.raises(InvalidInput, match=words):
        plan([], cloud, servers=[key, "web"])


def test_an_existing_server_goes_before_a_former_one_of_the_same_name() -> None:
    rows = [at(9), at(1), at(9, "web", id="x", resource_id=GONE), at(1, "web", id="y", resource_id=GONE)]
    assert removed(plan(rows, servers=["web"])) == ["d01-web"]


@pytest.mark.parametrize(
    ("servers", "query"),
    [(["web"], {"resource_id": "id-web"}), ([GONE], {"resource_id": GONE}), (["web", "db"], {}), ([], None)],
)
def test_one_list_is_enough_for_all_backups(servers: list[str], query: dict[str, str] | None) -> None:
    cloud = Cloud([server("web"), server("db")])
    plan([], cloud, servers=servers)
    assert cloud.asked == [("servers", None), *([] if query is None else [("backups", query)])]


def test_servers_have_their_present_names_and_former_servers_those_in_their_backups() -> None:
    rows = [at(9, info={"resource_name": "web-old"}), at(1, info={"resource_name": "web-old"})]
    rows += [at(8, "gone", resource_id=GONE), at(2, "gone", resource_id=GONE)]
    rows += [at(7, info={"resource_name": "web-old", "os_images_data": [{"image_id": "i"}]}), at(6, status="restoring")]
    todo = plan(rows, servers=["web", GONE])
    shown = {
        outcome: [shown["server"]["name"] for shown in todo.result[outcome]] for outcome in ("kept", "removed", "busy")
    }
    assert shown == {"kept": ["web", "web", "gone"], "removed": ["web", "gone"], "busy": ["web"]}
    assert todo.before == {"backups": [{"name": "d01", "server": "web"}, {"name": "d02", "server": "gone"}]}


# ========== Name and tags ==========
A1, A2 = [{"key": "a", "value": "1"}], [{"key": "a", "value": "2"}]


def named(name: str, day: int, **fields: t.Any) -> dict[str, t.Any]:
    return {**at(day, **fields), "name": name}


@pytest.mark.parametrize(
    ("name", "deleted"),
    [
        ("patch-*", ["d03-web", "d01-web"]),
        ("patch-?", ["d03-web", "d01-web"]),
        ("patch-[12]", ["d03-web"]),
        ("PATCH-*", []),
        ("patch", []),
        ("*atch-1", []),
        ("*", ["d05-web", "d04-web", "d03-web", "d02-web", "d01-web"]),
        ("nothing-*", []),
    ],
)
def test_other_names_are_neither_deleted_nor_counted(name: str, deleted: list[str]) -> None:
    rows = [
        named("golden", 6),
        named("patch-2", 5),
        named("golden", 4),
        named("patch-1", 3),
        named("Patch-3", 2),
        named("patch-3", 1),
    ]
    todo = plan(rows, name=name)
    assert removed(todo) == deleted
    decisions = [shown["name"] for outcome in ("kept", "removed", "busy") for shown in todo.result[outcome]]
    assert len(decisions) in (0, len(deleted) + 1)


@pytest.mark.parametrize(
    ("tags", "deleted"),
    [
        ({"a": 1}, ["d04-web"]),
        ({"a": None}, ["d05-web", "d04-web"]),
        ({"a": ""}, []),
        ({"a": "1", "b": None}, []),
        ({"b": None}, []),
    ],
)
def test_only_backups_with_all_tags_take_part(tags: dict[str, t.Any], deleted: list[str]) -> None:
    rows = [at(7), at(6, tags=A1), at(5, tags=A2), at(4, tags=A1), at(3)]
    todo = plan(rows, tags=tags)
    assert removed(todo) == deleted
    assert len(todo.result["kept"]) == min(len(deleted), 1)
    assert todo.result["servers"] == [{"id": "id-web", "name": "web"}]


def test_name_and_tags_apply_together_and_to_failed_and_busy_backups_too() -> None:
    rows = [named("x", 9, tags=A1), named("x", 8, tags=A1), named("x", 7), named("y", 6, tags=A1)]
    rows += [named("x", 5, tags=A1, status="error"), named("x", 4, status="error")]
    rows += [named("x", 3, tags=A1, status="restoring"), named("y", 2, status="restoring")]
    todo = plan(rows, name="x", tags={"a": 1})
    assert (removed(todo), [shown["id"] for shown in todo.result["busy"]]) == (["d08-web", "d05-web"], ["item-d03-web"])


def test_tags_are_read_only_for_backups_whose_name_matches() -> None:
    cloud = forgetful()
    plan([], cloud, name="d01", tags={"keep": None})
    assert cloud.read == 1
    cloud.asked.clear()
    assert plan([], cloud, name="other").calls == () and cloud.read == 1


# ========== Tags that lists leave out ==========
class Forgetful(Cloud):
    """A cloud whose lists have no tags, and whose tag query leaves out some backups or fails."""

    hidden = frozenset({"item-d01-web"})
    trouble: CloudError | None = None
    read = 0

    def backups(self, **query: t.Any) -> Rows:
        return [{**row, "tags": None} for row in super().backups(**query)]

    def find_tagged(self, resource_type: str, query: dict[str, t.Any]) -> Rows:
        if self.trouble:
            raise self.trouble
        return [row for row in super().find_tagged(resource_type, query) if row["resource_id"] not in self.hidden]

    def tags_of(self, resource_type: str, resource_id: str) -> Rows:
        self.read += 1
        return super().tags_of(resource_type, resource_id)


def forgetful() -> Forgetful:
    keep = [{"key": "keep", "value": "1"}]
    return Forgetful([server("web")], backups=[at(9), at(1, tags=keep), at(2, tags=keep), at(3)])


def test_the_tags_of_a_backup_that_the_tag_query_leaves_out_are_read_by_themselves() -> None:
    cloud = forgetful()
    todo = plan([], cloud, keep_last=1, keep_tags={"keep": "1"})
    assert removed(todo) == ["d03-web"] and cloud.read == 1
    assert {shown["name"]: shown["reasons"] for shown in todo.result["kept"]} == {
        "d09": ["last"],
        "d02": ["tag"],
        "d01": ["tag"],
    }


def test_a_tag_query_that_fails_fails_the_task() -> None:
    cloud = forgetful()
    cloud.trouble = CloudError("look up", "out of order", "CSBS.9999", 500)
    with pytest.raises(CloudError):
        plan([], cloud, keep_last=1, keep_tags={"keep": "1"})


def test_a_backup_that_disappears_while_tags_are_read_is_no_failure() -> None:
    class Vanishing(Forgetful):
        def tags_of(self, resource_type: str, resource_id: str) -> Rows:
            raise NotFound("read tags", "gone", "CSBS.3001", 404)

    cloud = Vanishing([server("web")], backups=[at(9), at(1)])
    assert removed(plan([], cloud)) == ["d01-web"]


@pytest.mark.parametrize(
    ("tags", "wanted", "outcome"),
    [
        ({"a": "1"}, {"a": 1}, "kept"),
        ({"a": "true"}, {"a": True}, "kept"),
        ({"a": "2"}, {"a": None}, "kept"),
        ({"a": "2"}, {"a": ""}, "removed"),
        ({"a": ""}, {"a": ""}, "kept"),
        ({"a": "1"}, {"a": "1", "b": "1"}, "removed"),
        ({"a": "1"}, {}, "removed"),
    ],
)
def test_a_tag_keeps_a_backup_by_its_value_or_by_any_value(
    tags: dict[str, str], wanted: dict[str, t.Any], outcome: str
) -> None:
    row = at(1, tags=[{"key": key, "value": value} for key, value in tags.items()])
    assert ("d01-web" in removed(plan([at(9), row], keep_last=1, keep_tags=wanted))) is (outcome == "removed")
