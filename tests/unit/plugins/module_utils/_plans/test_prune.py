# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_backup_prune: what takes part, which servers are meant, and which calls the plan makes."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.backup import backup_result
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    InvalidInput,
    NotFound,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup_prune import (
    parse_options as parse_backup_prune_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup_prune import (
    plan as plan_backup_prune,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from tests.support.fakes import Cloud, backup, server

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
Rows = list[dict[str, t.Any]]


def at(day: int, server_name: str = "web", status: str = "available", **fields: t.Any) -> dict[str, t.Any]:
    """A backup of June, named for its day; the cloud's clock stands at noon of 1 July."""
    return backup(f"d{day:02d}", server_name, status, created_at=f"2026-06-{day:02d}T06:00:00.000000", **fields)


def plan(rows: Rows, cloud: t.Any = None, **options: t.Any) -> Plan:
    options = {
        "servers": ["web"],
        **({"keep_last": 1} if not any(key.startswith("keep_") for key in options) else {}),
        **options,
    }
    cloud = cloud or Cloud([server("web"), server("db")], backups=rows)
    return plan_backup_prune(parse_backup_prune_options({**DEFAULTS, **options}), cloud)


def going(todo: Plan) -> list[str]:
    assert all(call.method == "delete_backup" and call.missing_ok for call in todo.calls)
    names = [call.arguments["item"].removeprefix("item-") for call in todo.calls]
    assert [one["id"].removeprefix("item-") for one in todo.result["removed"]] == names
    return names


def revised(todo: Plan) -> dict[str, str]:
    return {one["name"]: outcome for outcome in ("kept", "removed", "busy") for one in todo.result[outcome]}


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
        ({"status": "error", "tags": [{"key": "a", "value": "1"}]}, {"keep_last": 1, "keep_tags": {"a": 1}}, "kept"),
        ({"status": "restoring"}, {}, "busy"),
        ({"status": "waiting_restore"}, {}, "busy"),
        ({"status": "restoring"}, {"keep_last": 2}, "kept"),
        ({"status": "restoring", "info": {"os_images_data": [{"image_id": "i"}]}}, {}, "kept"),
        *(
            ({"status": status}, {}, None)
            for status in ("waiting_protect", "protecting", "waiting_delete", "deleting", "deleted", "new-state")
        ),
        # Good, but nobody knows how old it is.
        ({"created_at": None}, {}, None),
        ({"created_at": "soon"}, {}, None),
    ],
)
def test_what_becomes_of_an_old_backup(row: dict[str, t.Any], options: dict[str, t.Any], outcome: str | None) -> None:
    todo = plan(
        [
            at(9),
            {
                **at(1),
                **at(1, **{key: value for key, value in row.items() if key in ("info", "status", "tags")}),
                **{key: value for key, value in row.items() if key in ("extend_info", "created_at")},
            },
        ],
        **options,
    )
    assert revised(todo).get("d01") == outcome
    assert len(todo.calls) == (1 if outcome == "removed" else 0)


@pytest.mark.parametrize(
    ("status", "first"), [("error", "d05"), ("protecting", "d05"), ("deleting", "d05"), ("restoring", "d09")]
)
def test_what_is_not_good_displaces_nothing(status: str, first: str) -> None:
    todo = plan([at(9, status=status), at(5), at(4)])
    assert [one["name"] for one in todo.result["kept"]] == [first]


def test_the_recovery_point_counts_and_not_when_the_row_was_made() -> None:
    todo = plan([at(9, protected_at="2026-06-02T00:00:00"), at(5)])
    assert going(todo) == ["d09-web"]


def test_a_row_that_a_moving_page_shows_twice_counts_once() -> None:
    assert going(plan([at(9), at(9), at(5)], keep_last=2)) == []


def test_of_one_moment_the_id_decides_whatever_the_order_of_the_list() -> None:
    twins = [at(9, id="item-b"), at(9, id="item-a")]
    assert going(plan(twins)) == going(plan(twins[::-1])) == ["b"]


