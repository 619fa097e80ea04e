# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which disk of a backup goes onto which disk of a server: exact mappings, exact refusals, and what always holds."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.disk_mapping import map_disks
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput

Disk = dict[str, t.Any]


def source(name: str, size: int | None, system: bool = False) -> Disk:
    """A disk of a backup: its own id is b-NAME, and the disk that was backed up was NAME."""
    return {
        "id": f"b-{name}",
        "volume_id": name,
        "volume_name": f"disk-{name}",
        "volume_size_gb": size,
        "bootable": system,
    }


def disk(name: str, size: int, system: bool = False, shared: bool = False, device: str = "") -> Disk:
    return {
        "id": name,
        "name": f"disk-{name}",
        "size_gb": size,
        "bootable": system,
        "shared": shared,
        "device": device or f"/dev/vd{name}",
    }


def mapped(sources: list[Disk], disks: list[Disk], *pairs: tuple[str, str]) -> dict[str, str]:
    return {ours["volume_id"]: theirs["id"] for ours, theirs in map_disks(sources, disks, pairs, "'web' (id-web)")}


SYSTEM, OTHER = source("s", 20, True), disk("x", 20, True)


@pytest.mark.parametrize(
    ("sources", "disks", "pairs", "expected"),
    [
        ([SYSTEM], [disk("s", 20, True)], [], {"s": "s"}),
        ([SYSTEM], [OTHER], [], {"s": "x"}),
        # Back to where they came from, whatever the sizes of the others are.
        (
            [SYSTEM, source("p", 40), source("q", 40)],
            [disk("q", 40), disk("p", 40), disk("s", 20, True)],
            [],
            {"s": "s", "p": "p", "q": "q"},
        ),
        # The user's word comes first, and what it takes is gone for the others.
        ([source("p", 40), source("q", 40)], [disk("p", 40), disk("q", 40)], [("b-p", "q")], {"p": "q", "q": "p"}),
        (
            [source("p", 40), source("q", 40)],
            [disk("p", 40), disk("q", 40)],
            [("p", "q"), ("q", "p")],
            {"p": "q", "q": "p"},
        ),
        # One way only.
        ([source("p", 40), source("q", 50)], [disk("a", 45), disk("b", 60)], [], {"p": "a", "q": "b"}),
        ([source("p", 40)], [disk("a", 30), disk("b", 60)], [], {"p": "b"}),
        ([source("p", 40)], [disk("a", 40, shared=True), disk("b", 60)], [], {"p": "b"}),
        # Disks of equal size that came from this server go back to where they came from, and the rest has one way only.
        ([source("p", 40), source("q", 40)], [disk("new", 40), disk("p", 40)], [], {"p": "p", "q": "new"}),
        ([source("p", 40), source("q", 40)], [disk("a", 40), disk("b", 40)], [("p", "b")], {"p": "b", "q": "a"}),
        # Several system disks are told apart in the same way.
        ([SYSTEM, source("p", 30, True)], [disk("a", 25, True), disk("b", 30, True)], [], {"s": "a", "p": "b"}),
    ],
)
def test_what_is_certain_is_mapped(
    sources: list[Disk], disks: list[Disk], pairs: list[tuple[str, str]], expected: dict[str, str]
) -> None:
    assert mapped(sources, disks, *pairs) == expected


