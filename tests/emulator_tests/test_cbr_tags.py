# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of vaults, and finding vaults by them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator_tests.cbr_api import NOBODY, CbrApi

ACTION = "vault/resource_instances/action"


def _tag(key: str, value: str = "") -> dict[str, str]:
    return {"key": key, "value": value}


def test_walk(cbr: CbrApi) -> None:
    path = f"vault/{cbr.create_vault(tags=[_tag('a', '1')])['id']}/tags"
    assert cbr.call("POST", path, {"tag": _tag("b", " 2 ")}).status_code == 204
    cbr.ok("POST", path, {"tag": _tag("a", "3")})
    assert cbr.get(path) == {"tags": [_tag("a", "3"), _tag("b", "2")]}
    assert cbr.call("DELETE", f"{path}/a").status_code == 204
    assert cbr.no("6601", "DELETE", f"{path}/a") == 404
    tags = [_tag("c"), _tag("d", "x")]
    assert cbr.call("POST", f"{path}/action", {"action": "create", "tags": tags}).status_code == 204
    wish = [{"key": "c"}, {"key": "d", "value": "other"}, {"key": "none"}, {"key": "c"}]
    cbr.ok("POST", f"{path}/action", {"action": "delete", "tags": wish})
    assert cbr.get(path) == {"tags": [_tag("b", "2"), _tag("d", "x")]}
    for method, where, body in (
        ("GET", f"vault/{NOBODY}/tags", None),
        ("POST", f"vault/{NOBODY}/tags", {"tag": _tag("a")}),
        ("DELETE", f"vault/{NOBODY}/tags/a", None),
    ):
        assert cbr.no("6105", method, where, body) == 404


@pytest.mark.parametrize(
    "body",
    [
        {"action": "create", "tags": []},
        {"action": "create", "tags": [_tag("a"), _tag("a")]},
        {"action": "create", "tags": [{"key": "a"}]},
        {"action": "create", "tags": [_tag("a.b")]},
        {"action": "create", "tags": [_tag("x" * 37)]},
        {"action": "create", "tags": [_tag("a", "x" * 44)]},
        {"action": "update", "tags": [_tag("a")]},
        {"action": "delete", "tags": [{"key": " "}]},
        {"action": "delete", "tags": [{"key": f"k{number}"} for number in range(21)]},
        {"action": "delete"},
    ],
    ids=str,
)
def test_refused(live_cbr: CbrApi, body: dict[str, Any]) -> None:
    made = live_cbr.create_vault(tags=[_tag("a", "1")])
    assert live_cbr.no("9900", "POST", f"vault/{made['id']}/tags/action", body) == 400
    assert live_cbr.vault(made["id"])["tags"] == made["tags"]


def test_twenty(live_cbr: CbrApi) -> None:
    many = [_tag(f"k{number}") for number in range(21)]
    path = f"vault/{live_cbr.create_vault()['id']}/tags"
    assert live_cbr.no("6600", "POST", f"{path}/action", {"action": "create", "tags": many}) == 400
    live_cbr.ok("POST", f"{path}/action", {"action": "create", "tags": many[:20]})
    live_cbr.no("6600", "POST", path, {"tag": many[20]})
    live_cbr.ok("POST", path, {"tag": _tag("k0", "new")})


@pytest.fixture
def found(cbr: CbrApi) -> Any:
    """What a query finds, among three vaults and one for disks."""
    cbr.create_vault("alpha", tags=[_tag("env", "prod"), _tag("tier", "web")])
    cbr.create_vault("beta", tags=[_tag("env", "test")])
    cbr.create_vault("gamma")
    cbr.create_vault("disks", billing={"object_type": "disk"}, tags=[_tag("env", "prod")])

    def find(**query: Any) -> list[str]:
        answer = cbr.ok("POST", ACTION, {"action": "filter", **query})
        count = cbr.ok("POST", ACTION, {"action": "count", **query})
        assert count == {"total_count": len(answer["resources"])} and answer["total_count"] == count["total_count"]
        return sorted(row["resource_name"] for row in answer["resources"])

    return find


def _any(key: str, *values: str) -> list[dict[str, Any]]:
    return [{"key": key, "values": list(values)}]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["alpha", "beta", "disks", "gamma"]),
        ({"object_type": "server"}, ["alpha", "beta", "gamma"]),
        ({"cloud_type": "public", "object_type": "disk"}, ["disks"]),
        ({"tags": _any("env", "prod")}, ["alpha", "disks"]),
        ({"tags": _any("env")}, ["alpha", "beta", "disks"]),
        ({"tags": _any("env", "prod", "test")}, ["alpha", "beta", "disks"]),
        ({"tags": _any("env", "*ro")}, ["alpha", "disks"]),
        ({"tags": _any("env", "prod") + _any("tier", "web")}, ["alpha"]),
        ({"tags_any": _any("env", "test") + _any("tier", "web")}, ["alpha", "beta"]),
        ({"not_tags": _any("env", "prod") + _any("tier", "web")}, ["beta", "disks", "gamma"]),
        ({"not_tags_any": _any("env", "prod") + _any("tier", "web")}, ["beta", "gamma"]),
        ({"without_any_tag": True}, ["gamma"]),
        ({"without_any_tag": True, "tags": _any("env", "prod")}, ["gamma"]),
        ({"without_any_tag": False, "tags": _any("env", "test")}, ["beta"]),
        ({"matches": [{"key": "resource_name", "value": "ALPHA"}]}, ["alpha"]),
        ({"matches": [{"key": "resource_name", "value": ""}]}, []),
    ],
    ids=str,
)
def test_queries(found: Any, query: dict[str, Any], names: list[str]) -> None:
    assert found(**query) == names


def test_pages_of_queries(cbr: CbrApi) -> None:
    names = [f"v{number}" for number in range(3)]
    ids = [cbr.create_vault(name, tags=[_tag("a", name)])["id"] for name in names][::-1]
    page = cbr.ok("POST", ACTION, {"action": "filter", "limit": "2", "offset": "1"})
    assert ([row["resource_id"] for row in page["resources"]], page["total_count"]) == (ids[1:], 3)
    row = page["resources"][0]
    assert (row["resource_name"], row["tags"]) == ("v1", [_tag("a", "v1")])
    detail = row["resource_detail"]
    detail = detail if cbr.cloud.state.settings.live else detail[0]
    assert detail == cbr.vault(ids[1])
    assert cbr.cloud.journal.all()[-2].write is False, "a query is no write"
    assert cbr.get("vault/tags") == {"tags": [{"key": "a", "values": names}]}


@pytest.mark.parametrize(
    "query",
    [
        {"action": "find"},
        {"action": "filter", "limit": 2},
        {"action": "filter", "offset": 1},
        {"action": "filter", "limit": "0"},
        {"action": "filter", "limit": "1001"},
        {"action": "count", "limit": "1"},
        {"action": "filter", "tags": []},
        {"action": "filter", "tags": [_tag("a", "b")]},
        {"action": "filter", "tags": _any("a", "*")},
        {"action": "filter", "tags": _any("a") + _any("a")},
        {"action": "filter", "tags": [{"key": f"k{number}", "values": []} for number in range(21)]},
        {"action": "filter", "matches": [{"key": "resource_id", "value": "x"}]},
        {"action": "filter", "surprise": 1},
        {},
    ],
    ids=str,
)
def test_refused_queries(live_cbr: CbrApi, query: dict[str, Any]) -> None:
    live_cbr.no("9900", "POST", ACTION, query)
