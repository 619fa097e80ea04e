# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which vault takes which server, and how large vaults are."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.vault_option import (
    PARKING,
    USUAL,
    VaultOptions,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.vaults import (
    MAX_MEMBERS,
    is_unused,
    is_vault_of,
    joining_members,
    names_in_use,
    parked_name,
    place,
    size_for,
)


def member(name: str, disks_gb: int = 20, backups_mb: int = 0) -> t.Any:
    return {
        "id": name,
        "name": name,
        "disks_gb": disks_gb,
        "backups_mb": backups_mb,
        "has_backups": backups_mb > 0,
    }


def vault(name: str = "nightly", size_gb: int = 100, members: t.Sequence[t.Any] = (), **fields: t.Any) -> t.Any:
    return {
        "id": f"id-{name}",
        "name": name,
        "description": None,
        "size_gb": size_gb,
        "allocated_gb": sum(one["disks_gb"] for one in members),
        "used_mb": sum(one["backups_mb"] for one in members),
        "status": "available",
        "members": list(members),
        "tags": [],
        **fields,
    }


def placed(steps: t.Iterable[t.Any]) -> list[tuple[str, int | None, list[str]]]:
    return [(step.vault["name"], step.size_gb, [one["id"] for one in step.joining]) for step in steps]


def test_a_policy_without_vaults_gets_one_that_is_twice_as_large_as_the_disks() -> None:
    assert placed(place([], [member("a", 20), member("b", 30)], "nightly", USUAL)) == [("nightly", 100, ["a", "b"])]


def test_a_vault_has_at_least_10_gb() -> None:
    assert placed(place([], [member("a", 1)], "nightly", USUAL)) == [("nightly", 10, ["a"])]


def test_a_server_goes_into_the_first_vault_with_room_in_members_and_size() -> None:
    full, roomy = vault("a", 20, [member("x", 20)]), vault("b", 100, [member("y", 20)])
    assert placed(place([full, roomy], [member("new", 20)], "n", USUAL)) == [("b", None, ["new"])]


def test_without_room_in_size_the_first_vault_with_room_in_members_grows_to_its_disks_times_the_factor() -> None:
    first, second = vault("a", 20, [member("x", 20)]), vault("b", 20, [member("y", 20)])
    assert placed(place([first, second], [member("new", 20)], "n", USUAL)) == [("a", 80, ["new"])]


def test_without_room_in_members_there_is_a_new_vault_with_the_next_free_name() -> None:
    full = vault("nightly", 10**6, [member(f"m{number}", 1) for number in range(MAX_MEMBERS)])
    steps = place([full], [member("new", 20)], "nightly", USUAL, taken={"nightly-0002"})
    assert placed(steps) == [("nightly-0003", 40, ["new"])]


def test_more_servers_than_one_vault_takes_are_spread_over_new_ones() -> None:
    steps = place([], [member(f"m{number}", 1) for number in range(MAX_MEMBERS + 1)], "nightly", USUAL)
    assert [(name, size, len(servers)) for name, size, servers in placed(steps)] == [
        ("nightly", 2 * MAX_MEMBERS, MAX_MEMBERS),
        ("nightly-0002", 10, 1),
    ]


def test_backups_that_come_along_need_room_too() -> None:
    small = vault("a", 40, [member("x", 20)])
    assert placed(place([small], [member("new", 20, backups_mb=50 * 1024)], "n", PARKING)) == [("a", 50, ["new"])]


def test_a_vault_that_others_are_deleting_takes_no_server() -> None:
    going = vault("a", 100, status="deleting")
    assert placed(place([going], [member("new")], "n", USUAL)) == [("n", 40, ["new"])]


def test_a_size_below_the_disks_is_refused_with_the_sum() -> None:
    with pytest.raises(InvalidInput, match="vault.size_gb: 30 GB .* 40 GB"):
        place([], [member("a", 20), member("b", 20)], "nightly", VaultOptions(size_gb=30))


def test_a_size_that_is_given_is_that_of_the_new_vault() -> None:
    assert placed(place([], [member("a", 20)], "nightly", VaultOptions(size_gb=500))) == [("nightly", 500, ["a"])]


def test_a_vault_that_would_be_too_large_for_the_service_is_refused() -> None:
    with pytest.raises(InvalidInput, match="the service allows 10485760 GB"):
        place([], [member("a", 10**7)], "nightly", USUAL)


