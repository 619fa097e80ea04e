# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_restore: which backup is meant, what stops the plan, and how restores in progress and failed ones are known."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import CloudError, InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.restore import has_changed, is_under_way
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.restore import (
    parse_options as parse_restore_options,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.restore import (
    plan as plan_restore,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.plan import Plan
from tests.support.fakes import Cloud, backup, server

DEFAULTS: dict[str, t.Any] = {
    "backup": None,
    "server": None,
    "before": None,
    "target_server": None,
    "volumes": None,
    "power_on": True,
    "wait": True,
    "poll_interval": 10,
}
PART = {
    "id": "part",
    "source_volume_id": "vol-web",
    "source_volume_name": "web-disk",
    "source_volume_size": 20,
    "bootable": True,
}
Row = dict[str, t.Any]


def good(name: str, server_name: str = "web", status: str = "available", **fields: t.Any) -> Row:
    return backup(name, server_name, status, info={"volume_backups": [PART]}, **fields)


class Restoring(Cloud):
    """A cloud whose servers each have one disk, and that says what the test wants of restores."""

    def __init__(self, rows: list[Row], verdict: Row | None = None) -> None:
        super().__init__(
            [server("web"), server("db"), server("off", status="ERROR"), server("twin", "t1"), server("twin", "t2")],
            backups=rows,
        )
        self.verdict = {"result": True, "error_code": "", "error_msg": "never mind", **(verdict or {})}

    def backups(self, **query: t.Any) -> list[Row]:
        of_server = query.pop("resource_name", None)
        return [row for row in super().backups(**query) if of_server in (None, row["extend_info"]["resource_name"])]

    def server_disks(self, server_id: str) -> list[Row]:
        name = server_id.removeprefix("id-")
        return [
            {
                "id": f"vol-{name}",
                "name": f"{name}-disk",
                "size_gb": 20,
                "bootable": True,
                "shared": False,
                "device": "/dev/vda",
            }
        ]

    def restorable(self, backup_id: str, server_id: str, volumes: list[Row]) -> Row:
        self.asked.append(("restorable", (backup_id, server_id, volumes)))
        return self.verdict


def plan(rows: list[Row], verdict: Row | None = None, **options: t.Any) -> Plan:
    return plan_restore(parse_restore_options({**DEFAULTS, **options}), Restoring(rows, verdict))


def test_the_plan_is_one_call_with_every_disk() -> None:
    todo = plan([good("b")], backup="b", power_on=False)
    assert [(call.service, call.method, call.arguments) for call in todo.calls] == [
        (
            "restores",
            "create",
            {
                "operation": "restore backup 'b' of server 'web' (item-b-web) to server 'web' (id-web)",
                "checkpoint_id": "rec-b-web",
                "parameters": {
                    "checkpoint_item_id": "item-b-web",
                    "power_on": False,
                    "targets": {"server_id": "id-web", "volumes": [{"backup_id": "part", "volume_id": "vol-web"}]},
                },
            },
        )
    ]
    assert todo.calls[0].undo is None and todo.calls[0].find_effect is not None, "neither taken back nor sent twice"
    assert todo.before != todo.after and "item-b-web" not in str((todo.before, todo.after))


ROWS = [
    good("old", protected_at="2026-06-01T00:00:00.000000"),
    good("late", protected_at="2026-06-03T00:00:00.000000", created_at="2026-05-01T00:00:00.000000"),
    good("running", status="protecting", protected_at="2026-06-04T00:00:00.000000"),
    good("broken", status="error", protected_at="2026-06-05T00:00:00.000000"),
    good("undated", created_at=None),
    good("same", "db"),
    good("same", "gone"),
    {**good("renamed", "old-db"), "resource_id": "id-db"},
    {**good("x", "lost"), "resource_id": "id-l1"},
    {**good("x", "lost", "error"), "resource_id": "id-l2"},
]


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({"server": "web"}, "item-late-web"),
        ({"server": "id-web", "before": "2026-06-03"}, "item-late-web"),
        ({"server": "web", "before": "2026-06-02T23:59:59"}, "item-old-web"),
        ({"server": "web", "before": "2026-06-03T01:00:00+02:00"}, "item-old-web"),
        ({"server": {"id": "id-web"}}, "item-late-web"),
        ({"backup": "old"}, "item-old-web"),
        ({"backup": "same", "server": "db"}, "item-same-db"),
        ({"backup": "same", "server": "gone", "target_server": "web"}, "item-same-gone"),
        ({"server": "gone", "target_server": "db"}, "item-same-gone"),
    ],
)
def test_the_backup_that_is_meant_is_chosen(options: Row, chosen: str) -> None:
    assert plan(ROWS, **options).result["backup"]["id"] == chosen


