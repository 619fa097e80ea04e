# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as results show them, and the states of images."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.image import (
    UNREAD,
    describe_image,
    image_result,
    is_alive,
    unread_image,
)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (None, {}),
        (["a=1", "b="], {"a": "1", "b": ""}),
        (["a.1", "b"], {"a": "1", "b": ""}),
        (["a=1.2=3"], {"a": "1.2=3"}),
    ],
)
def test_tags_come_as_a_dict_however_they_are_written(tags: t.Any, expected: dict[str, str]) -> None:
    assert image_result({"tags": tags})["tags"] == expected


@pytest.mark.parametrize(("value", "expected"), [(None, None), (0, None), ("", None), ("2048", 2048), (1024, 1024)])
def test_memory_is_a_number_or_null(value: t.Any, expected: int | None) -> None:
    shown = image_result({"min_ram": value, "max_ram": value})
    assert (shown["min_ram"], shown["max_ram"]) == (expected, expected)


def test_a_description_that_is_not_known_is_null_and_an_empty_one_is_text() -> None:
    assert image_result({})["description"] is None
    assert image_result({"__description": None})["description"] == ""
    assert image_result({"__description": "d"})["description"] == "d"


def test_what_is_not_known_is_null_and_every_image_has_the_same_keys() -> None:
    unread = image_result(unread_image("img", "item", "no right"))
    assert {key for key, value in unread.items() if value is not None} == {"id", "backup_id"}
    assert unread.keys() == image_result({}).keys()
    assert UNREAD not in unread


@pytest.mark.parametrize(
    ("status", "alive"), [("active", True), ("queued", True), ("saving", True), ("killed", False), ("deleted", False)]
)
def test_an_image_is_alive_when_it_is_ready_or_being_made(status: str, alive: bool) -> None:
    assert is_alive({"status": status}) is alive


def test_messages_name_an_image_with_its_id_as_far_as_it_is_known() -> None:
    assert describe_image({"name": "golden", "id": "img"}) == "'golden' (img)"
    assert describe_image({"name": "golden"}) == "'golden' (its id is not known)"