def test_each_backup_of_a_policy_run_goes_for_itself_and_others_stay() -> None:
    rows = [at(9), *(at(1, name, checkpoint_id="shared") for name in ("web", "db"))]
    assert [call.arguments for call in plan(rows).calls] == [{"checkpoint": "shared", "item": "item-d01-web"}]


def test_the_plan_is_told_by_names_and_carried_out_five_at_a_time() -> None:
    todo = plan([at(9), at(1)])
    assert (todo.before, todo.after) == ({"backups": [{"name": "d01", "server": "web"}]}, {"backups": []})
    assert todo.workers == 5
    assert todo.result["kept"] == [{**backup_result(at(9)), "reasons": ["last"]}]
    assert todo.result["servers"] == [{"id": "id-web", "name": "web"}]


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
def test_which_servers_are_meant(options: dict[str, t.Any], servers: list[str | None], deleted: list[str]) -> None:
    rows = [at(9), at(1), at(9, "db"), at(2, "db"), at(9, "old", resource_id=GONE), at(3, "old", resource_id=GONE)]
    todo = plan(rows, **options)
    assert [one["name"] for one in todo.result["servers"]] == servers
    assert going(todo) == deleted


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("nobody", "servers: no such server: 'nobody'"),
        ("twin", "ambiguous.* t1, t2"),
        ("old", f"ambiguous.* {GONE}, {OTHER}"),
        ("web-before", "no such server"),
    ],
)
def test_a_name_that_fits_nothing_or_two_is_refused_and_not_guessed(key: str, words: str) -> None:
    rows = [at(1, "old", resource_id=GONE), at(2, "old", resource_id=OTHER), at(3, "web-before", resource_id="id-web")]
    cloud = Cloud([server("web"), server("twin", "t1"), server("twin", "t2")], backups=rows)
    with pytest.raises(InvalidInput, match=words):
        plan([], cloud, servers=[key, "web"])


def test_a_server_that_exists_is_meant_before_one_that_had_its_name() -> None:
    rows = [at(9), at(1), at(9, "web", id="x", resource_id=GONE), at(1, "web", id="y", resource_id=GONE)]
    assert going(plan(rows, servers=["web"])) == ["d01-web"]


@pytest.mark.parametrize(
    ("servers", "query"),
    [(["web"], {"resource_id": "id-web"}), ([GONE], {"resource_id": GONE}), (["web", "db"], {}), ([], None)],
)
def test_one_list_tells_of_all_backups(servers: list[str], query: dict[str, str] | None) -> None:
    cloud = Cloud([server("web"), server("db")])
    plan([], cloud, servers=servers)
    assert cloud.asked == [("servers", None), *([] if query is None else [("backups", query)])]


# ========== Which backups are judged ==========
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
def test_a_name_chooses_whole_names_with_case_and_others_neither_go_nor_count(name: str, deleted: list[str]) -> None:
    rows = [
        named("golden", 6),
        named("patch-2", 5),
        named("golden", 4),
        named("patch-1", 3),
        named("Patch-3", 2),
        named("patch-3", 1),
    ]
    todo = plan(rows, name=name)
    assert going(todo) == deleted
    decisions = [one["name"] for outcome in ("kept", "removed", "busy") for one in todo.result[outcome]]
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
def test_tags_choose_backups_that_have_all_of_them(tags: dict[str, t.Any], deleted: list[str]) -> None:
    rows = [at(7), at(6, tags=A1), at(5, tags=A2), at(4, tags=A1), at(3)]
    todo = plan(rows, tags=tags)
    assert going(todo) == deleted
    assert len(todo.result["kept"]) == min(len(deleted), 1)
    assert todo.result["servers"] == [{"id": "id-web", "name": "web"}]