def test_a_backup_that_is_being_restored_counts_as_the_newest_and_no_older_one_is_taken_in_its_stead() -> None:
    rows = [ROWS[0], good("late", status="restoring", protected_at="2026-06-03T00:00:00.000000")]
    assert plan(rows, server="web").result["backup"]["name"] == "late"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"server": "web", "before": "2026-05-31"},
            "no good backup of 2026-05-31.*its oldest good backup is of 2026-06-01",
        ),
        ({"server": "twin"}, "'twin' is ambiguous.* t1, t2"),
        ({"server": "nobody"}, "no such server"),
        ({"backup": "same"}, "'same' is ambiguous.*item-same-db, item-same-gone"),
        ({"backup": "same", "server": "web"}, "no such backup of server 'web'"),
        ({"backup": "sam"}, "no such backup: 'sam'"),
        ({"backup": "broken"}, "is error; only an available backup"),
        ({"backup": "running"}, "is protecting; only an available backup"),
        ({"server": "gone"}, "target_server is needed.*item-same-gone"),
        ({"server": "old-db"}, "no server is named 'old-db' now.*is now 'db' \\(id-db\\).*Write its ID"),
        (
            {"server": "lost"},
            "2 former servers had that name: id-l1 .1 good backup, the newest is 'x' of 2026-07-01T06:00:00Z.; id-l2"
            " .no good",
        ),
        ({"server": "web", "target_server": "nobody"}, "target_server: no such server: 'nobody'"),
        ({"server": "web", "target_server": "twin"}, "ambiguous.* t1, t2"),
        ({"server": "web", "target_server": "off"}, "'off' \\(id-off\\) is in state ERROR"),
    ],
)
def test_what_is_not_certain_is_refused(options: Row, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        plan(ROWS, **options)


def test_a_refusal_that_passes_is_left_to_the_executor() -> None:
    assert plan([good("b")], {"result": False, "error_code": "CSBS.6015"}, backup="b").changed


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (
            {"error_code": "CSBS.6019", "error_msg": "Type differs."},
            "different types \\(CSBS.6019\\).*Type differs.*What to do: choose a target",
        ),
        ({"error_code": "", "error_msg": "no"}, "own check refuses it \\(no\\)"),
        ({"error_code": None, "error_msg": None}, "own check refuses it \\(without a reason\\)"),
    ],
)
def test_a_final_refusal_is_explained(verdict: Row, words: str) -> None:
    with pytest.raises(CloudError, match=words) as refusal:
        plan([good("b")], {"result": False, **verdict}, backup="b")
    assert refusal.value.operation.startswith("restore backup 'b'")
    assert refusal.value.error_code == (verdict["error_code"] or None)


def told(status: str = "available", updated_at: str = "1", op: str = "", reason: str = "", code: t.Any = None) -> Row:
    return {
        "status": status,
        "updated_at": updated_at,
        "extend_info": {"fail_op": op, "fail_reason": reason, "fail_code": code or {}},
    }


@pytest.mark.parametrize(
    ("now", "changed", "under_way"),
    [
        (told(), False, False),
        (told(updated_at="2"), True, False),
        (told("restoring"), False, True),
        (told("waiting_restore", "2"), True, True),
        (told(op="restore", reason="x"), True, True),
        (told(code={"Code": 1}), True, True),
    ],
)
def test_a_time_that_moved_is_a_change_but_no_sign_of_a_restore(now: Row, changed: bool, under_way: bool) -> None:
    assert (has_changed(told(), now), is_under_way(told(), now)) == (changed, under_way)


