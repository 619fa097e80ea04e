# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad names, descriptions and numbers are refused with the option and the value; good ones pass."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.limits import (
    as_text,
    check_description,
    check_name,
    check_positive,
    check_range,
    refuse_ignored,
)


@pytest.mark.parametrize("name", ["a", "nightly-0001", "A_b-9", "x" * 255])
def test_a_valid_name_is_taken_as_it_is(name: str) -> None:
    assert check_name("name", name) == name


@pytest.mark.parametrize("name", ["", "x" * 256, "with space", "dot.ted", "nightly\n", "\u00fcbung", "a/b", "\u0661"])
def test_an_invalid_name_is_refused_with_the_option_and_the_value(name: str) -> None:
    with pytest.raises(InvalidInput, match="^new_name: ") as refusal:
        check_name("new_name", name)
    assert repr(name) in str(refusal.value)


@pytest.mark.parametrize(("length", "fits"), [(250, True), (251, False)])
def test_a_name_leaves_room_for_its_suffix(length: int, fits: bool) -> None:
    if fits:
        assert check_name("name", "x" * length, room=5)
    else:
        with pytest.raises(InvalidInput, match="256"):
            check_name("name", "x" * length, room=5)


@pytest.mark.parametrize("text", ["", "x" * 255, "umlauts: \u00e4, quotes \" ' and & are fine"])
def test_a_valid_description_is_taken(text: str) -> None:
    assert check_description("description", text) == text


@pytest.mark.parametrize(("text", "why"), [("x" * 256, "256"), ("a<b", "'<'"), ("a>b", "'>'")])
def test_an_invalid_description_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        check_description("description", text)


@pytest.mark.parametrize("value", [None, 0, 100, -1])
def test_a_number_at_the_edge_of_its_range_is_taken(value: int | None) -> None:
    assert check_range("days", value, 0, 100, also=(-1,)) == value


@pytest.mark.parametrize("value", [-2, 101])
def test_a_number_out_of_range_is_refused_with_value_and_range(value: int) -> None:
    with pytest.raises(InvalidInput, match=f"days: {value} .*0 to 100 or -1"):
        check_range("days", value, 0, 100, also=(-1,))


@pytest.mark.parametrize(("value", "zero"), [(0, False), (-0.5, False), (-1, True)])
def test_a_duration_that_is_none_is_refused(value: float, zero: bool) -> None:
    with pytest.raises(InvalidInput, match="timeout"):
        check_positive("timeout", value, zero)


def test_zero_passes_where_it_is_allowed() -> None:
    check_positive("poll_interval", 0, zero=True)
    check_positive("poll_interval", 0.1)


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (True, "true"), (False, "false"), (0, "0"), (4711, "4711"), ("Yes", "Yes")]
)
def test_a_yaml_scalar_becomes_the_text_its_writer_saw(value: t.Any, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize("option", ["servers", "purge_servers"])
def test_an_option_without_effect_is_refused_with_the_case(option: str) -> None:
    params = {"name": "x", "servers": None, "purge_servers": False}
    refuse_ignored(params, "with state absent", params.keys() - {"name"})
    with pytest.raises(InvalidInput, match=f"{option} has no effect with state absent"):
        refuse_ignored({**params, option: True}, "with state absent", params.keys() - {"name"})
