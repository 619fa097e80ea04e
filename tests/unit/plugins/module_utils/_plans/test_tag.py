# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_tag: from the tags of a resource to the calls."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.tag import TagOptions, changes_of, tag_calls

Tags = dict[str, str]


def changes(current: Tags, tags: Tags, state: str = "present", purge: bool = False) -> tuple[Tags, Tags]:
    return changes_of(TagOptions("policy", ["p"], tags, state, purge), current)


@pytest.mark.parametrize(
    ("current", "tags", "more", "remove", "put"),
    [
        ({"a": "1"}, {"a": "1"}, {}, {}, {}),
        ({"a": "1"}, {"a": "2", "b": ""}, {}, {}, {"a": "2", "b": ""}),
        ({"a": "1", "c": ""}, {"b": "2"}, {"purge": True}, {"a": "1", "c": ""}, {"b": "2"}),
        ({"a": "1"}, {}, {"purge": True}, {"a": "1"}, {}),
        ({"a": "1", "b": ""}, {"a": ""}, {"state": "absent"}, {"a": "1"}, {}),
        ({"a": "1"}, {"a": "1"}, {"state": "absent"}, {"a": "1"}, {}),
        ({"a": "1"}, {"a": "2", "b": ""}, {"state": "absent"}, {}, {}),
    ],
)
def test_only_what_differs_is_changed(
    current: Tags, tags: Tags, more: dict[str, t.Any], remove: Tags, put: Tags
) -> None:
    assert changes(current, tags, **more) == (remove, put)


@pytest.mark.parametrize(
    ("remove", "put", "calls"),
    [
        ({}, {}, []),
        ({"a": "1"}, {}, [("remove_tag", {"key": "a"})]),
        ({}, {"a": ""}, [("add_tag", {"key": "a", "value": ""})]),
        (
            {"b": "2", "a": "1"},
            {"d": "4", "c": "3"},
            [
                ("unset_tags", {"tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}),
                ("set_tags", {"tags": [{"key": "c", "value": "3"}, {"key": "d", "value": "4"}]}),
            ],
        ),
    ],
)
def test_removals_go_first_and_a_single_tag_has_requests_of_its_own(
    remove: Tags, put: Tags, calls: list[t.Any]
) -> None:
    where = {"resource_type": "backup", "resource_id": "b1"}
    planned = tag_calls("backup", "b1", "backup 'b'", remove, put, group="b1")
    assert [(call.method, call.arguments) for call in planned] == [
        (method, {**where, **arguments}) for method, arguments in calls
    ]
    assert {call.group for call in planned} <= {"b1"}
    assert all("backup 'b'" in call.operation for call in planned)