def former(name: str, server_id: str = "id-former", server_name: str = "web", **fields: t.Any) -> Row:
    """A backup of a server that no longer exists, and had the name of one that does."""
    return {**good(name, server_name, **fields), "id": f"item-{name}-{server_id}", "resource_id": server_id}


FORMER = [
    former("a", protected_at="2026-06-01T00:00:00.000000"),
    former("b", protected_at="2026-06-03T00:00:00.000000"),
    former("broken", status="error", protected_at="2026-06-09T00:00:00.000000"),
]


@pytest.mark.parametrize(
    ("more", "options", "said"),
    [
        (
            [],
            {"server": "web"},
            "server 'web' (id-web) has no good backup. A former server of that name has such backups: id-former (2 good"
            " backups, the newest is"
            " 'b' of 2026-06-03T00:00:00Z). What to do to restore from there: write server: id-former, target_server:"
            " web",
        ),
        ([], {"server": "id-web", "target_server": "db"}, "write server: id-former, target_server: db"),
        ([good("w", status="error")], {"server": "web"}, "id-former (2 good backups"),
        (
            [good("w", protected_at="2026-06-05T00:00:00.000000")],
            {"server": "web", "before": "2026-06-02"},
            "its oldest good backup is of 2026-06-05T00:00:00Z. A former server of that name has such backups:"
            " id-former (1 good backup, the"
            " newest is 'a' of 2026-06-01T00:00:00Z). What to do to restore from there: write server: id-former,"
            " target_server: web, with the"
            " same before",
        ),
        (
            [former("c", "id-other", protected_at="2026-06-04T00:00:00.000000")],
            {"server": "web"},
            "Former servers of that name have such backups: id-former (2 good backups, the newest is 'b' of"
            " 2026-06-03T00:00:00Z); id-other (1"
            " good backup, the newest is 'c' of 2026-06-04T00:00:00Z). What to do to restore from there: write server:"
            " id-other",
        ),
        (
            [],
            {"backup": "a", "server": "web"},
            "no such backup of server 'web': 'a'. A former server of that name has such backups: id-former (1 good"
            " backup, the newest is 'a' of"
            " 2026-06-01T00:00:00Z). What to do to restore from there: write backup: a, server: id-former,"
            " target_server: web",
        ),
        (
            [good("a", status="error")],
            {"backup": "a", "server": "web"},
            "only an available backup can be restored. A former server of that name",
        ),
    ],
)
def test_a_former_server_of_the_name_that_has_what_is_missing_is_named(
    more: list[Row], options: Row, said: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        plan([*FORMER, *more], **options)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (FORMER, {"server": "web", "before": "2026-05-01"}),
        (FORMER, {"backup": "c", "server": "web"}),
        (FORMER, {"server": "db"}),
        ([former("a", server_name="web-2")], {"server": "web"}),
        ([former("a", "id-db")], {"server": "web"}),
        ([FORMER[2]], {"server": "web"}),
    ],
    ids=["too-new", "another-name", "another-server", "part-of-its-name", "renamed", "failed"],
)
def test_what_a_former_server_has_and_is_not_wanted_is_not_told(rows: list[Row], options: Row) -> None:
    with pytest.raises(InvalidInput) as refusal:
        plan(rows, **options)
    assert "ormer" not in str(refusal.value)


def test_a_hint_that_cannot_be_read_does_not_hide_the_refusal() -> None:
    class Troubled(Restoring):
        def backups(self, **query: t.Any) -> list[Row]:
            if "resource_name" in query:
                raise CloudError("list backups", "the service failed.")
            return super().backups(**query)

    with pytest.raises(InvalidInput, match="has no good backup$"):
        plan_restore(parse_restore_options({**DEFAULTS, "server": "web"}), Troubled(FORMER))


def test_names_are_those_that_servers_have_now() -> None:
    todo = plan([{**good("b", "label"), "resource_id": "id-web"}], backup="b")
    assert todo.result["backup"]["server"] == {"id": "id-web", "name": "web"} and "'label'" not in str(
        (todo.before, todo.after, todo.calls)
    )
    gone = plan([good("b", "gone")], backup="b", target_server="web")
    assert gone.result["backup"]["server"]["name"] == "gone" and "of server 'gone'" in str(gone.after)
