# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk.cbr.v3._proxy import Proxy
from tests.support.wire import Wire

BILLING = {"consistent_level": "crash_consistent", "object_type": "server", "protect_type": "backup"}
SERVER = {"id": "s", "type": "OS::Nova::Server"}


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def cbr(wire: Wire) -> t.Any:
    return wire.proxy(Proxy)


def row_of(found: t.Any) -> dict[str, t.Any]:
    """As the adapters read it."""
    row: dict[str, t.Any] = found.to_dict(computed=False, headers=False, original_names=True)
    return row


@pytest.mark.parametrize(
    ("attrs", "body"),
    [
        ({"billing": {"size": 10}}, {"billing": {**BILLING, "size": 10}, "resources": []}),
        ({"billing": {"size": 10}, "tags": []}, {"billing": {**BILLING, "size": 10}, "resources": []}),
        (
            {"billing": {"size": 10, "object_type": "disk"}, "resources": [{"id": "s"}, {"id": "d", "type": "x"}]},
            {
                "billing": {**BILLING, "size": 10, "object_type": "disk"},
                "resources": [SERVER, {"id": "d", "type": "x"}],
            },
        ),
        (
            {"billing": {"size": 10}, "auto_expand": False, "tags": [{"key": "k", "value": ""}]},
            {
                "billing": {**BILLING, "size": 10},
                "resources": [],
                "auto_expand": False,
                "tags": [{"key": "k", "value": ""}],
            },
        ),
    ],
)
def test_a_new_vault_is_for_backups_of_servers_unless_it_says_otherwise(
    wire: Wire, cbr: t.Any, attrs: dict[str, t.Any], body: dict[str, t.Any]
) -> None:
    wire.answer({"vault": {"id": "v"}})
    assert cbr.create_vault(name="n", **attrs).id == "v"
    assert wire.requests == [("POST", "/vaults", {"vault": {"name": "n", **body}})]
    assert set(attrs["billing"]) <= {"size", "object_type"}


@pytest.mark.parametrize(
    ("call", "args", "path", "body", "answer", "result"),
    [
        ("add_resources", ([{"id": "s"}],), "addresources", {"resources": [SERVER]}, "add_resource_ids", ["s"]),
        ("remove_resources", (["s"],), "removeresources", {"resource_ids": ["s"]}, "remove_resource_ids", ["s"]),
        (
            "migrate_resources",
            ("w", ["s"]),
            "migrateresources",
            {"destination_vault_id": "w", "resource_ids": ["s"]},
            "migrated_resources",
            ["w"],
        ),
        ("associate_policy", ("p",), "associatepolicy", {"policy_id": "p"}, "associate_policy", {"policy_id": "p"}),
        ("dissociate_policy", ("p",), "dissociatepolicy", {"policy_id": "p"}, "dissociate_policy", {"policy_id": "p"}),
    ],
)
def test_a_verb_of_a_vault_returns_what_the_service_says(
    wire: Wire, cbr: t.Any, call: str, args: t.Any, path: str, body: t.Any, answer: str, result: t.Any
) -> None:
    wire.answer({answer: result}, {"another": result})
    assert getattr(cbr, call)("v", *args) == result
    assert wire.requests == [("POST", f"/vaults/v/{path}", body)]
    with pytest.raises(KeyError):
        getattr(cbr, call)("v", *args)


def test_what_is_to_change_is_sent_and_nothing_else(wire: Wire, cbr: t.Any) -> None:
    wire.answer({"vault": {"id": "v", "name": "n"}}, {"policy": {"id": "p", "name": "n", "enabled": False}})
    assert cbr.update_vault("v", billing={"size": 20}, locked=False).name == "n"
    assert cbr.update_policy("p", enabled=False).name == "n"
    assert wire.requests == [
        ("PUT", "/vaults/v", {"vault": {"billing": {"size": 20}, "locked": False}}),
        ("PUT", "/policies/p", {"policy": {"enabled": False}}),
    ]


@pytest.mark.parametrize(
    ("given", "parameters"),
    [
        ({}, {}),
        ({"resources": ("s",), "incremental": False}, {"resources": ["s"], "incremental": False}),
        ({"name": "b", "auto_trigger": True}, {"name": "b", "auto_trigger": True}),
    ],
)
def test_what_a_checkpoint_is_to_be_like_is_inside_its_parameters(
    wire: Wire, cbr: t.Any, given: dict[str, t.Any], parameters: dict[str, t.Any]
) -> None:
    wire.answer({"checkpoint": {"id": "c", "status": "protecting"}})
    assert cbr.create_checkpoint("v", **given).status == "protecting"
    assert wire.requests == [("POST", "/checkpoints", {"checkpoint": {"vault_id": "v", "parameters": parameters}})]


