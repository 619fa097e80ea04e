# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag and csbs_tag_info with CBR: the tags of a policy are on each of its vaults, and marks are nobody's."""

from __future__ import annotations

import time
import typing as t

import pytest

from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.modules import run_module, run_ok

KEEP = {"keep": "1"}
TEN = {f"k{number}": str(number) for number in range(10)}
UNKNOWN_ID = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(autouse=True)
def _still(cloud: Emulator) -> None:
    cloud.settings(speed=0, list_delay=0)


def made(cloud: Emulator, name: str, *each: dict[str, str]) -> tuple[str, list[t.Any]]:
    """Make a policy with a vault for each set of tags, as others would. Return its ID and the vaults."""
    vaults = [cloud.make_vault(f"{name}-{number}", tags=dict(tags)) for number, tags in enumerate(each)]
    return cloud.make_vault_policy(name, [vault.id for vault in vaults]).id, vaults


def tag(*refs: str, **args: t.Any) -> dict[str, t.Any]:
    return {"service": "cbr", "resource_type": "policy", "resources": list(refs), "tags": KEEP, **args}


def look_up(cloud: Emulator, **args: t.Any) -> dict[str, t.Any]:
    """Return by name the tags of the policies that csbs_tag_info finds."""
    found = run_ok("csbs_tag_info", {"service": "cbr", "resource_type": "policy", **args}, cloud)
    values: dict[str, set[str]] = {}
    for resource in found["resources"]:
        for key, value in resource["tags"].items():
            values.setdefault(key, set()).add(value)
    assert found["tags"] == {key: sorted(some) for key, some in values.items()}
    return shown(found)


def shown(result: dict[str, t.Any]) -> dict[str, t.Any]:
    return {one["name"]: one["tags"] for one in result["resources"]}


def asked(cloud: Emulator) -> list[t.Any]:
    return [entry for entry in cloud.journal if entry["service"] != "identity"]


def twice(cloud: Emulator, args: dict[str, t.Any]) -> dict[str, t.Any]:
    """Run a task in check mode, really and again. Return its result."""
    expected = run_module("csbs_tag", args, cloud, check=True)
    assert not cloud.journal.writes()
    result = run_ok("csbs_tag", args, cloud)
    assert result["changed"] and expected["changed"] and expected["resources"] == result["resources"]
    assert result["diff"]["before"] != result["diff"]["after"]
    cloud.journal.clear()
    assert run_ok("csbs_tag", args, cloud)["changed"] is False and not cloud.journal.writes()
    return result


# ========== Every vault ==========
@pytest.mark.parametrize("by", ["name", "id"])
def test_a_tag_is_set_on_every_vault_and_removed_from_every_vault(cloud: Emulator, by: str) -> None:
    policy_id, vaults = made(cloud, "nightly", {}, {"other": "x"}, {})
    ref = "nightly" if by == "name" else policy_id
    assert shown(twice(cloud, tag(ref, tags={"keep": 1, "team": "a"}))) == {"nightly": {"keep": "1", "team": "a"}}
    assert [vault.tags for vault in vaults] == [
        {"keep": "1", "team": "a"},
        {"other": "x", "keep": "1", "team": "a"},
        {"keep": "1", "team": "a"},
    ]
    assert shown(twice(cloud, tag(ref, tags={"keep": None}, state="absent"))) == {"nightly": {"team": "a"}}
    assert shown(twice(cloud, tag(ref, tags={}, purge=True))) == {"nightly": {}}
    assert [vault.tags for vault in vaults] == [{}, {}, {}], "what only one vault has is purged as well"


def test_a_tag_of_one_vault_only_ends_up_on_all_by_one_request(cloud: Emulator) -> None:
    dummy, vaults = made(cloud, "nightly", KEEP, {}, {"keep": "2"})
    assert look_up(cloud, resources=["nightly"]) == {"nightly": {}}
    cloud.journal.clear()
    run_ok("csbs_tag", tag("nightly"), cloud)
    assert [vault.tags for vault in vaults] == [KEEP] * 3
    assert len(cloud.journal.writes()) == 2


@pytest.mark.parametrize(
    ("tags", "left"),
    [({"keep": None}, [{"a": "1"}, {}]), ({"keep": "2"}, [{"keep": "1", "a": "1"}, {}]), ({"keep": "3"}, None)],
)
def test_a_tag_is_removed_wherever_it_is(cloud: Emulator, tags: dict[str, t.Any], left: t.Any) -> None:
    dummy, vaults = made(cloud, "nightly", {"keep": "1", "a": "1"}, {"keep": "2"})
    before = [dict(vault.tags) for vault in vaults]
    result = run_ok("csbs_tag", tag("nightly", tags=tags, state="absent"), cloud)
    assert result["changed"] is (left is not None)
    assert [vault.tags for vault in vaults] == (before if left is None else left)


