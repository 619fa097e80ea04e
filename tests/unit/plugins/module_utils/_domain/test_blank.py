# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blank values of dictionaries."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.blank import drop_blank, is_blank


@pytest.mark.parametrize("value", [None, "", " ", "\n", " \t\r\n ", "\u00a0"])
def test_null_and_white_text_are_blank(value: t.Any) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, 0.0, False, [], {}, (), "0", "x", " x ", "\nx", [""], {"a": None}])
def test_everything_else_is_not_blank(value: t.Any) -> None:
    assert not is_blank(value)


def test_blank_values_are_dropped_and_the_order_stays() -> None:
    assert list(drop_blank({"z": 1, "b": "", "a": False, "c": None}).items()) == [("z", 1), ("a", False)]


def test_dictionaries_are_cleaned_only_under_the_named_keys() -> None:
    values = {"policy": {"name": "p", "tags": ""}, "tags": {"empty": ""}, "other": "x"}
    assert drop_blank(values, ["policy", "other", "missing"]) == {
        "policy": {"name": "p"},
        "tags": {"empty": ""},
        "other": "x",
    }
    assert values["policy"] == {"name": "p", "tags": ""}


def test_a_dictionary_with_blank_values_only_stays_as_an_empty_one() -> None:
    """A role that is given a policy without any option refuses it, and does not leave it out."""
    assert drop_blank({"policy": {"name": ""}}, ["policy"]) == {"policy": {}}
    assert drop_blank({"policy": {"inner": {"name": ""}}}, ["policy"]) == {"policy": {"inner": {"name": ""}}}
