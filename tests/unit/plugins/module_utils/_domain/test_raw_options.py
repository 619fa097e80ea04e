# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.raw_options import check_raw_options

SPEC: dict[str, Any] = {
    "auth": {"type": "dict"},
    "client_key": {"type": "str", "aliases": ["key"]},
    "cloud": {"type": "raw"},
    "description": {"type": "str"},
    "name": {"type": "str"},
    "rules": {"type": "list", "elements": "dict", "options": {"days": {"type": "int"}}},
    "schedule": {"type": "dict", "options": {"days": {"type": "int"}, "pattern": {"type": "raw"}}},
    "servers": {"type": "list", "elements": "raw"},
    "size_factor": {"type": "float"},
    "tags": {"type": "dict"},
    "timeout": {"type": "int"},
}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"timeout": True}, "timeout: true is not a number; it must be a whole number"),
        ({"timeout": "inf"}, "timeout: 'inf' is not a number; it must be a whole number"),
        ({"timeout": "1e999999"}, "timeout: '1e999999' is not a number; it must be a whole number"),
        ({"timeout": ""}, "timeout: '' is not a number; it must be a whole number"),
        (
            {"timeout": 10**16},
            "timeout: 10000000000000000 is out of range; it must be a whole number with at most 15 dig",
        ),
        ({"timeout": 10**5000}, "timeout: a number of more than 30 digits is out of range"),
        ({"size_factor": "nan"}, "size_factor: 'nan' is not a number; it must be a number"),
        ({"size_factor": float("inf")}, "size_factor: inf is out of range"),
        ({"schedule": {"days": False}}, "schedule.days: false is not a number"),
        ({"rules": [{"days": 1}, {"days": True}]}, "rules.days: true is not a number"),
        ({"rules": "text"}, "rules: 'text' is not a list of dictionaries"),
        ({"schedule": ["a"]}, "schedule: ['a'] is not a dictionary"),
        ({"name": ["a"]}, "name: ['a'] is a list; this option takes one text"),
        ({"name": {"a": 1}}, "name: {'a': 1} is a dictionary; this option takes one text"),
        ({"name": "a\ud800"}, "name: 'a\\ud800' holds the character U+D800, which is no character of any text"),
        ({"name": "a\x00b"}, "name: 'a\\x00b' holds the character U+0000, which no text may have here"),
        ({"name": "a\nb"}, "name: 'a\\nb' holds the character U+000A"),
        ({"servers": ["a", "b\x1b[31m"]}, "servers: 'b\\x1b[31m' holds the character U+001B"),
        ({"tags": {"k\x07": "v"}}, "tags: 'k\\x07' holds the character U+0007"),
        ({"tags": {"k": "v\x07"}}, "tags.k: 'v\\x07' holds the character U+0007"),
        ({"auth": {"password": "secret\x00"}}, "auth.password: its value holds the character U+0000"),
        ({"auth": "secret"}, "auth: its value is not a dictionary"),
        ({"cloud": {"auth": "secret"}}, "cloud.auth: its value is not a dictionary"),
        ({"key": "secret\ud800"}, "key: its value holds the character U+D800"),
    ],
)
def test_refuses_what_no_option_can_have(params: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_raw_options(SPEC, params)
    assert str(refusal.value).startswith(message)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "params",
    [
        {"timeout": "60", "size_factor": "1.5"},
        {"timeout": 1.0, "size_factor": 2},
        {"timeout": "1e3", "name": 5},
        {"timeout": None, "name": None, "schedule": None},
        {"description": "two\nlines\tof text", "schedule": {"pattern": "BEGIN:VEVENT\r\nFREQ=DAILY"}},
        {"name": "\U0001f4be\u200d\U0001f525 ключ", "servers": ["web-1\n", {"id": "x"}]},
        {"auth": {"password": "line\nbreak"}},
        {"tags": "a=b", "auth": '{"a": "b"}', "_ansible_check_mode": True},
        {"no_such_option": True},
    ],
)
def test_leaves_the_rest_to_ansible_and_to_the_rules_of_options(params: dict[str, Any]) -> None:
    check_raw_options(SPEC, params)


def test_a_long_value_is_cut() -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_raw_options(SPEC, {"timeout": "x" * 10_000})
    assert len(str(refusal.value)) < 200
