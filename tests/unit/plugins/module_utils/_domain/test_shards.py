# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy sets: which policies belong to one, and which server is in which of them."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.shards import (
    SUFFIX_LENGTH,
    Spread,
    free_numbers,
    number_in,
    numbered,
    spread,
)


# ========== Names ==========
@pytest.mark.parametrize(("number", "name"), [(1, "nightly-0001"), (32, "nightly-0032")])
def test_a_policy_has_the_name_of_its_set_and_a_number(number: int, name: str) -> None:
    assert numbered("nightly", number) == name
    assert number_in("nightly", name) == number
    assert len(name) == len("nightly") + SUFFIX_LENGTH


@pytest.mark.parametrize(
    "name",
    [
        "nightly",
        "nightly-",
        "nightly-x",
        "nightly-1",
        "nightly-001",
        "nightly-00001",
        "nightly-0000",
        "nightly-0033",
        "nightly-2024",
        "nightly-0001-0001",
        "nightly-0001\n",
        "nightly-\u0660\u0660\u0660\u0661",
        "Nightly-0001",
        "nightly0001",
        "my-nightly-0001",
        "weekly-0001",
        "",
    ],
)
def test_a_policy_with_another_name_does_not_belong_to_the_set(name: str) -> None:
    assert number_in("nightly", name) is None


def test_the_set_of_a_policy_is_the_name_before_its_number() -> None:
    assert number_in("nightly-0001", "nightly-0001-0002") == 2


@pytest.mark.parametrize(
    ("taken", "free"), [([], [1, 2, 3]), ([1, 2], [3, 4, 5]), ([2, 5], [1, 3, 4]), ([3, 1], [2, 4, 5])]
)
def test_gaps_in_the_numbers_are_filled_first(taken: list[int], free: list[int]) -> None:
    assert list(itertools.islice(free_numbers(iter(taken)), 3)) == free


# ========== One case after another ==========
def spread_of(
    members: dict[str, str], joining: str = "", size: int = 2, fixed: str = ""
) -> tuple[dict[str, str], str, list[str]]:
    """Spread servers of one letter each; all move but the fixed ones. Return what is kept, dropped and new."""
    everybody = set("".join(members.values()) + joining)
    found = spread(
        {policy: list(servers) for policy, servers in members.items()}, joining, size, everybody - set(fixed)
    )
    kept = {policy: "".join(servers) for policy, servers in found.kept.items()}
    return kept, "".join(found.dropped), ["".join(servers) for servers in found.new]


@pytest.mark.parametrize(
    ("given", "kept", "dropped", "new"),
    [
        ({"members": {}}, {}, "", [""]),
        ({"members": {}, "joining": "abcde"}, {}, "", ["ab", "cd", "e"]),
        ({"members": {"P": ""}}, {"P": ""}, "", []),
        ({"members": {"P": "ab", "Q": "c"}, "joining": "d"}, {"P": "ab", "Q": "cd"}, "", []),
        ({"members": {"P": "a", "Q": "b"}, "joining": "xyz"}, {"P": "ax", "Q": "by"}, "", ["z"]),
        # Servers have left, and still no policy is too many.
        ({"members": {"P": "a", "Q": "bc"}}, {"P": "a", "Q": "bc"}, "", []),
        # One policy is too many: the smallest goes, of equal ones the last.
        ({"members": {"P": "a", "Q": "b"}}, {"P": "ab"}, "Q", []),
        ({"members": {"P": "a", "Q": "bc"}, "size": 3}, {"Q": "bca"}, "P", []),
        ({"members": {"P": "", "Q": "ab", "R": ""}}, {"Q": "ab"}, "RP", []),
        ({"members": {"P": "", "Q": ""}}, {"P": ""}, "Q", []),
        ({"members": {"P": "a", "Q": "b", "R": "c"}, "joining": "d"}, {"P": "ad", "Q": "bc"}, "R", []),
        # Those who join get their places first, then those who move: so a task that was interrupted goes on.
        ({"members": {"P": "a", "Q": "b", "R": ""}, "joining": "x", "size": 3}, {"P": "axb"}, "RQ", []),
        ({"members": {"P": "abc", "Q": ""}, "joining": "x"}, {"P": "ab", "Q": "xc"}, "", []),
        # A server that must not move keeps its policy.
        ({"members": {"P": "a", "Q": "b"}, "fixed": "b"}, {"Q": "ba"}, "P", []),
        ({"members": {"P": "a", "Q": "b"}, "fixed": "ab"}, {"P": "a", "Q": "b"}, "", []),
        ({"members": {"P": "a", "Q": ""}, "fixed": "a"}, {"P": "a"}, "Q", []),
        # Less room: the last servers move.
        ({"members": {"P": "abcd", "Q": "e"}}, {"P": "ab", "Q": "ec"}, "", ["d"]),
        ({"members": {"P": "abcd"}, "fixed": "bd"}, {"P": "bd"}, "", ["ac"]),
        ({"members": {"P": "abcd"}, "fixed": "abc"}, {"P": "abc"}, "", ["d"]),
        ({"members": {"P": "abcd", "Q": "e"}, "fixed": "abcd"}, {"P": "abcd", "Q": "e"}, "", []),
    ],
)
def test_servers_are_spread(given: dict[str, t.Any], kept: dict[str, str], dropped: str, new: list[str]) -> None:
    assert spread_of(**given) == (kept, dropped, new)


