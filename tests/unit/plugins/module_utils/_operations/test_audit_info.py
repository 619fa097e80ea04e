# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_audit_info: its options, what it reads, and which facts the judgements rest on."""

from __future__ import annotations

import json
import shlex
import typing as t
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import protection_info
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.audit_info import parse_options, read
from tests.support import fakes
from tests.support.fakes import SUMMER, backup, policy, server

HOUR = 3600
DAY = 24 * HOUR
FLEET = [server("app"), server("db"), server("web")]
UNLIMITED = [{"type": "backups", "quota": -1, "used": 0}, {"type": "backup_capacity", "quota": -1, "used": 0}]
CONTROLS: dict[str, t.Any] = {
    "enabled_policy": True,
    "locked": False,
    "max_age": "24h",
    "min_frequency": None,
    "min_retention_days": None,
    "no_failed_backup": True,
    "restore_tested_within": None,
    "room": True,
}
PARAMS: dict[str, t.Any] = {
    "cloud": None,
    "servers": None,
    "server_filters": None,
    "ignore_unknown_servers": False,
    "controls": CONTROLS,
    "max_age_key": None,
    "restore_tested_key": "tested",
}


class Cloud(fakes.Cloud):
    """A cloud with quotas, in which a server may come or go between two lists."""

    rows: t.ClassVar[list[dict[str, t.Any]]] = UNLIMITED
    later: list[dict[str, t.Any]] | None = None

    def quotas(self) -> list[dict[str, t.Any]]:
        self.asked.append(("quotas", None))
        return self.rows

    def servers(self) -> list[dict[str, t.Any]]:
        again = any(what == "servers" for what, about in self.asked)
        found = super().servers()
        return self.later if again and self.later is not None else found


def audit(estate: Cloud, controls: dict[str, t.Any] | None = None, **options: t.Any) -> t.Any:
    params = {**PARAMS, "controls": {**CONTROLS, **(controls or {})}, **options}
    return read(parse_options(params), [estate])


def row_of(cloud: Cloud, name: str = "web", **options: t.Any) -> t.Any:
    return next(row for row in audit(cloud, **options)["servers"] if row["name"] == name)


def kinds(found: t.Any) -> dict[str, list[t.Any]]:
    return {finding["kind"]: [one["name"] for one in finding["objects"]] for finding in found["findings"]}


def aged(name: str, server_name: str, seconds: float, status: str = "available", **fields: t.Any) -> t.Any:
    """A backup so many seconds old."""
    made = (SUMMER - timedelta(seconds=seconds)).replace(tzinfo=None).isoformat(timespec="microseconds")
    return backup(name, server_name, status, **{"created_at": made, **fields})


# ========== Options ==========
def test_options_in_normal_form() -> None:
    found = parse_options({**PARAMS, "cloud": "otc", "servers": ["web", "web"], "max_age_key": " rpo "})
    assert (found.cloud, found.servers, found.filters, found.max_age_key) == ("otc", ["web"], None, "rpo")
    assert not found.whole and parse_options(PARAMS).whole
    assert not parse_options({**PARAMS, "server_filters": {"name": "*"}}).whole
    blank = parse_options({**PARAMS, "cloud": {"auth": {"password": "x"}}, "max_age_key": " "})
    assert (blank.cloud, blank.max_age_key) == (None, None)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"restore_tested_key": " "}, "restore_tested_key: the key is empty"),
        ({"restore_tested_key": "a\nb"}, "restore_tested_key: 'a.nb' holds"),
        ({"max_age_key": "a=b"}, "max_age_key: 'a=b' holds an equals sign"),
        ({"servers": [""]}, "servers: '' is neither"),
        ({"server_filters": {}}, "server_filters: no filter is set"),
        ({"controls": {**CONTROLS, "max_age": "soon"}}, "controls.max_age: 'soon'"),
    ],
)
def test_bad_input_is_named(params: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse_options({**PARAMS, **params})


# ========== Which servers ==========
@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["app", "db", "web"]),
        ({"servers": ["web", "id-app"]}, ["web", "app"]),
        ({"servers": []}, []),
        ({"server_filters": {"name": "*b"}}, ["db", "web"]),
        ({"server_filters": {"name": "x*"}}, []),
        ({"servers": ["gone", "web"], "ignore_unknown_servers": True}, ["web"]),
        ({"servers": ["gone"], "ignore_unknown_servers": True}, []),
    ],
)
def test_the_servers_that_are_chosen(options: dict[str, t.Any], names: list[str]) -> None:
    found = audit(Cloud(FLEET), **options)
    assert [row["name"] for row in found["servers"]] == names
    assert found["unknown_servers"] == [name for name in options.get("servers") or [] if name == "gone"]
    assert found["summary"]["servers"] == len(names)
    assert {sum(row[key] for key in ("passed", "failed", "unknown")) for row in found["controls"]} == {len(names)}