def test_name_and_tags_choose_together_and_failed_and_busy_ones_as_well() -> None:
    rows = [named("x", 9, tags=A1), named("x", 8, tags=A1), named("x", 7), named("y", 6, tags=A1)]
    rows += [named("x", 5, tags=A1, status="error"), named("x", 4, status="error")]
    rows += [named("x", 3, tags=A1, status="restoring"), named("y", 2, status="restoring")]
    todo = plan(rows, name="x", tags={"a": 1})
    assert (going(todo), [one["id"] for one in todo.result["busy"]]) == (["d08-web", "d05-web"], ["item-d03-web"])


def test_only_backups_whose_name_fits_are_asked_for_their_tags() -> None:
    cloud = forgetful()
    plan([], cloud, name="d01", tags={"keep": None})
    assert cloud.read == 1
    cloud.asked.clear()
    assert plan([], cloud, name="other").calls == () and cloud.read == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": ""}, "name: '' is empty.*leave name out"),
        ({"name": " \t"}, "name: ' .*is empty"),
        ({"tags": {}}, "tags: {} names no tag"),
        ({"tags": {"no space": "x"}}, "tags: 'no space' is not a valid tag key"),
        ({"tags": {"a": "b c"}}, "tags: 'b c' is not a valid value"),
        ({"tags": {f"k{number}": None for number in range(11)}}, "tags: 11 tags given"),
        ({"older_than": "7d", "keep_last": 0}, "older_than: no rule beside it.*keep_last"),
        ({"older_than": "7d", "keep_last": None}, "older_than: no rule beside it"),
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
def test_options_that_could_delete_more_than_was_meant_are_refused(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        parse_backup_prune_options({**DEFAULTS, "servers": ["web"], "keep_last": 1, **options})


# ========== What is young ==========
@pytest.mark.parametrize(
    ("options", "deleted", "young"),
    [
        # Noon of 1 July: the 24th is 7 days and 6 hours old.
        ({"older_than": "7d"}, ["d24-web", "d01-web"], ["d29", "d25"]),
        ({"older_than": "8d"}, ["d01-web"], ["d29", "d25", "d24"]),
        ({"older_than": "100d"}, [], ["d29", "d25", "d24", "d01"]),
        # Young ones count: the last three are young but for one.
        ({"older_than": "7d", "keep_last": 3}, ["d01-web"], ["d29", "d25"]),
        (
            {"older_than": str(26 * 3600 * 24), "keep_tags": {"a": 1}, "keep_last": None},
            ["d01-web"],
            ["d29", "d25", "d24"],
        ),
    ],
)
def test_what_is_younger_now_stays_and_counts_for_the_other_rules(
    options: dict[str, t.Any], deleted: list[str], young: list[str]
) -> None:
    rows = [at(29), at(25), at(24), at(1)]
    todo = plan(rows, **{"keep_last": 1, **options})
    assert going(todo) == deleted
    assert [one["name"] for one in todo.result["kept"] if "young" in one["reasons"]] == young


def test_young_comes_before_tag_and_image_and_after_within() -> None:
    row = at(29, tags=A1, info={"os_images_data": [{"image_id": "i"}]})
    todo = plan([row], older_than="7d", keep_last=1, keep_hourly=1, keep_within="1d", keep_tags={"a": 1})
    assert todo.result["kept"][0]["reasons"] == ["last", "hourly", "within", "young", "tag", "image"]


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ({"status": "error"}, "removed"),
        ({"status": "error", "created_at": "2026-06-30T00:00:00"}, "kept"),
        # Nobody knows whether it is older.
        ({"status": "error", "created_at": None}, None),
        ({"status": "restoring"}, "busy"),
        ({"status": "restoring", "created_at": "2026-06-30T00:00:00"}, "kept"),
    ],
)
def test_failed_and_busy_backups_can_be_young(row: dict[str, t.Any], outcome: str | None) -> None:
    assert revised(plan([at(29), {**at(1), **row}], keep_last=1, older_than="7d")).get("d01") == outcome


