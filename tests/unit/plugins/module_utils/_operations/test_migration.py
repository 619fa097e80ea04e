# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of csbs_migration, and what it reads; tests/cloud/test_migration.py runs it over HTTP."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.cbr_rows import common_tags
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput, Unsettled
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import migration_info
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.migration import parse_options, plan
from tests.support.fakes import Cloud, backup, policy, server

Row = dict[str, t.Any]
PARAMS: dict[str, t.Any] = {
    "policy": "nightly",
    "state": "moved",
    "servers": None,
    "target_name": None,
    "retention": None,
    "vault": None,
    "max_age": "24h",
    "first_backup": True,
    "concurrency": 5,
    "wait": True,
    "poll_interval": 10,
}


def test_options_in_normal_form() -> None:
    options = parse_options({**PARAMS, "servers": [{"id": "x"}], "retention": {"days": 7}, "vault": {"size_factor": 3}})
    assert options.servers == ["x"] and options.max_age == timedelta(days=1) and options.vault.size_factor == 3
    assert options.retention is not None and options.retention["days"] == 7
    assert parse_options(PARAMS).retention is None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 11}, "concurrency"),
        ({"target_name": "a b"}, "target_name"),
        ({"target_name": "x" * 65}, "target_name"),
        ({"retention": {"days": 7, "max_backups": 2}}, "retention.days"),
        ({"retention": {"max_backups": 0}}, "retention.max_backups"),
        ({"max_age": "soon"}, "max_age"),
        ({"policy": " "}, "policy"),
        ({"vault": {"size_factor": 0.5}}, "vault.size_factor"),
    ],
)
def test_wrong_options_are_refused_with_the_rule(wrong: dict[str, t.Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        parse_options({**PARAMS, **wrong})


# ========== The same as csbs_migration_info ==========
class Both(Cloud):
    """Both services as data: CBR, and CSBS beside it."""

    def __init__(self, servers: t.Iterable[Row], csbs: t.Iterable[Row], cbr: t.Iterable[Row], backups: list[Row]):
        super().__init__(servers, cbr)
        self.csbs = Cloud(servers, csbs, backups)

    def vaults_with_tags(self) -> list[Row]:
        return [vault for row in self.all_policies for vault in row["vaults"]]

    def with_sizes(self, servers: t.Iterable[Row]) -> list[Row]:
        return list(servers)


def key(kind: int, number: int) -> str:
    return f"{kind}{number:07d}-0000-4000-8000-000000000000"


#: What policies may be called: as they are, shortened alike, and like an ID
NAMES = ("a", "b c", "b-c", "n" * 64 + "-1", "n" * 64 + "-2", key(9, 9))
NAMES_IN_CBR = ("a", "b-c", "n" * 64, "own", "own")
DEFINITIONS: tuple[Row, ...] = (
    {"retention_duration_days": 14},
    {},
    {"retention_duration_days": 14, "max_backups": 3},
    {"max_backups": 0},
    {
        "max_backups": 3,
        "day_backups": 2,
        "week_backups": 0,
        "month_backups": 0,
        "year_backups": 0,
        "timezone": "UTC+01:00",
    },
    {"permanent": True},
)
PATTERNS = (
    "FREQ=DAILY;BYHOUR=02;BYMINUTE=00",
    "FREQ=WEEKLY;BYDAY=MO;BYHOUR=3;BYMINUTE=0",
    "FREQ=MONTHLY;BYHOUR=2;BYMINUTE=0",
)
OWN_RETENTION = {"max_backups": 5}
#: Where a server is, and the largest disks of which two do not fit into a vault
WHERE = ("csbs", "vault", "marked", "marked in csbs", "marked in a vault", "nowhere", "gone")
DISKS = (20, 0, 40, 6_000_000)
VAULTS: tuple[Row | None, ...] = (None, {"size_factor": 1}, {"size_gb": 50}, {"name": "a", "auto_expand": False})


def mostly(usual: t.Any, *others: t.Any) -> st.SearchStrategy[t.Any]:
    """Return the usual value more often than all others together: one thing in the way hides what comes after it."""
    return st.sampled_from([usual] * (2 * len(others) + 1) + list(others))


@st.composite
def estates(draw: t.Callable[[t.Any], t.Any]) -> Both:
    """Return both services with policies, vaults, servers in every place, and hardly any room, or much."""
    csbs: list[Row] = [
        policy(
            name,
            id=key(1, number),
            definition=draw(mostly(*DEFINITIONS)),
            pattern=draw(mostly(*PATTERNS)),
            enabled=draw(st.booleans()),
            tags=[{"key": "team", "value": name[:3]}] if draw(st.booleans()) else [],
        )
        for number, name in enumerate(draw(st.lists(mostly(*NAMES), min_size=1, max_size=4, unique=True)))
    ]
    cbr: list[Row] = []
    for number, name in enumerate(draw(st.lists(st.sampled_from(NAMES_IN_CBR), max_size=4))):
        vaults: list[Row] = [
            {
                "id": key(3, 10 * number + place),
                "name": f"{name[:50]}-{number}-{place}",
                "description": None,
                "size_gb": draw(st.sampled_from((10, 100))),
                "allocated_gb": 0,
                "used_mb": 0,
                "status": "available",
                "members": [],
                "tags": [{"key": "team", "value": "of-vault"}],
            }
            for place in range(draw(st.integers(0, 2)))
        ]
        row = policy(
            name, id=key(2, number), definition={"retention_duration_days": 14}, pattern=[PATTERNS[0]], vaults=vaults
        )
        cbr.append(row)
    vaults = [vault for row in cbr for vault in row["vaults"]]
    servers, backups = [], []
    for number in range(draw(st.integers(0, 6))):
        server_id, name, where = key(4, number), f"srv-{number}", draw(st.sampled_from(WHERE))
        disks_gb, source = draw(mostly(*DISKS)), draw(mostly(*csbs))
        if where != "gone":
            servers.append(server(name, server_id, disks_gb=disks_gb))
        if where in ("csbs", "marked in csbs", "gone"):
            source["resources"].append({"id": server_id, "type": "OS::Nova::Server", "name": name})
        if vaults and where in ("vault", "marked in a vault"):
            place = draw(st.sampled_from(vaults))
            member = {"id": server_id, "name": name, "disks_gb": disks_gb, "backups_mb": 0, "has_backups": False}
            place["members"].append(member)
            place["size_gb"], place["allocated_gb"] = place["size_gb"] + disks_gb, place["allocated_gb"] + disks_gb
        if vaults and where.startswith("marked"):
            draw(st.sampled_from(vaults))["tags"].append({"key": server_id, "value": source["id"]})
        if draw(st.booleans()):
            backups.append(backup("old", name, resource_id=server_id))
    for row in cbr:
        members = [member for vault in row["vaults"] for member in vault["members"]]
        row["resources"] = [{"id": one["id"], "type": "", "name": one["name"]} for one in members]
        row["tags"] = common_tags(row["vaults"])
    others = 32 - len(csbs) - len(cbr) - draw(mostly(20, 0, 1, 2))
    cbr += [policy(f"other-{number}", id=key(5, number), vaults=[]) for number in range(others)]
    return Both(servers, csbs, cbr, backups)


def shown(both: Both, decision: Row, vault: Row | None, **params: t.Any) -> list[Row]:
    given = {"policies": None, "servers": None, "decisions": [decision], "vault": vault, "max_age": "24h", **params}
    options = migration_info.parse_options(given)
    return t.cast("list[Row]", migration_info.read(options, t.cast("t.Any", [both.csbs, both]))["policies"])


@given(
    estates(),
    mostly(None, "own", "a", "new"),
    st.sampled_from((None, OWN_RETENTION)),
    mostly(*VAULTS),
    st.sampled_from(("prepared", "moved")),
)
def test_a_policy_is_refused_with_the_blockers_of_its_plan_or_becomes_its_target(
    both: Both, target_name: str | None, retention: Row | None, vault: Row | None, state: str
) -> None:
    chosen = both.csbs.all_policies[0]
    decision = {"policy": chosen["id"], "target_name": target_name, "retention": retention}
    (plan_shown,) = shown(both, decision, vault, policies=[chosen["id"]])
    # With others in the same plan, nothing but the room for all of them is added.
    among_all = next(row for row in shown(both, decision, vault) if row["id"] == chosen["id"])
    added = among_all["blockers"][len(plan_shown["blockers"]) :]
    assert among_all["blockers"] == [*plan_shown["blockers"], *added]
    assert all("This plan makes" in blocker for blocker in added)

    params = {**PARAMS, **decision, "vault": vault, "state": state}
    if plan_shown["blockers"]:
        with pytest.raises(InvalidInput) as refusal:
            plan(parse_options(params), t.cast("t.Any", both))
        told = f"policy: {chosen['name']!r} cannot go over to CBR as it is. {'. '.join(plan_shown['blockers'])}"
        assert str(refusal.value) == told
        return
    todo = plan(parse_options(params), t.cast("t.Any", both))
    made, target = todo.result["policy"], plan_shown["target"]
    same = ("id", "name", "enabled", "schedule", "retention", *(("tags",) if made["vaults"] else ()))
    assert {option: made[option] for option in same} == {option: target[option] for option in same}
    assert [(one["name"], one["size_gb"]) for one in made["vaults"]] == [
        (one["name"], one["size_gb"]) for one in target["vaults"]
    ]
    if state == "moved" and not todo.result["not_moved"]:
        assert [one["server_count"] for one in made["vaults"]] == [one["server_count"] for one in target["vaults"]]
        moved = {one["id"] for one in plan_shown["servers"] if one["state"] != "cbr"}
        assert {one["id"] for one in todo.result["moved"]} == moved
    stays = [text for text in todo.result["notes"] if "stays as it is" in text]
    if any(one["state"] != "cbr" for one in plan_shown["servers"]):
        assert [loss for loss in plan_shown["losses"] if "stays as it is" in loss] == stays


def test_everything_that_stands_in_the_way_is_told_at_once() -> None:
    days = policy("night ly", definition={"retention_duration_days": 7, "max_backups": 2}, id="p-1")
    both = Both([], [days, policy("night-ly", id="p-2")], [policy(f"o{number}", vaults=[]) for number in range(30)], [])
    with pytest.raises(InvalidInput, match="'night ly' cannot go over.*too: the names.*not both.*no room for"):
        plan(parse_options({**PARAMS, "policy": "night ly"}), t.cast("t.Any", both))
    with pytest.raises(InvalidInput, match="CSBS has no such policy: 'nightly'"):
        plan(parse_options(PARAMS), t.cast("t.Any", both))


def test_policies_of_one_name_that_are_new_may_still_become_one() -> None:
    old, new = "2026-07-01T11:00:00", "2026-07-01T11:59:30"
    for first, second, unsettled in ((old, old, False), (old, new, True)):
        twins = [policy(id=str(number), vaults=[], created_at=when) for number, when in enumerate((first, second))]
        with pytest.raises(InvalidInput, match="CBR has 2 policies with the name 'nightly'") as refusal:
            plan(parse_options(PARAMS), t.cast("t.Any", Both([], [policy()], twins, [])))
        assert isinstance(refusal.value, Unsettled) is unsettled