def test_an_unknown_server_is_an_error_unless_it_may_be_in_another_project() -> None:
    with pytest.raises(InvalidInput, match="no such server: 'gone'"):
        audit(Cloud(FLEET), servers=["gone", "web"])


def test_the_fleet_is_read_by_the_same_lists_whatever_its_size() -> None:
    one, many = Cloud(FLEET[:1]), Cloud([server(f"s{number}") for number in range(50)])
    for cloud in (one, many):
        audit(cloud)
        assert sorted(what for what, about in cloud.asked) == [
            "backups",
            "policies",
            "protectable",
            "quotas",
            "servers",
        ]


# ========== Agreement with csbs_protection_info ==========
STATES = ["available", "error", "protecting", "waiting_protect", "restoring", "deleting"]


@given(
    st.lists(
        st.tuples(st.integers(-5, 20), st.sampled_from(STATES), st.sampled_from(["web", "db", "gone"])), max_size=6
    ),
    st.sets(st.sampled_from(["web", "db", "gone"])),
    st.booleans(),
)
def test_rows_are_those_of_csbs_protection_info(
    made: list[tuple[int, str, str]], members: set[str], enabled: bool
) -> None:
    backups = [aged(f"b{number}", name, age, status) for number, (age, status, name) in enumerate(made)]
    cloud = Cloud(FLEET, [policy("nightly", members, enabled=enabled), policy("other", ["web"])], backups)
    params = {"servers": None, "server_filters": None, "max_age": "10"}
    plain = protection_info.read(protection_info.parse_options(params), [cloud])["servers"]
    rows = audit(cloud, {"max_age": "10"})["servers"]
    assert [{key: row[key] for key in one} for row, one in zip(rows, plain, strict=True)] == plain
    for row in rows:
        assert (row["controls"]["max_age"]["result"] == "pass") is row["compliant"]
        assert row["passed"] is all(one["result"] == "pass" for one in row["controls"].values())


# ========== Promises ==========
def test_each_server_is_judged_by_its_own_promise() -> None:
    metadata = {"app": {"rpo": "2h"}, "db": {"rpo": "soon"}, "web": {}}
    fleet = [server(name, metadata=values) for name, values in metadata.items()]
    cloud = Cloud(fleet, [policy("p", metadata)], [aged("b", name, 3 * HOUR) for name in metadata])
    found = audit(cloud, max_age_key="rpo")
    rows = {row["name"]: (row["compliant"], row["max_age_seconds"], row["promised_by"]) for row in found["servers"]}
    assert rows == {
        "app": (False, 2 * HOUR, "metadata"),
        "db": (None, None, "metadata"),
        "web": (True, DAY, "controls"),
    }
    assert found["summary"] == {"servers": 3, "recovery_point_met": 1, "passed": 1}
    assert kinds(found) == {"stale": ["app"], "not_judged": ["db"]}