@pytest.mark.parametrize(
    ("sources", "disks", "pairs", "words"),
    [
        ([], [OTHER], [], "holds no disk"),
        ([SYSTEM], [], [], "has no disk"),
        ([source("p", None)], [disk("p", 40)], [], "does not say how large 'disk-p' \\(b-p\\)"),
        ([SYSTEM], [OTHER], [("zzz", "x")], "zzz is no disk of the backup"),
        ([SYSTEM], [OTHER], [("b-s", "s")], "disk s is not attached"),
        ([SYSTEM], [OTHER, disk("y", 20, True)], [("b-s", "x"), ("s", "y")], "mapped twice"),
        ([source("p", 1), source("q", 1)], [disk("a", 1), disk("b", 1)], [("b-p", "a"), ("b-q", "a")], "there twice"),
        (
            [SYSTEM],
            [disk("y", 20)],
            [("b-s", "y")],
            "system disk 'disk-s' \\(b-s\\) cannot go onto data disk 'disk-y' \\(y\\)",
        ),
        (
            [source("p", 20)],
            [OTHER],
            [("b-p", "x")],
            "data disk 'disk-p' \\(b-p\\) cannot go onto system disk 'disk-x' \\(x\\)",
        ),
        ([SYSTEM], [disk("x", 20, True, shared=True)], [("b-s", "x")], "'disk-x' \\(x\\) is shared"),
        ([SYSTEM], [disk("x", 20, True, shared=True)], [], "'disk-x' \\(x\\) is shared"),
        (
            [SYSTEM],
            [disk("x", 19, True)],
            [("b-s", "x")],
            "has 19 GB, which is smaller than 'disk-s' \\(b-s\\) with 20 GB",
        ),
        # A disk that it came from is meant, even when it does not fit: another one is not taken in its stead.
        ([source("p", 40)], [disk("p", 40, shared=True), disk("q", 40)], [], "'disk-p' \\(p\\) is shared"),
        ([SYSTEM, source("p", 40)], [disk("x", 20, True)], [], "no data disk left"),
        ([source("p", 40), source("q", 40)], [disk("a", 40), disk("b", 30)], [], "no data disk left"),
        ([SYSTEM], [disk("y", 20)], [], "no system disk left"),
        ([source("p", 40)], [disk("a", 40), disk("b", 40)], [], "more than one disk"),
        ([source("p", 40)], [disk("a", 50), disk("b", 60)], [], "more than one disk"),
        ([source("p", 40), source("q", 50)], [disk("a", 50), disk("b", 60)], [], "more than one disk"),
        ([SYSTEM], [disk("a", 30, True), disk("b", 30, True)], [], "more than one disk"),
        # The backup knows no devices, so equal disks of another server cannot be told apart.
        (
            [source("p", 40), source("q", 40)],
            [disk("1", 40, device="/dev/vdb"), disk("2", 40, device="/dev/vdc")],
            [],
            "more than one disk",
        ),
        ([source("p", 40), source("q", 50)], [disk("a", 50), disk("b", 40), disk("c", 90)], [], "more than one disk"),
        (
            [SYSTEM, source("p", 40), source("q", 40)],
            [OTHER, disk("a", 40), disk("b", 40)],
            [],
            "disk-p.* and .*disk-q.* could go onto more than",
        ),
    ],
)
def test_what_is_not_is_refused(
    sources: list[Disk], disks: list[Disk], pairs: list[tuple[str, str]], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as refusal:
        mapped(sources, disks, *pairs)
    text = str(refusal.value)
    assert "backup_id" in text and "'web' (id-web)" in text
    assert all(listed["id"] in text for listed in (*sources, *disks)), "both sides are listed"


SIZES = st.integers(1, 4).map(lambda number: number * 10)
SOURCES = st.lists(st.tuples(SIZES, st.booleans()), min_size=1, max_size=4)
TARGETS = st.lists(st.tuples(SIZES, st.booleans(), st.booleans()), min_size=1, max_size=5)


@given(SOURCES, TARGETS)
def test_a_mapping_is_whole_and_fits_and_is_the_only_one(ours: list[t.Any], theirs: list[t.Any]) -> None:
    sources = [source(f"p{number}", *fields) for number, fields in enumerate(ours)]
    disks = [disk(f"t{number}", *fields) for number, fields in enumerate(theirs)]

    def fits(part: Disk, target: Disk) -> bool:
        alike = target["bootable"] == part["bootable"] and not target["shared"]
        return alike and target["size_gb"] >= part["volume_size_gb"]

    def ways(system: bool) -> int:
        """How many ways there are for the system disks, or for the data disks."""
        kind = [part for part in sources if part["bootable"] is system]
        return sum(all(map(fits, kind, way)) for way in itertools.permutations(disks, len(kind)))

    try:
        pairs = map_disks(sources, disks, [], "web")
    except InvalidInput:
        assert (ways(True), ways(False)) != (1, 1), "what has one way only is never refused"
        return
    assert [part for part, dummy in pairs] == sources
    assert all(fits(part, target) for part, target in pairs)
    assert len({target["id"] for dummy, target in pairs}) == len(pairs)
    assert all(ways(system) == 1 for system in (True, False)), "nothing is guessed"