@pytest.mark.parametrize("extra_info", ["{}", "", {"exclude_volumes": ["d"]}, None])
def test_numbers_as_text_and_extra_info_of_any_kind_stay_as_they_are(wire: Wire, cbr: t.Any, extra_info: t.Any) -> None:
    member = {"id": "s", "resource_size": "40", "backup_size": "0", "extra_info": extra_info}
    vault = {"id": "v", "resources": [member], "skipped_resources": []}
    wire.answer({"checkpoint": {"id": "c", "vault": vault, "extra_info": extra_info}})
    row = row_of(cbr.get_checkpoint("c"))
    assert (row["vault"], row["extra_info"]) == (vault, extra_info)


def test_a_checkpoint_may_be_read_without_its_vault(wire: Wire, cbr: t.Any) -> None:
    wire.answer({"checkpoint": {"id": "c", "status": "available"}})
    row = row_of(cbr.get_checkpoint("c"))
    assert (row["vault"], row["extra_info"], row["status"]) == (None, None, "available")


@pytest.mark.parametrize(
    "moment", ["2020-02-05T10:38:34.209782", "2020-02-21T07:07:25.071+00:00", "2019-05-08 06:57:05", None]
)
def test_times_stay_as_they_are(wire: Wire, cbr: t.Any, moment: str | None) -> None:
    wire.answer({"backup": {"id": "b", "created_at": moment}}, {"backups": [{"id": "b", "created_at": moment}]})
    assert row_of(cbr.get_backup("b"))["created_at"] == next(cbr.backups())["created_at"] == moment


@pytest.mark.parametrize("vaults", [{}, {"associated_vaults": None}, {"associated_vaults": []}])
def test_a_policy_may_know_no_vaults(wire: Wire, cbr: t.Any, vaults: dict[str, t.Any]) -> None:
    wire.answer({"policy": {"id": "p", **vaults}})
    assert not row_of(cbr.create_policy(name="n"))["associated_vaults"]
    assert wire.requests == [("POST", "/policies", {"policy": {"name": "n", "operation_type": "backup"}})]


@pytest.mark.parametrize("answer", [None, {"job_id": "j"}])
def test_a_restore_is_accepted_with_or_without_a_body(wire: Wire, cbr: t.Any, answer: t.Any) -> None:
    wire.answer(answer, status=202)
    assert cbr.restore_backup("b", server_id="s", mappings=[], power_on=False) is None
    body = {"restore": {"server_id": "s", "mappings": [], "power_on": False}}
    assert wire.requests == [("POST", "/backups/b/restore", body)]


@pytest.mark.parametrize(
    ("call", "path"), [("delete_vault", "/vaults/x"), ("delete_policy", "/policies/x"), ("delete_backup", "/backups/x")]
)
def test_a_deletion_is_answered_by_nothing(wire: Wire, cbr: t.Any, call: str, path: str) -> None:
    wire.answer(None, status=204)
    getattr(cbr, call)("x", ignore_missing=False)
    assert wire.requests == [("DELETE", path, None)]


def test_several_statuses_are_one_filter_each(wire: Wire, cbr: t.Any) -> None:
    wire.answer({"backups": [], "count": 0})
    assert list(cbr.backups(status=["available", "error"], vault_id="v")) == []
    assert wire.requests == [("GET", "/backups?status=available&status=error&vault_id=v&limit=1000", None)]


def test_servers_that_could_join_come_in_pages_of_fifty(wire: Wire, cbr: t.Any) -> None:
    wire.answer({"instances": [{"id": str(n)} for n in range(50)], "count": 51}, {"instances": [{"id": "z"}]})
    assert len(list(cbr.protectable_servers())) == 51
    path = "/protectables/server/instances"
    assert [one[1] for one in wire.requests] == [f"{path}?limit=50", f"{path}?limit=50&offset=50"]


def test_a_task_is_called_operation_log_by_the_service(wire: Wire, cbr: t.Any) -> None:
    info = {"common": {"progress": 100}}
    wire.answer({"operation_log": {"id": "t", "extra_info": info}}, {"operation_logs": [{"id": "t"}], "count": 1})
    assert cbr.get_task("t").extra_info == info
    assert next(cbr.tasks(status="failed"))["extra_info"] is None
    assert [one[1] for one in wire.requests] == ["/operation-logs/t", "/operation-logs?status=failed&limit=1000"]
