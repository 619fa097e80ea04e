# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import openstack
import pytest
from openstack import proxy, resource

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk.paged import Paged
from tests.support.wire import Wire


class Marked(Paged):
    resources_key = "things"
    base_path = "/things"
    page_size = 2
    _query_mapping = resource.QueryParameters("status", flavour="type", include_pagination_defaults=False)
    size = resource.Body("size")


class Counted(Marked):
    by_offset = True


class Whole(Marked):
    page_size = None


def things(*ids: str, **more: t.Any) -> dict[str, t.Any]:
    return {"things": [{"id": one} for one in ids], **more}


def listed(kind: type[Paged], *answers: t.Any, **query: t.Any) -> tuple[list[str], list[str]]:
    """Return the IDs that a list has, and the queries that were sent for it."""
    wire = Wire()
    wire.answer(*answers)
    ids = [row["id"] for row in kind.rows(wire.proxy(proxy.Proxy), **query)]
    assert not wire.answers
    return ids, [path.partition("?")[2] for _method, path, _body in wire.requests]


@pytest.mark.parametrize(
    ("kind", "answers", "queries"),
    [
        (Marked, [things("a")], ["limit=2"]),
        (Marked, [things("a", "b"), things("c")], ["limit=2", "limit=2&marker=b"]),
        (Marked, [things("a", "b"), things()], ["limit=2", "limit=2&marker=b"]),
        (Counted, [things("a", "b"), things("c")], ["limit=2", "limit=2&offset=2"]),
        # The service made a shorter page than it was asked for.
        (Counted, [things("a", count=3), things("b", "c", count=3), things()], ["limit=2", "limit=2&offset=1"]),
        (Marked, [things("a", count=2), things("b", count=2)], ["limit=2", "limit=2&marker=a"]),
        # It counts more than it shows.
        (Counted, [things("a", count=50), things(count=50)], ["limit=2", "limit=2&offset=1"]),
        (Whole, [things("a", "b", "c", count=9)], [""]),
        (Marked, [{"things": None, "count": None}], ["limit=2"]),
    ],
)
def test_a_list_is_read_to_its_end_and_no_further(kind: type[Paged], answers: list[t.Any], queries: list[str]) -> None:
    ids, sent = listed(kind, *answers)
    assert ids == [one["id"] for answer in answers for one in answer["things"] or ()]
    assert sent[: len(queries)] == queries and len(sent) == len(answers)


def test_pages_that_go_round_cannot_keep_a_task_for_ever() -> None:
    with pytest.raises(openstack.exceptions.SDKException, match="no end"):
        listed(Marked, things("a", "b"), things("c", "d"), things("a", "b"))


@pytest.mark.parametrize("kind", [Marked, Counted])
def test_a_service_that_repeats_a_page_cannot_keep_a_task_for_ever(kind: type[Paged]) -> None:
    with pytest.raises(openstack.exceptions.SDKException, match="no end"):
        listed(kind, things("a", "b"), things("a", "b"))


def test_rows_have_every_field_and_keep_its_value() -> None:
    wire = Wire()
    wire.answer({"things": [{"id": "a", "size": "40", "more": 1}, {"id": "b", "name": "n"}]}, things())
    rows = list(Marked.rows(wire.proxy(proxy.Proxy)))
    assert rows == [{"id": "a", "name": None, "size": "40"}, {"id": "b", "name": "n", "size": None}]


def test_a_filter_of_several_values_is_repeated() -> None:
    assert listed(Whole, things(), status=["available", "error"], flavour="x")[1] == [
        "status=available&status=error&type=x"
    ]


def test_a_filter_that_the_list_does_not_know_is_refused_before_any_request() -> None:
    with pytest.raises(openstack.exceptions.InvalidResourceQuery):
        listed(Whole, stat="available")


@pytest.mark.parametrize("answer", [{}, {"items": []}, {"things": "text"}, {"things": 1}])
def test_another_answer_is_no_list(answer: t.Any) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError)):
        listed(Whole, answer)
