# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the option tags."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.tag_option import (
    parse_tags,
    parse_tags_to_remove,
)

TEN = {f"k{number}": "v" for number in range(10)}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (None, None),
        ({}, {}),
        (
            {"team": "platform", "empty": None, "cost": 4711, "on": True},
            {"team": "platform", "empty": "", "cost": "4711", "on": "true"},
        ),
        ({"k" * 36: "v" * 43}, {"k" * 36: "v" * 43}),
        ({1: 2}, {"1": "2"}),
        (TEN, TEN),
    ],
)
def test_tags_become_text(tags: dict[str, t.Any] | None, expected: dict[str, str] | None) -> None:
    assert parse_tags("tags", tags) == expected


@pytest.mark.parametrize(
    ("tags", "fragment"),
    [
        ({"": "v"}, "''"),
        ({"k" * 37: "v"}, "1 to 36"),
        ({"a.b": "v"}, "'a.b'"),
        ({"k\n": "v"}, "'k\\n'"),
        ({"k": "v" * 44}, "up to 43"),
        ({"k": "a b"}, "'a b'"),
        ({"k": 1.5}, "'1.5'"),
        ({"k": ["a"]}, "'k'"),
        ({**TEN, "k10": "v"}, "11 tags"),
    ],
)
def test_a_tag_that_cannot_be_is_refused(tags: dict[str, t.Any], fragment: str) -> None:
    with pytest.raises(InvalidInput, match="^tags: ") as refusal:
        parse_tags("tags", tags)
    assert fragment in str(refusal.value)


def test_a_removal_takes_keys_that_no_tag_could_be_given_today() -> None:
    assert parse_tags_to_remove("tags", {"a.b" * 42: "v" * 255, "old": None}) == {"a.b" * 42: "v" * 255, "old": ""}


@pytest.mark.parametrize("tags", [{"": "v"}, {" ": "v"}, {"k" * 128: ""}, {"k": "v" * 256}])
def test_a_removal_of_what_no_tag_ever_was_is_refused(tags: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="^tags: "):
        parse_tags_to_remove("tags", tags)


def test_a_key_that_is_an_id_is_refused_for_vaults_only() -> None:
    mark = {"45baf976-c20a-4894-a7c3-c94b7376bf55": ""}
    assert parse_tags("tags", mark) == mark
    with pytest.raises(InvalidInput, match="^tags: '45baf976-.*has the form of an ID.*choose another key"):
        parse_tags("tags", mark, vaults=True)
    assert parse_tags("tags", {"45baf976": ""}, vaults=True) == {"45baf976": ""}