# ========== Failures ==========
@pytest.mark.parametrize(
    ("rows", "failed", "result"),
    [
        ([], 0, "unknown"),
        ([aged("good", "web", 60)], 0, "pass"),
        ([aged("good", "web", 60), aged("old", "web", 61, "error")], 0, "pass"),
        ([aged("good", "web", 60), aged("bad", "web", 59, "error"), aged("bad2", "web", 58, "error")], 2, "fail"),
        ([aged("bad", "web", 59, "error")], 1, "fail"),
        ([aged("good", "web", 60), aged("going", "web", 59, "error", info={"fail_op": "delete"})], 0, "pass"),
        ([aged("good", "web", 60), aged("going", "web", 59, "deleting")], 0, "pass"),
        # It may have failed at any time.
        ([aged("good", "web", 60), aged("bad", "web", 0, "error", created_at=None)], 1, "fail"),
        ([aged("good", "web", 0, created_at=None), aged("bad", "web", 9 * DAY, "error")], 1, "fail"),
        ([aged("good", "web", 60), aged("bad", "db", 59, "error")], 0, "pass"),
    ],
)
def test_failed_backups_since_the_last_good_one(rows: list[t.Any], failed: int, result: str) -> None:
    row = row_of(Cloud(FLEET, backups=rows))
    assert (row["failed_backups"], row["controls"]["no_failed_backup"]["result"]) == (failed, result)


def test_the_reason_of_the_newest_failure_is_told() -> None:
    rows = [
        aged("b1", "web", 60, "error", info={"fail_reason": "old"}),
        aged("b2", "web", 30, "error", info={"fail_reason": "new"}),
    ]
    evidence = row_of(Cloud(FLEET, backups=rows))["controls"]["no_failed_backup"]["evidence"]
    assert evidence == "2 backups have failed since the last good one: new"


def test_history_and_growth_of_a_server() -> None:
    rows = [aged("a", "web", 0), aged("b", "web", 2 * DAY, info={"size": 5}), aged("c", "web", DAY, "error")]
    found = audit(Cloud(FLEET, backups=[*rows, aged("x", "gone", 0, info={"size": 9})]))
    assert [row["history"][-4:] for row in found["servers"]] == ["....", "....", ".gfg"]
    assert [row["backups"] for row in found["growth"]][-4:] == [0, 1, 1, 2]
    assert {len(row["history"]) for row in found["servers"]} == {28} == {len(found["growth"])}


# ========== Room ==========
def limited(backups: int, capacity: int, used: int = 0) -> list[dict[str, t.Any]]:
    return [
        {"type": "backups", "quota": backups, "used": used},
        {"type": "backup_capacity", "unit": "GB", "quota": capacity, "used": used},
    ]


@pytest.mark.parametrize(
    ("quotas", "results"),
    [
        (UNLIMITED, ["pass", "pass", "pass"]),
        (limited(3, -1), ["pass", "pass", "pass"]),
        (limited(2, -1), ["fail", "fail", "fail"]),
        (limited(0, 0), ["fail", "fail", "fail"]),
        # 1,500 MB and 600 MB are three GB. How large the first backup of db becomes, nobody knows.
        (limited(-1, 3), ["pass", "unknown", "pass"]),
        (limited(-1, 2), ["fail", "fail", "fail"]),
        (UNLIMITED[:1], ["unknown", "unknown", "unknown"]),
        ([], ["unknown", "unknown", "unknown"]),
    ],
)
def test_room(quotas: list[dict[str, t.Any]], results: list[str]) -> None:
    cloud = Cloud(FLEET, backups=[aged("b", "app", 60, info={"size": 1500}), aged("b", "web", 60, info={"size": 600})])
    cloud.rows = quotas
    found = audit(cloud)
    assert [row["controls"]["room"]["result"] for row in found["servers"]] == results
    assert ("no_room" in kinds(found)) is (results[0] == "fail")
    assert "no_room" not in kinds(audit(cloud, {"room": False}))
    assert "no_room" not in kinds(audit(cloud, servers=[]))


def test_a_capacity_that_is_used_up_has_no_room_for_a_first_backup() -> None:
    cloud = Cloud(FLEET[:1])
    cloud.rows = limited(-1, 0)
    assert row_of(cloud, "app")["controls"]["room"]["result"] == "fail"