def test_many_policies_are_read_by_two_lists_and_only_what_differs_is_sent(cloud: Emulator) -> None:
    policies = [made(cloud, f"p-{number}", *([KEEP] * 3)) for number in range(8)]
    names = [f"p-{number}" for number in range(8)]
    cloud.journal.clear()
    assert run_ok("csbs_tag", tag(*names), cloud)["changed"] is False
    assert len(asked(cloud)) == 2
    policies[5][1][1].tags.clear()
    cloud.journal.clear()
    assert shown(run_ok("csbs_tag", tag(*names), cloud)) == dict.fromkeys(names, KEEP)
    assert len(cloud.journal.writes()) == 1 and len(asked(cloud)) == 2 + 1 + 1 + 2


# ========== Marks ==========
def test_marks_are_never_shown_changed_or_counted(cloud: Emulator) -> None:
    marks = {cloud.server(f"srv-{number:04d}").id: f"pol-{number}" for number in range(1, 7)}
    dummy, vaults = made(cloud, "nightly", {**marks, "old": "1"}, marks)
    assert look_up(cloud) == {} and look_up(cloud, tags={next(iter(marks)): None}) == {}
    result = run_ok("csbs_tag", tag("nightly", tags=TEN, purge=True), cloud)
    assert shown(result) == {"nightly": TEN}
    assert all(vault.tags == {**marks, **TEN} for vault in vaults)
    result = run_ok("csbs_tag", tag("nightly", tags=dict.fromkeys(marks), state="absent"), cloud)
    assert result["changed"] is False
    run_ok("csbs_tag", tag("nightly", tags={}, purge=True), cloud)
    assert all(vault.tags == marks for vault in vaults)


# ========== Refusals ==========
@one_mode
@pytest.mark.parametrize(
    ("args", "fragment"),
    [
        ({"resource_type": "backup"}, "keeps no tags on backups"),
        ({"tags": {UNKNOWN_ID: "1"}}, "has the form of an ID"),
        ({"tags": {"k" * 37: "1"}}, "1 to 36 letters"),
        ({"tags": {"k": "v" * 44}}, "up to 43 letters"),
        ({"tags": {"k": "a.b"}}, "'a.b'"),
        ({"tags": {**TEN, "more": ""}}, "11 tags given"),
    ],
)
def test_what_cbr_cannot_keep_is_refused_before_the_first_request(
    cloud: Emulator, args: dict[str, t.Any], fragment: str
) -> None:
    cloud.journal.clear()
    failed = run_module("csbs_tag", tag("nightly", **args), cloud)
    assert failed["failed"] and failed["changed"] is False and fragment in failed["msg"]
    assert not list(cloud.journal)


@one_mode
def test_a_look_up_of_tags_of_backups_is_refused_before_the_first_request(cloud: Emulator) -> None:
    cloud.journal.clear()
    failed = run_module("csbs_tag_info", {"service": "cbr", "resource_type": "backup"}, cloud)
    assert failed["failed"] and "keeps no tags on backups" in failed["msg"] and not list(cloud.journal)


def test_a_vault_gets_no_eleventh_tag(cloud: Emulator) -> None:
    made(cloud, "nightly", TEN, {})
    made(cloud, "weekly", {})
    failed = run_module("csbs_tag", tag("weekly", "nightly", tags={"more": "1"}), cloud)
    assert failed["failed"] and "vault 'nightly-0' of policy 'nightly'" in failed["msg"] and "11 tags" in failed["msg"]
    assert not cloud.journal.writes()


def test_a_policy_without_a_vault_gets_no_tags_and_has_none_to_remove(cloud: Emulator) -> None:
    cloud.make_vault_policy("empty")
    failed = run_module("csbs_tag", tag("empty"), cloud)
    assert failed["failed"] and "'empty'" in failed["msg"] and "has no vault yet" in failed["msg"]
    for args in ({"state": "absent"}, {"tags": {}, "purge": True}):
        result = run_ok("csbs_tag", tag("empty", **args), cloud)
        assert result["changed"] is False and shown(result) == {"empty": {}}


def test_an_unknown_policy_is_an_error_only_where_it_should_have_tags(cloud: Emulator) -> None:
    for ref in ("no-such", UNKNOWN_ID, "../vaults"):
        failed = run_module("csbs_tag", tag(ref), cloud)
        assert failed["failed"] and f"no such policy: {ref!r}" in failed["msg"]
        assert run_ok("csbs_tag", tag(ref, state="absent"), cloud)["resources"] == []
        assert look_up(cloud, resources=[ref]) == {}


