# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from openstack import proxy

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk import tags
from tests.support.wire import Wire


def test_a_key_is_quoted_where_it_becomes_part_of_an_address() -> None:
    wire = Wire()
    wire.answer(None, status=204)
    tags.Tags(wire.proxy(proxy.Proxy), "vault").remove("v", "a/b?c ä")
    assert wire.requests == [("DELETE", "/vault/v/tags/a%2Fb%3Fc%20%C3%A4", None)]


def test_pages_of_a_tag_query_are_numbered_with_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "PAGE_SIZE", 2)
    wire = Wire()
    wire.answer({"resources": [{"resource_id": "a"}, {"resource_id": "b"}]}, {"resources": [{"resource_id": "c"}]})
    found = list(tags.Tags(wire.proxy(proxy.Proxy), "vault").find(tags=[{"key": "k", "values": []}]))
    assert [row["resource_id"] for row in found] == ["a", "b", "c"]
    assert found[0] == {"resource_id": "a", "resource_name": None, "tags": None}
    assert [(path, body["limit"], body["offset"]) for _method, path, body in wire.requests] == [
        ("/vault/resource_instances/action", "2", "0"),
        ("/vault/resource_instances/action", "2", "2"),
    ]


def test_a_count_is_a_number_and_asks_for_no_page() -> None:
    wire = Wire()
    wire.answer({"total_count": "3"})
    assert tags.Tags(wire.proxy(proxy.Proxy), "vault").count(without_any_tag=True) == 3
    assert wire.requests[0][2] == {"action": "count", "without_any_tag": True}