# ========== Policies ==========
class Sparse(Cloud):
    """A cloud whose lists of policies have names only."""

    def policies(self) -> list[dict[str, t.Any]]:
        return [{"id": row["id"], "name": row["name"]} for row in super().policies()]


@pytest.mark.parametrize("kind", [Cloud, Sparse])
def test_all_policies_or_only_those_of_the_chosen_servers(kind: type[Cloud]) -> None:
    policies = [policy("a", ["web", "web", "gone"]), policy("b", ["db"], enabled=False), policy("c")]
    cloud = kind(FLEET, policies)
    assert [(row["name"], row["server_count"]) for row in audit(cloud)["policies"]] == [("a", 2), ("b", 1), ("c", 0)]
    some = audit(cloud, servers=["db"])
    assert [row["name"] for row in some["policies"]] == ["b"]
    assert some["servers"][0]["policy"] == {"id": "pol-b", "name": "b", "enabled": False}
    assert "policy_disabled" in kinds(some)


def test_a_policy_that_comes_twice_in_pages_is_one() -> None:
    assert len(audit(Cloud(FLEET, [policy("a", ["web"])] * 2))["policies"]) == 1


def test_a_policy_that_goes_between_list_and_reading_protects_nobody() -> None:
    cloud = Sparse(FLEET, [policy("a", ["web"])])
    cloud.policy = lambda policy_id: None  # type: ignore[method-assign]
    found = audit(cloud)
    assert found["policies"] == [] and kinds(found)["unprotected"] == ["app", "db", "web"]


def test_a_new_policy_for_some_servers_does_not_take_the_name_of_a_policy_of_others() -> None:
    cloud = Cloud(
        [*FLEET, server("new", "0e4c3f3a-4f77-4b7e-9c5c-7a4a5a1c7d11")], [policy("nightly", ["db"], enabled=False)]
    )
    found = audit(cloud, servers=["new"])
    command = next(finding["commands"] for finding in found["findings"] if finding["kind"] == "unprotected")[0]
    assert json.loads(shlex.split(command)[-1])["csbs_policy"]["name"] == "protected1"


def test_commands_are_for_the_cloud_of_the_task() -> None:
    cloud = Cloud([server("new", "0e4c3f3a-4f77-4b7e-9c5c-7a4a5a1c7d11")])
    for name in (None, "otc"):
        commands = [one for finding in audit(cloud, cloud=name)["findings"] for one in finding["commands"]]
        assert commands and {'"csbs_cloud": "otc"' in one for one in commands} == {name == "otc"}


# ========== Former servers, and images ==========
def test_servers_that_no_longer_exist() -> None:
    rows = [
        aged("b1", "gone", 60, info={"size": 5, "resource_name": "old"}),
        aged("b2", "gone", 30, "restoring", info={"size": 7}),
        aged("b3", "gone", 20, "error"),
        aged("b4", "failed", 20, "error"),
        aged("b5", "web", 20),
    ]
    found = audit(Cloud(FLEET, backups=rows))
    assert found["former_servers"] == [{"id": "id-gone", "name": "gone", "backups": 2, "size_mb": 12}]
    assert audit(Cloud(FLEET, backups=rows), servers=["web"])["former_servers"] == []


def test_a_server_that_is_created_between_two_lists_is_not_a_former_one() -> None:
    cloud = Cloud(FLEET, backups=[aged("b", "new", 0)])
    cloud.later = [*FLEET, server("new")]
    assert audit(cloud)["former_servers"] == []
    cloud.later, cloud.asked = FLEET, []
    assert [row["id"] for row in audit(cloud)["former_servers"]] == ["id-new"]


def test_the_list_of_servers_is_read_again_only_when_a_server_seems_to_be_gone() -> None:
    cloud = Cloud(FLEET, backups=[aged("b", "web", 0)])
    audit(cloud)
    assert [what for what, about in cloud.asked].count("servers") == 1


