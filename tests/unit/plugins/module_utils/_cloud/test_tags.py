# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of lists get the tags that the lists leave out, whatever the service answers to the query for all tags."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.tags import add_tags
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    NotFound,
)
from tests.support.fakes import Cloud, backup, policy

Rows = list[dict[str, t.Any]]
TAG = [{"key": "a", "value": "1"}]


class Counted(Cloud):
    """A cloud that counts how it is asked for tags, refuses as it is told, and leaves rows out of its query."""

    refusal: CloudError | None = None
    hidden: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()

    def __init__(self, **rows: t.Any) -> None:
        super().__init__(**rows)
        self.queries: list[str] = []
        self.reads: list[str] = []

    def find_tagged(self, resource_type: str, query: dict[str, t.Any]) -> Rows:
        self.queries.append(resource_type)
        assert query == {}
        if self.refusal is not None:
            raise self.refusal
        return [row for row in super().find_tagged(resource_type, query) if row["resource_id"] not in self.hidden]

    def tags_of(self, resource_type: str, resource_id: str) -> Rows:
        self.reads.append(resource_id)
        if resource_id in self.gone:
            raise NotFound("read the tags", "gone", "CSBS.3001", 404)
        return super().tags_of(resource_type, resource_id)


KINDS: dict[str, t.Any] = {
    "backup": lambda name, **fields: backup(name, "web", **fields),
    "policy": policy,
}


@pytest.fixture(params=sorted(KINDS))
def kind(request: t.Any) -> str:
    return str(request.param)


def estate(kind: str) -> tuple[Counted, Rows]:
    """A cloud with a tagged and an untagged row, and these rows as a list without tags has them."""
    rows = [KINDS[kind]("x", tags=TAG), KINDS[kind]("y", tags=[])]
    cloud = Counted(backups=rows) if kind == "backup" else Counted(policies=rows)
    return cloud, [{**row, "tags": None} for row in rows]


def test_one_query_tells_of_all(kind: str) -> None:
    cloud, rows = estate(kind)
    assert add_tags(cloud, rows, kind) is rows
    assert [row["tags"] for row in rows] == [TAG, []]
    assert (cloud.queries, cloud.reads) == ([kind], [])


def test_a_service_that_refuses_the_query_for_all_is_asked_for_each(kind: str) -> None:
    cloud, rows = estate(kind)
    cloud.refusal = CloudError("look up", "no tag", "CSBS.9001", 400)
    assert [row["tags"] for row in add_tags(cloud, rows, kind)] == [TAG, []]
    assert cloud.reads == [row["id"] for row in rows]


def test_what_the_query_leaves_out_is_read_by_itself(kind: str) -> None:
    cloud, rows = estate(kind)
    cloud.hidden = frozenset({rows[0]["id"]})
    assert [row["tags"] for row in add_tags(cloud, rows, kind)] == [TAG, []]
    assert cloud.reads == [rows[0]["id"]]


def test_a_row_that_is_gone_has_no_tags(kind: str) -> None:
    cloud, rows = estate(kind)
    cloud.hidden = cloud.gone = frozenset({rows[0]["id"]})
    assert [row["tags"] for row in add_tags(cloud, rows, kind)] == [[], []]


def test_rows_that_have_their_tags_cost_nothing(kind: str) -> None:
    cloud, rows = estate(kind)
    for row in rows:
        row["tags"] = TAG
    assert [row["tags"] for row in add_tags(cloud, rows, kind)] == [TAG, TAG]
    assert (cloud.queries, cloud.reads) == ([], [])
    assert add_tags(cloud, [], kind) == []


@pytest.mark.parametrize(
    "error",
    [
        CloudError("look up", "out of order", "CSBS.9999", 500),
        FinalError("look up", "no such address", "APIGW.0101", 404),
    ],
)
def test_any_other_failure_is_one_and_never_means_no_tags(kind: str, error: CloudError) -> None:
    cloud, rows = estate(kind)
    cloud.refusal = error
    with pytest.raises(CloudError):
        add_tags(cloud, rows, kind)