@pytest.mark.parametrize("count", [1, 5])
def test_the_others_are_finished_after_the_refusal_of_one_vault(cloud: Emulator, count: int) -> None:
    policies = [made(cloud, f"p-{number}", {}, {}) for number in range(count)]
    bad = policies[0][1][0]
    path = f"/vault/{bad.id}/tags"
    cloud.faults.add(method="POST", path=path, status=403, error_code="BackupService.8600", error_msg="no", times=-1)
    failed = run_module("csbs_tag", tag(*(f"p-{number}" for number in range(count))), cloud)
    assert failed["failed"] and failed["changed"] is True and failed["msg"].startswith(f"1 of {count} ")
    assert f"vault 'p-0-0' of policy 'p-0' ({policies[0][0]})" in failed["msg"]
    assert failed["error_code"] == "BackupService.8600"
    assert shown(failed) == {"p-0": {}, **{f"p-{number}": KEEP for number in range(1, count)}}
    assert [vault.tags for dummy, vaults in policies for vault in vaults] == [{}, *[KEEP] * (2 * count - 1)]


def test_a_tag_that_somebody_else_removes_first_is_removed(cloud: Emulator) -> None:
    made(cloud, "nightly", KEEP, KEEP)
    cloud.faults.add(method="DELETE", path="/tags/keep$", status=404, error_code="BackupService.6601", effect=True)
    result = run_ok("csbs_tag", tag("nightly", state="absent"), cloud)
    assert result["changed"] and shown(result) == {"nightly": {}}


# ========== Readings that do not tell ==========
@pytest.mark.parametrize("more", [0, 4])
def test_a_policy_and_a_vault_that_are_too_new_for_lists_are_found_by_their_ids(cloud: Emulator, more: int) -> None:
    policy_id, vaults = made(cloud, "new", KEEP, {})
    for number in range(more):
        made(cloud, f"p-{number}", KEEP)
    cloud.state.cbr.policies[policy_id].visible_at = time.monotonic() + 600
    vaults[1].visible_at = time.monotonic() + 600
    result = run_ok("csbs_tag", tag(policy_id, *(f"p-{number}" for number in range(more))), cloud)
    assert result["changed"] and shown(result)["new"] == KEEP and vaults[1].tags == KEEP


# ========== Looking up ==========
@pytest.fixture
def estate(cloud: Emulator) -> None:
    made(cloud, "alpha", {"team": "platform", "stage": "prod"}, {"team": "platform", "stage": "test"})
    made(cloud, "beta", {"team": "web", "stage": "prod"})
    made(cloud, "gamma", {"team": "web"}, {"team": "db"})
    cloud.make_vault_policy("delta")
    cloud.make_vault("loose", tags={"team": "loose"})


@pytest.mark.usefixtures("estate")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["alpha", "beta"]),
        ({"tags": {"team": None}}, ["alpha", "beta"]),
        ({"tags": {"team": ["web", "db"]}}, ["beta"]),
        ({"tags": {"team": "*eb"}}, ["beta"]),
        ({"tags": {"team": "platform", "stage": None}}, []),
        ({"tags_any": {"team": "platform", "stage": "prod"}}, ["alpha", "beta"]),
        ({"not_tags": {"team": "web", "stage": "prod"}}, ["alpha", "delta", "gamma"]),
        ({"not_tags_any": {"team": "platform"}}, ["beta", "delta", "gamma"]),
        ({"tags": {"team": None}, "resources": ["alpha", "gamma"]}, ["alpha"]),
        ({"resources": ["gamma", "delta"]}, ["delta", "gamma"]),
    ],
)
def test_policies_are_found_by_the_tags_that_all_their_vaults_have(
    cloud: Emulator, query: dict[str, t.Any], names: list[str]
) -> None:
    assert sorted(look_up(cloud, **query)) == names


@pytest.mark.parametrize(
    "query",
    [
        {"tags": {"a": ["*la", "z"], "b": None}},
        {"tags_any": {"a": "", "b": "*"}},
        {"not_tags": {"a": "plat", "b": None}},
        {"not_tags_any": {"a": "*", "c": ["x", "y"]}},
        {"tags": {"c": None}, "not_tags": {"a": None}},
    ],
)
def test_queries_find_what_the_service_itself_finds_where_policies_have_one_vault(
    cloud: Emulator, query: dict[str, t.Any]
) -> None:
    """Each set of tags is on a backup of CSBS too, and CSBS answers queries itself."""
    values = {"a": ("", "plat", "lat"), "b": ("1",), "c": ("x", "yy")}
    sets: list[dict[str, str]] = [{}]
    for key, some in values.items():
        sets = [{**tags, **one} for tags in sets for one in ({}, *({key: value} for value in some))]
    server = cloud.server("srv-0001").id
    for number, tags in enumerate(sets):
        made(cloud, f"p-{number:02d}", tags)
        cloud.make_backup(server, f"p-{number:02d}", tags=tags)
    found = shown(run_ok("csbs_tag_info", {"resource_type": "backup", **query}, cloud))
    assert look_up(cloud, **query) == found and 0 < len(found) < len(sets)
