# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags fit the tag options or not, as the service would say."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.tag_match import fits
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.tag_query import tag_query


def query(**options: dict[str, t.Any]) -> dict[str, t.Any]:
    return tag_query(options)


TAGS = {"team": "platform", "stage": "prod", "empty": ""}


@pytest.mark.parametrize(
    ("options", "fit"),
    [
        ({}, True),
        ({"tags": {"team": "platform", "stage": "prod"}}, True),
        ({"tags": {"team": "platform", "stage": "test"}}, False),
        ({"tags": {"team": None}}, True),
        ({"tags": {"other": None}}, False),
        ({"tags": {"team": ["web", "platform"]}}, True),
        ({"tags": {"team": "plat"}}, False),
        ({"tags": {"team": "*lat"}}, True),
        ({"tags": {"team": "*"}}, True),
        ({"tags": {"team": "*web"}}, False),
        ({"tags": {"empty": ""}}, True),
        ({"tags": {"team": ""}}, False),
        ({"tags": {" team ": " platform "}}, True),
        ({"tags_any": {"team": "web", "stage": "prod"}}, True),
        ({"tags_any": {"team": "web", "stage": "test"}}, False),
        ({"not_tags": {"team": "platform", "stage": "test"}}, True),
        ({"not_tags": {"team": "platform", "stage": "prod"}}, False),
        ({"not_tags_any": {"team": "web", "stage": "test"}}, True),
        ({"not_tags_any": {"team": "web", "stage": "prod"}}, False),
        ({"tags": {"team": None}, "not_tags": {"stage": "prod"}}, False),
    ],
)
def test_tags_fit_a_query_or_not(options: dict[str, t.Any], fit: bool) -> None:
    assert fits(TAGS, query(**options)) is fit


def test_what_has_no_tags_fits_only_queries_that_leave_out() -> None:
    assert fits({}, {}) and fits({}, query(not_tags={"a": None})) and fits({}, query(not_tags_any={"a": None}))
    assert not fits({}, query(tags={"a": None})) and not fits({}, query(tags_any={"a": None}))
