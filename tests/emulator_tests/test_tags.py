# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of backups and policies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator_tests.api import Api

KINDS = ["csbs_backup", "csbs_backup_policy"]


def _tag(key: str, value: str = "") -> dict[str, str]:
    return {"key": key, "value": value}


def _make(api: Api, kind: str, name: str, tags: dict[str, str]) -> str:
    if kind == "csbs_backup":
        return api.cloud.make_backup(api.ids()[0], name=name, tags=dict(tags)).id
    rows = [_tag(key, value) for key, value in tags.items()]
    made = api.create_policy(name, tags=rows) if rows else api.create_policy(name)
    return str(made["id"])


@pytest.mark.parametrize("kind", KINDS)
def test_one_resource(api: Api, kind: str) -> None:
    path = f"{kind}/{_make(api, kind, 'one', {})}/tags"
    assert api.call("POST", path, {"tag": _tag(" env ", "prod ")}).status_code == 204
    api.ok("POST", path, {"tag": _tag("env", "test")})
    assert api.get(path) == {"tags": [_tag("env", "test")]}
    assert api.call("DELETE", f"{path}/env").status_code == 204
    assert api.refused("CSBS.7001", "DELETE", f"{path}/env").status_code == 404
    unknown = f"{kind}/unknown/tags"
    code = "CSBS.3001" if kind == "csbs_backup" else "CSBS.3000"
    api.refused(code, "GET", unknown)
    api.refused(code, "POST", unknown, {"tag": _tag("a")})
    api.refused(code, "DELETE", f"{unknown}/a")


@pytest.mark.parametrize("kind", KINDS)
def test_several_at_once(api: Api, kind: str) -> None:
    path = f"{kind}/{_make(api, kind, 'one', {'a': '1', 'b': '2', 'c': '3'})}/tags"
    api.ok("POST", f"{path}/action", {"action": "create", "tags": [_tag("d", "4"), _tag("a", "9")]})
    gone = {"action": "delete", "tags": [{"key": "b"}, _tag("c", "other"), _tag("nobody", "has it")]}
    assert api.call("POST", f"{path}/action", gone).status_code == 204
    assert api.get(path)["tags"] == [_tag("a", "9"), _tag("c", "3"), _tag("d", "4")]
    api.ok("POST", f"{path}/action", {"action": "delete", "tags": [{"key": "c" * 127, "value": "v" * 255}]})


@pytest.mark.parametrize("kind", KINDS)
def test_ten_after_the_change(api: Api, kind: str) -> None:
    path = f"{kind}/{_make(api, kind, 'one', {f'k{number}': '' for number in range(10)})}/tags"
    api.refused("CSBS.7000", "POST", path, {"tag": _tag("more")})
    api.refused("CSBS.7000", "POST", f"{path}/action", {"action": "create", "tags": [_tag("more"), _tag("k1")]})
    api.ok("POST", path, {"tag": _tag("k1", "new")})
    assert len(api.get(path)["tags"]) == 10


@pytest.mark.parametrize(
    "body",
    [
        {"action": "create", "tags": []},
        {"action": "create", "tags": [_tag("a"), _tag("a")]},
        {"action": "create", "tags": [{"key": "a"}]},
        {"action": "create", "tags": [_tag("a" * 37)]},
        {"action": "create", "tags": [_tag("a", "v" * 44)]},
        {"action": "create", "tags": [_tag("a.b")]},
        {"action": "create", "tags": [_tag("")]},
        {"action": "delete", "tags": []},
        {"action": "delete", "tags": [_tag("")]},
        {"action": "delete", "tags": [_tag("a" * 128)]},
        {"action": "delete", "tags": [_tag(f"k{number}") for number in range(11)]},
        {"action": "update", "tags": [_tag("a")]},
        {"tags": [_tag("a")]},
    ],
    ids=str,
)
def test_refused(live_api: Api, body: dict[str, Any]) -> None:
    path = f"csbs_backup/{_make(live_api, 'csbs_backup', 'one', {})}/tags/action"
    live_api.refused("CSBS.9001", "POST", path, body)


def test_repeated_keys_when_deleting(live_api: Api) -> None:
    body = {"action": "delete", "tags": [_tag("a"), _tag("a")]}
    live_api.ok("POST", f"csbs_backup/{_make(live_api, 'csbs_backup', 'b', {})}/tags/action", body)
    path = f"csbs_backup_policy/{_make(live_api, 'csbs_backup_policy', 'p', {})}/tags/action"
    live_api.refused("CSBS.9001", "POST", path, body)