@given(
    st.lists(st.tuples(st.integers(10, 200), st.lists(st.integers(0, 60), max_size=4)), max_size=4),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 90 * 1024)), max_size=12),
    st.floats(1, 4),
)
def test_every_server_gets_exactly_one_vault_with_room_and_none_shrinks(
    existing: list[tuple[int, list[int]]], joining: list[tuple[int, int]], factor: float
) -> None:
    vaults = [
        vault(f"v{number}", size, [member(f"v{number}-{position}", gb) for position, gb in enumerate(disks)])
        for number, (size, disks) in enumerate(existing)
    ]
    new = [member(f"n{number}", gb, mb) for number, (gb, mb) in enumerate(joining)]
    steps = place(vaults, new, "nightly", VaultOptions(size_factor=factor))
    assert sorted(one["id"] for step in steps for one in step.joining) == sorted(one["id"] for one in new)
    for step in steps:
        size = step.vault["size_gb"] if step.size_gb is None else step.size_gb
        members = [*step.vault["members"], *step.joining]
        assert size >= step.vault["size_gb"]
        assert len(members) <= MAX_MEMBERS
        grown = step.size_gb is not None
        assert sum(one["disks_gb"] for one in members) <= size or not grown
        assert sum(one["backups_mb"] for one in members) <= size * 1024 or not grown


def test_the_size_is_rounded_up() -> None:
    assert size_for(11, 0, 1.5) == 17
    assert size_for(0, 20 * 1024 + 1, 1) == 21


def test_names_of_vaults_in_use_are_taken_and_that_of_an_unused_one_without_policy_is_not() -> None:
    loose = [vault("left"), vault("theirs", members=[member("x")]), vault("full", used_mb=5)]
    assert names_in_use([vault("bound")], loose) == {"bound", "theirs", "full"}
    assert not is_unused(vault("gone", status="deleting"))


def test_long_names_are_cut_for_the_suffix() -> None:
    name = "n" * 64
    assert parked_name(name) == "n" * 57 + "-parked"
    steps = place([], [member(f"m{number}", 1) for number in range(MAX_MEMBERS + 1)], name, USUAL)
    assert [step.vault["name"] for step in steps] == [name, "n" * 59 + "-0002"]


def test_a_number_belongs_to_the_name_also_where_it_is_cut() -> None:
    for name in ("nightly", "n" * 64, "n" * 61):
        steps = place([], [member(f"m{number}", 1) for number in range(MAX_MEMBERS + 1)], name, USUAL)
        assert all(is_vault_of(step.vault["name"], name) for step in steps)
    for other in ("night", "nightly-2", "nightly-00002", "nightly-new1", "nightly0002", "-0002", ""):
        assert not is_vault_of(other, "nightly")


def test_an_empty_vault_with_the_name_of_a_new_one_gets_auto_expand_as_a_new_one_does() -> None:
    def switched_on(there: t.Any, options: VaultOptions = USUAL) -> bool:
        (step,) = place([there], [member("new")], "nightly", options)
        assert step.changes_vault == (step.auto_expand or step.size_gb is not None)
        return step.auto_expand

    assert switched_on(vault(auto_expand=False)) and switched_on(vault("nightly-0002", auto_expand=False))
    assert not switched_on(vault(auto_expand=False), VaultOptions(auto_expand=False))
    for other in (vault(auto_expand=True), vault(), vault("theirs", auto_expand=False)):
        assert not switched_on(other)
    for used in (vault(members=[member("x")], auto_expand=False), vault(used_mb=1, auto_expand=False)):
        assert not switched_on(used)
    assert [step.auto_expand for step in place([], [member("new")], "nightly", USUAL)] == [True]


def test_servers_bring_along_what_they_have_in_other_vaults() -> None:
    elsewhere = vault("other", members=[member("a", 20, 512)])
    servers: t.Any = [{"id": "a", "name": "a", "disks_gb": 30}, {"id": "b", "name": "b", "disks_gb": 5}]
    found = joining_members(servers, [elsewhere])
    assert [(one["disks_gb"], one["backups_mb"], one["has_backups"]) for one in found] == [
        (30, 512, True),
        (5, 0, False),
    ]