def test_backups_that_images_hold_are_not_among_those_to_delete() -> None:
    image = {"os_images_data": [{"image_id": "i1"}], "resource_name": "gone"}
    ids = [f"{number}e4c3f3a-4f77-4b7e-9c5c-7a4a5a1c7d11" for number in range(2)]
    rows = [
        aged("free", "gone", 9, id=ids[0]),
        aged("held", "gone", 8, id=ids[1], info=image),
        aged("x", "web", 8, info=image),
    ]
    found = audit(Cloud(FLEET, backups=rows))
    assert kinds(found)["held_by_image"] == ["held", "x"]
    commands = next(finding["commands"] for finding in found["findings"] if finding["kind"] == "former_server")
    assert ids[0] in commands[0] and ids[1] not in commands[0]
    assert kinds(audit(Cloud(FLEET, backups=rows), servers=["web"]))["held_by_image"] == ["x"]


# ========== Restore tests ==========
def test_the_last_restore_test_is_read_from_the_metadata() -> None:
    fleet = [
        server("new", metadata={"tested": " 2026-06-30 "}),
        server("old", metadata={"tested": None}),
        server("none"),
    ]
    found = audit(Cloud(fleet), {"restore_tested_within": "30d"})
    results = {row["name"]: row["controls"]["restore_tested_within"]["result"] for row in found["servers"]}
    assert results == {"new": "pass", "old": "unknown", "none": "unknown"}
    assert kinds(found)["restore_not_tested"] == ["none", "old"]


# ========== Nothing fails in silence ==========
PATTERNS = st.sampled_from([fakes.DAILY_0200, "FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=0", "FREQ=HOURLY", "", None])
DEFINITIONS = st.sampled_from([{}, None, {"max_backups": 3}, {"retention_duration_days": "30"}, {"max_backups": "x"}])
TIMES = st.sampled_from([None, "soon", "2026-07-01T11:00:00", "2026-06-01T11:00:00", "2027-01-01T00:00:00"])
METADATA = st.fixed_dictionaries(
    {},
    optional={"rpo": st.sampled_from(["", "2h", "soon"]), "tested": st.sampled_from(["x", "2026-06-30", "2027-01-01"])},
)


@given(
    st.lists(METADATA, min_size=1, max_size=3),
    st.lists(st.tuples(st.booleans(), PATTERNS, DEFINITIONS, st.sets(st.integers(0, 2))), max_size=2),
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(STATES), TIMES, st.sampled_from([None, 900])), max_size=4),
    st.sampled_from([UNLIMITED, UNLIMITED[:1], limited(2, 9), limited(9, 1), limited(0, 0), []]),
)
def test_a_server_that_does_not_pass_is_in_a_finding_that_says_why(
    metadata: list[t.Any], policies: list[t.Any], backups: list[t.Any], quotas: list[t.Any]
) -> None:
    cloud = Cloud(
        [server(str(number), metadata=one) for number, one in enumerate(metadata)],
        [
            policy(f"p{number}", map(str, members), enabled=enabled, pattern=pattern, definition=definition)
            for number, (enabled, pattern, definition, members) in enumerate(policies)
        ],
        [
            backup(f"b{number}", str(owner), status, created_at=made, info={"size": size})
            for number, (owner, status, made, size) in enumerate(backups)
        ],
    )
    cloud.rows = quotas
    asked = {"min_frequency": "24h", "min_retention_days": 7, "restore_tested_within": "30d"}
    found = audit(cloud, asked, max_age_key="rpo")
    objects = {
        one["id"]
        for finding in found["findings"]
        for one in finding["objects"]
        if finding["kind"] not in ("former_server", "held_by_image")
    }
    for row in found["servers"]:
        assert row["controls"].keys() == {*asked, "enabled_policy", "max_age", "no_failed_backup", "room"}
        if not row["passed"]:
            assert {row["id"], (row["policy"] or {}).get("id"), None} & objects
        if row["compliant"] is not True:
            assert row["id"] in objects