@pytest.mark.parametrize("kind", KINDS)
def test_of_the_project(api: Api, kind: str) -> None:
    _make(api, kind, "one", {"env": "prod", "role": "web"})
    _make(api, kind, "two", {"env": "test"})
    assert api.get(f"{kind}/tags")["tags"] == [
        {"key": "env", "values": ["prod", "test"]},
        {"key": "role", "values": ["web"]},
    ]


FLEET = {
    "web-prod": {"env": "prod", "role": "web"},
    "web-test": {"env": "test", "role": "web"},
    "db-prod": {"env": "prod", "role": "db"},
    "plain": {},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["web-prod", "web-test", "db-prod", "plain"]),
        ({"tags": [{"key": "env", "values": ["prod"]}]}, ["web-prod", "db-prod"]),
        ({"tags": [{"key": "env", "values": ["prod", "test"]}]}, ["web-prod", "web-test", "db-prod"]),
        ({"tags": [{"key": "env", "values": ["*ro"]}]}, ["web-prod", "db-prod"]),
        (
            {"tags": [{"key": "env", "values": []}, {"key": "role", "values": ["web"]}]},
            ["web-prod", "web-test"],
        ),
        (
            {"tags_any": [{"key": "env", "values": ["test"]}, {"key": "role", "values": ["db"]}]},
            ["web-test", "db-prod"],
        ),
        (
            {"not_tags": [{"key": "env", "values": ["prod"]}, {"key": "role", "values": ["web"]}]},
            ["web-test", "db-prod", "plain"],
        ),
        (
            {"not_tags_any": [{"key": "env", "values": ["prod"]}, {"key": "role", "values": ["web"]}]},
            ["plain"],
        ),
        ({"matches": [{"key": "resource_name", "value": "PROD"}]}, ["web-prod", "db-prod"]),
        ({"matches": [{"key": "resource_name", "value": ""}]}, []),
    ],
    ids=str,
)
def test_queries(live_api: Api, kind: str, query: dict[str, Any], names: list[str]) -> None:
    for name, tags in FLEET.items():
        _make(live_api, kind, name, tags)
    path = f"{kind}/resource_instances/action"
    answer = live_api.ok("POST", path, {"action": "filter", **query})
    assert sorted(row["resource_name"] for row in answer["resources"]) == sorted(names)
    assert answer["total_count"] == len(names)
    assert live_api.ok("POST", path, {"action": "count", **query}) == {"total_count": len(names)}


@pytest.mark.parametrize("kind", KINDS)
def test_pages(api: Api, kind: str) -> None:
    for number in range(5):
        _make(api, kind, f"n{number}", {"a": "b"})
    path = f"{kind}/resource_instances/action"
    names = []
    for offset in ("0", "2", "4"):
        answer = api.ok("POST", path, {"action": "filter", "limit": "2", "offset": offset})
        assert answer["total_count"] == 5
        names += [row["resource_name"] for row in answer["resources"]]
    assert names == ["n4", "n3", "n2", "n1", "n0"]
    row = api.ok("POST", path, {"action": "filter", "limit": 1})["resources"][0]
    assert row["tags"] == [_tag("a", "b")]
    if kind == "csbs_backup":
        assert row["resource_detail"]["id"] == row["resource_id"]
    else:
        assert row["resource_detail"] == {}


@pytest.mark.parametrize(
    "query",
    [
        {"action": "filter", "limit": "0"},
        {"action": "filter", "limit": "1001"},
        {"action": "filter", "limit": "-1"},
        {"action": "filter", "limit": "ten"},
        {"action": "filter", "offset": "-1"},
        {"action": "count", "limit": "10"},
        {"action": "list"},
        {},
        {"action": "filter", "tags": []},
        {"action": "filter", "tags": [{"key": "a", "values": []}, {"key": "a", "values": []}]},
        {"action": "filter", "tags": [{"key": "a", "values": ["x", "x"]}]},
        {"action": "filter", "tags": [{"key": "a", "value": "x"}]},
        {"action": "filter", "tags": [{"key": f"k{number}", "values": []} for number in range(11)]},
        {"action": "filter", "matches": [{"key": "name", "value": "x"}]},
        {"action": "filter", "without_any_tag": True},
    ],
    ids=str,
)
def test_refused_queries(live_api: Api, query: dict[str, Any]) -> None:
    live_api.refused("CSBS.9001", "POST", "csbs_backup/resource_instances/action", query)
