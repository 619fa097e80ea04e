# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy sets: the policies that belong to one, and which server is in which of them."""

from __future__ import annotations

import itertools
import re
import typing as t

from .limits import MAX_POLICIES

#: Characters of the number that a policy of a set has behind the name of the set
SUFFIX_LENGTH = len("-0001")


class Spread(t.NamedTuple):
    """Which servers (IDs) the policies of a set have.

    kept: by policy ID. dropped: the IDs of the policies that are no longer needed. new: the servers of each new policy.
    """

    kept: dict[str, list[str]]
    dropped: list[str]
    new: list[list[str]]


def numbered(name: str, number: int) -> str:
    """Return the name of a policy of a set."""
    return f"{name}-{number:04d}"


def number_in(name: str, policy_name: str) -> int | None:
    """Return the number of a policy in the set with that name, None when it does not belong to the set.

    A project has few policies, so other numbers, such as that of a year, are part of a name of its own.
    """
    match = re.fullmatch(re.escape(name) + "-([0-9]{4})", policy_name)
    number = int(match[1]) if match else 0
    return number if 1 <= number <= MAX_POLICIES else None


def free_numbers(taken: t.Iterable[int]) -> t.Iterator[int]:
    """Return the numbers that no policy has, the lowest first."""
    used = set(taken)
    return (number for number in itertools.count(1) if number not in used)


def spread(
    members: t.Mapping[str, t.Sequence[str]],
    joining: t.Sequence[str],
    size: int,
    movable: t.Container[str],
) -> Spread:
    """Return which servers the policies of a set have after servers have joined, with the fewest policies that fit.

    members: by policy ID, in the order of their numbers, the servers that stay in the set. joining: servers that are in
    none of the policies. size: how many servers a policy has at most. movable: the servers that may change their
    policy.

    A server leaves its policy only if the policy has more servers than size, or if that lets a policy be dropped.
    """
    kept = {policy: list(servers) for policy, servers in members.items()}
    # Those that are in no policy come first: after an interruption they are those that were about to move, and get the
    # places that they would have got.
    waiting = list(joining)
    for policy, servers in kept.items():
        over = len(servers) - size
        if over > 0:
            leaving = [server for server in servers if server in movable][-over:]
            kept[policy] = [server for server in servers if server not in leaving]
            waiting += leaving
    dropped = []
    # The smallest go first, so that the fewest servers move; of equal ones the last.
    for policy in sorted(reversed(list(kept)), key=lambda policy: len(kept[policy])):
        room = sum(max(size - len(servers), 0) for other, servers in kept.items() if other != policy)
        leaves = len(kept) > 1 and all(server in movable for server in kept[policy])
        if leaves and room >= len(waiting) + len(kept[policy]):
            waiting += kept.pop(policy)
            dropped.append(policy)
    for servers in kept.values():
        room = max(size - len(servers), 0)
        servers += waiting[:room]
        del waiting[:room]
    new = []
    while waiting:
        new.append(waiting[:size])
        del waiting[:size]
    return Spread(kept, dropped, new or ([] if kept else [[]]))