def test_tags_and_age_alone_never_take_all_good_backups_of_a_server() -> None:
    with pytest.raises(InvalidInput, match="keep_tags: .*'web'"):
        plan([at(1)], older_than="7d", keep_tags={"a": "1"})
    assert going(plan([at(29), at(1)], older_than="7d", keep_tags={"a": "1"})) == ["d01-web"]


def test_durations_do_not_count_from_a_backup_of_the_future() -> None:
    future = {**at(9), "created_at": "2026-07-09T06:00:00"}
    assert going(plan([future, at(29), at(28), at(1)], keep_within="3d")) == ["d01-web"]


# ========== Names of servers ==========
def test_servers_have_the_names_that_they_have_now_and_former_ones_those_of_their_backups() -> None:
    rows = [at(9, info={"resource_name": "web-old"}), at(1, info={"resource_name": "web-old"})]
    rows += [at(8, "gone", resource_id=GONE), at(2, "gone", resource_id=GONE)]
    rows += [at(7, info={"resource_name": "web-old", "os_images_data": [{"image_id": "i"}]}), at(6, status="restoring")]
    todo = plan(rows, servers=["web", GONE])
    shown = {
        outcome: [one["server"]["name"] for one in todo.result[outcome]] for outcome in ("kept", "removed", "busy")
    }
    assert shown == {"kept": ["web", "web", "gone"], "removed": ["web", "gone"], "busy": ["web"]}
    assert todo.before == {"backups": [{"name": "d01", "server": "web"}, {"name": "d02", "server": "gone"}]}


# ========== Tags ==========
class Forgetful(Cloud):
    """A cloud whose lists leave out the tags, and whose tag query leaves out some backups, or is refused."""

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


def test_a_backup_that_the_tag_query_leaves_out_is_asked_itself_before_it_goes() -> None:
    cloud = forgetful()
    todo = plan([], cloud, keep_last=1, keep_tags={"keep": "1"})
    assert going(todo) == ["d03-web"] and cloud.read == 1
    assert {one["name"]: one["reasons"] for one in todo.result["kept"]} == {
        "d09": ["last"],
        "d02": ["tag"],
        "d01": ["tag"],
    }


def test_a_tag_query_that_fails_removes_nothing() -> None:
    cloud = forgetful()
    cloud.trouble = CloudError("look up", "out of order", "CSBS.9999", 500)
    with pytest.raises(CloudError):
        plan([], cloud, keep_last=1, keep_tags={"keep": "1"})


def test_a_backup_that_went_while_tags_were_read_is_no_failure() -> None:
    class Vanishing(Forgetful):
        def tags_of(self, resource_type: str, resource_id: str) -> Rows:
            raise NotFound("read tags", "gone", "CSBS.3001", 404)

    cloud = Vanishing([server("web")], backups=[at(9), at(1)])
    assert going(plan([], cloud)) == ["d01-web"]


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
def test_tags_keep_as_the_options_say(tags: dict[str, str], wanted: dict[str, t.Any], outcome: str) -> None:
    row = at(1, tags=[{"key": key, "value": value} for key, value in tags.items()])
    assert revised(plan([at(9), row], keep_last=1, keep_tags=wanted))["d01"] == outcome


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        ([at(1)], True),
        ([at(1, status="restoring")], True),
        ([at(1), at(2, tags=[{"key": "a", "value": "1"}])], False),
        ([at(1), at(2, info={"os_images_data": [{"image_id": "i"}]})], False),
        ([at(1, status="error")], False),
        ([], False),
    ],
)
def test_tags_alone_never_take_all_good_backups_of_a_server(rows: Rows, refused: bool) -> None:
    if refused:
        with pytest.raises(InvalidInput, match="keep_tags: .*'web'"):
            plan(rows, keep_tags={"a": "1"})
    else:
        plan(rows, keep_tags={"a": "1"})
    plan(rows, keep_tags={"a": "1"}, keep_last=1)