# ========== For all sets ==========
class Case(t.NamedTuple):
    members: dict[str, list[str]]
    joining: list[str]
    size: int
    movable: set[str]

    def spread(self) -> Spread:
        return spread(*self)

    @property
    def servers(self) -> list[str]:
        return [*itertools.chain.from_iterable(self.members.values()), *self.joining]


@st.composite
def cases(draw: st.DrawFn, all_move: bool = False) -> Case:
    counts = draw(st.lists(st.integers(0, 7), max_size=6))
    numbers = itertools.count()
    members = {f"policy-{number}": [f"s{next(numbers)}" for dummy in range(had)] for number, had in enumerate(counts)}
    joining = [f"s{next(numbers)}" for dummy in range(draw(st.integers(0, 12)))]
    everybody = {server for servers in (*members.values(), joining) for server in servers}
    movable = everybody if all_move or not everybody else draw(st.sets(st.sampled_from(sorted(everybody))))
    return Case(members, joining, draw(st.integers(1, 6)), movable)


def moved(case: Case, found: Spread) -> set[str]:
    return {
        server
        for policy, servers in case.members.items()
        for server in servers
        if server not in found.kept.get(policy, ())
    }


@given(cases())
def test_every_server_is_in_exactly_one_policy(case: Case) -> None:
    found = case.spread()
    assert sorted(itertools.chain(*found.kept.values(), *found.new)) == sorted(case.servers)
    assert sorted([*found.kept, *found.dropped]) == sorted(case.members)


@given(cases())
def test_no_policy_gets_more_servers_than_it_may_have(case: Case) -> None:
    found = case.spread()
    assert all(len(servers) <= case.size for servers in found.new)
    for policy, servers in found.kept.items():
        gains = set(servers) - set(case.members[policy])
        stuck = [server for server in servers if server not in case.movable]
        assert len(servers) <= case.size or (not gains and servers == stuck)


@given(cases())
def test_nobody_moves_without_need(case: Case) -> None:
    found = case.spread()
    assert moved(case, found) <= case.movable
    for policy, servers in case.members.items():
        if policy in found.kept and len(servers) <= case.size:
            assert found.kept[policy][: len(servers)] == servers
        elif policy in found.kept:
            assert len(set(servers) - set(found.kept[policy])) <= len(servers) - case.size


@given(cases(all_move=True))
def test_there_are_as_few_policies_as_the_servers_need(case: Case) -> None:
    found = case.spread()
    assert len(found.kept) + len(found.new) == max(1, -(-len(case.servers) // case.size))


@given(cases())
def test_a_policy_is_dropped_only_when_no_new_one_is_needed(case: Case) -> None:
    """So the policies that go and those that come never count against the quota together."""
    found = case.spread()
    assert not (found.dropped and found.new)


@given(cases())
def test_the_second_time_nothing_changes(case: Case) -> None:
    found = case.spread()
    members = {**found.kept, **{f"new-{number}": servers for number, servers in enumerate(found.new)}}
    assert case._replace(members=members, joining=[]).spread() == (members, [], [])


@given(cases(), st.randoms())
def test_the_order_of_those_who_join_moves_nobody(case: Case, random: t.Any) -> None:
    shuffled = list(case.joining)
    random.shuffle(shuffled)
    found, other = case.spread(), case._replace(joining=shuffled).spread()
    assert (other.dropped, moved(case, other)) == (found.dropped, moved(case, found))


@given(cases(all_move=True), st.data())
def test_servers_that_were_about_to_move_when_the_task_was_killed_still_find_a_place(
    case: Case, data: st.DataObject
) -> None:
    """They are in no policy then, and join like new ones: nobody else moves, and no policy is there in vain."""
    found = case.spread()
    about_to_move = sorted(moved(case, found))
    out = set(data.draw(st.sets(st.sampled_from(about_to_move)))) if about_to_move else set()
    left = {policy: [server for server in servers if server not in out] for policy, servers in case.members.items()}
    again = case._replace(members=left, joining=[*case.joining, *sorted(out)])
    assert len(again.spread().kept) + len(again.spread().new) == len(found.kept) + len(found.new)


@given(cases())
def test_the_policies_that_are_passed_in_are_left_alone(case: Case) -> None:
    members = {policy: list(servers) for policy, servers in case.members.items()}
    joining = list(case.joining)
    case.spread()
    assert (case.members, case.joining) == (members, joining)
