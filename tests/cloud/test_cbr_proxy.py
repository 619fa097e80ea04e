# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service layer against the local cloud: every call of CBR v3, its body, its paging."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

import pytest
from openstack.exceptions import BadRequestException, HttpException, NotFoundException

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.login import AUTH_SPEC, log_in
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk.cbr.service import attach
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk.paged import Paged
from tests.emulator import Emulator
from tests.support.estate import set_server
from tests.support.modules import auth_of

LONG = 7200
# The clock runs fast, and backups made on schedule would come in between.
POLICY: dict[str, t.Any] = {
    "enabled": False,
    "operation_definition": {"max_backups": 20, "timezone": "UTC+01:00"},
    "trigger": {"properties": {"pattern": ["FREQ=DAILY;BYHOUR=2;BYMINUTE=00"]}},
}


@pytest.fixture
def cbr(cloud: Emulator) -> t.Any:
    cloud.settings(list_delay=0)
    return attach(log_in({**dict.fromkeys(AUTH_SPEC), **auth_of(cloud)}, 60, "cbr"))


def ids(cloud: Emulator, *names: str) -> list[str]:
    return [cloud.server(name).id for name in names]


def new_vault(cloud: Emulator, cbr: t.Any, *servers: str, **attrs: t.Any) -> str:
    members = [{"id": server_id} for server_id in ids(cloud, *servers)]
    vault_id: str = cbr.create_vault(**{"name": "v", "billing": {"size": 1000}, "resources": members, **attrs}).id
    return vault_id


def members_of(cbr: t.Any, vault_id: str) -> list[str]:
    return [member["id"] for member in cbr.get_vault(vault_id).resources]


def backed_up(cloud: Emulator, cbr: t.Any, vault_id: str, **parameters: t.Any) -> t.Any:
    checkpoint = cbr.create_checkpoint(vault_id, **parameters)
    cloud.clock.advance(LONG)
    return next(cbr.backups(checkpoint_id=checkpoint.id))


def queries(cloud: Emulator, path: str) -> list[dict[str, t.Any]]:
    return [entry["query"] for entry in cloud.journal if entry["path"].endswith(path)]


# ========== Vaults ==========
def test_a_vault_lives_and_dies(cloud: Emulator, cbr: t.Any) -> None:
    tags = [{"key": "a", "value": "b"}]
    vault_id = new_vault(cloud, cbr, "srv-0001", description="d", tags=tags)
    read = cbr.get_vault(vault_id)
    assert (read.name, read.description, read.tags) == ("v", "d", tags)
    assert [(one["id"], one["type"]) for one in read.resources] == [(*ids(cloud, "srv-0001"), "OS::Nova::Server")]
    assert (read.billing["size"], read.billing["object_type"], read.billing["status"]) == (1000, "server", "available")
    cbr.update_vault(vault_id, name="w", billing={"size": 1200}, auto_expand=True)
    cloud.clock.advance(LONG)
    read = cbr.get_vault(vault_id)
    assert (read.name, read.billing["size"], read.auto_expand, read.tags) == ("w", 1200, True, tags)
    cbr.delete_vault(vault_id)
    cloud.clock.advance(LONG)
    with pytest.raises(NotFoundException):
        cbr.get_vault(vault_id)
    cbr.delete_vault(vault_id)
    with pytest.raises(NotFoundException):
        cbr.delete_vault(vault_id, ignore_missing=False)


def test_an_update_sends_only_what_it_is_given(cloud: Emulator, cbr: t.Any) -> None:
    vault_id = new_vault(cloud, cbr, auto_bind=True)
    cbr.update_vault(vault_id, auto_bind=False)
    assert [entry["body"] for entry in cloud.journal if entry["method"] == "PUT"] == [{"vault": {"auto_bind": False}}]
    assert cbr.get_vault(vault_id).auto_bind is False


def test_a_vault_without_tags_is_created_without_the_field(cloud: Emulator, cbr: t.Any) -> None:
    assert cbr.get_vault(new_vault(cloud, cbr, tags=[])).tags == []


def test_vaults_are_found_by_what_they_hold_and_what_is_applied_to_them(cloud: Emulator, cbr: t.Any) -> None:
    first, second = new_vault(cloud, cbr, "srv-0001"), new_vault(cloud, cbr, "srv-0002", name="w")
    policy = cbr.create_policy(name="p", **POLICY)
    cbr.associate_policy(second, policy.id)
    assert {row["id"] for row in cbr.vaults()} == {first, second}
    assert [row["id"] for row in cbr.vaults(name="w")] == [second]
    assert [row["id"] for row in cbr.vaults(resource_ids=ids(cloud, "srv-0001")[0])] == [first]
    assert [row["id"] for row in cbr.vaults(policy_id=policy.id, object_type="server")] == [second]


def test_members_join_and_leave(cloud: Emulator, cbr: t.Any) -> None:
    one, two = ids(cloud, "srv-0001", "srv-0002")
    vault_id = new_vault(cloud, cbr)
    disk = cloud.server("srv-0001").volume_ids[-1]
    extra = {"exclude_volumes": [disk]} if len(cloud.server("srv-0001").volume_ids) > 1 else {}
    assert set(cbr.add_resources(vault_id, [{"id": one, "extra_info": extra}, {"id": two}])) == {one, two}
    assert set(members_of(cbr, vault_id)) == {one, two}
    assert cbr.remove_resources(vault_id, [one]) == [one]
    cloud.clock.advance(LONG)
    assert members_of(cbr, vault_id) == [two]


def test_members_move_with_their_backups(cloud: Emulator, cbr: t.Any) -> None:
    (server,) = ids(cloud, "srv-0001")
    source, target = new_vault(cloud, cbr, "srv-0001"), new_vault(cloud, cbr, name="parked")
    backup = backed_up(cloud, cbr, source)
    assert cbr.migrate_resources(source, target, [server]) in ([server], [target])
    cloud.clock.advance(LONG)
    assert (members_of(cbr, source), members_of(cbr, target)) == ([], [server])
    assert [row["id"] for row in cbr.backups(vault_id=target)] == [backup["id"]]


# ========== Policies ==========
def test_a_policy_lives_and_dies(cloud: Emulator, cbr: t.Any) -> None:
    vault_id = new_vault(cloud, cbr)
    made = cbr.create_policy(name="p", **POLICY)
    assert not made.associated_vaults
    assert cbr.associate_policy(vault_id, made.id) == {"vault_id": vault_id, "policy_id": made.id}
    read = cbr.get_policy(made.id)
    assert (read.name, read.enabled, read.operation_type) == ("p", False, "backup")
    assert [row["vault_id"] for row in read.associated_vaults] == [vault_id]
    assert read.trigger["properties"]["pattern"] == ["FREQ=DAILY;BYHOUR=2;BYMINUTE=00"]
    assert [row["id"] for row in cbr.policies(vault_id=vault_id)] == [made.id]
    changed = cbr.update_policy(made.id, enabled=True)
    assert (changed.enabled, changed.name, changed.operation_definition["max_backups"]) == (True, "p", 20)
    assert cbr.dissociate_policy(vault_id, made.id) == {"vault_id": vault_id, "policy_id": made.id}
    assert list(cbr.policies(vault_id=vault_id)) == []
    cbr.delete_policy(made.id)
    with pytest.raises(NotFoundException):
        cbr.get_policy(made.id)


def test_policies_are_listed_without_pages(cloud: Emulator, cbr: t.Any) -> None:
    made = {cbr.create_policy(name=name, **POLICY).id for name in ("p", "q")}
    cloud.journal.clear()
    assert {row["id"] for row in cbr.policies(operation_type="backup")} == made
    assert queries(cloud, "/policies") == [{"operation_type": "backup"}]


# ========== Checkpoints and backups ==========
def test_a_checkpoint_holds_a_backup_of_each_member_or_of_some(cloud: Emulator, cbr: t.Any) -> None:
    one, two = ids(cloud, "srv-0001", "srv-0002")
    vault_id = new_vault(cloud, cbr, "srv-0001", "srv-0002")
    every = cbr.create_checkpoint(vault_id)
    assert (every.status, every.vault["id"]) == ("protecting", vault_id)
    cloud.clock.advance(LONG)
    assert cbr.get_checkpoint(every.id).status == "available"
    assert {row["resource_id"] for row in cbr.backups(checkpoint_id=every.id)} == {one, two}
    some = cbr.create_checkpoint(vault_id, resources=[two], name="b", description="d", incremental=False)
    cloud.clock.advance(LONG)
    (row,) = cbr.backups(checkpoint_id=some.id)
    assert (row["resource_id"], row["name"], row["description"], row["vault_id"]) == (two, "b", "d", vault_id)
    assert row["children"] == [] and row["status"] == "available"


def test_a_member_that_cannot_be_backed_up_is_told_in_the_checkpoint(cloud: Emulator, cbr: t.Any) -> None:
    vault_id = new_vault(cloud, cbr, "srv-0001", "srv-0002")
    set_server(cloud, "srv-0002", status="ERROR")
    (skipped,) = cbr.create_checkpoint(vault_id).vault["skipped_resources"]
    assert skipped["id"] == ids(cloud, "srv-0002")[0] and skipped["code"] and skipped["reason"]


def test_backups_are_found_by_several_statuses_and_deleted(cloud: Emulator, cbr: t.Any) -> None:
    vault_id = new_vault(cloud, cbr, "srv-0001", "srv-0002")
    cbr.create_checkpoint(vault_id)
    cloud.clock.advance(LONG)
    good, bad = (row["id"] for row in cbr.backups())
    cloud.force_backup(bad, status="error", fail_reason="no reason")
    assert [row["id"] for row in cbr.backups(status="available")] == [good]
    assert {row["id"] for row in cbr.backups(status=["available", "error"])} == {good, bad}
    cbr.delete_backup(good)
    cloud.clock.advance(LONG)
    with pytest.raises(NotFoundException):
        cbr.get_backup(good)
    with pytest.raises(NotFoundException):
        cbr.delete_backup(good, ignore_missing=False)


def test_a_backup_is_restored_and_its_task_says_so(cloud: Emulator, cbr: t.Any) -> None:
    vault_id = new_vault(cloud, cbr, "srv-0001")
    backup = cbr.get_backup(backed_up(cloud, cbr, vault_id)["id"])
    disks = [{"backup_id": child["id"], "volume_id": child["resource_id"]} for child in backup.children]
    cloud.settings(speed=60)  # so that it goes on for some seconds
    assert cbr.restore_backup(backup.id, server_id=backup.resource_id, mappings=disks, power_on=False) is None
    assert cbr.get_backup(backup.id).status in ("waiting_restore", "restoring")
    cloud.clock.advance(LONG)
    assert cbr.get_backup(backup.id).status == "available"
    (row,) = cbr.tasks(operation_type="restore", resource_id=backup.resource_id)
    assert (row["status"], row["extra_info"]["restore"]["backup_id"]) == ("success", backup.id)
    task = cbr.get_task(row["id"])
    assert (task.operation_type, task.vault_id, task.status) == ("restore", vault_id, "success")


@pytest.mark.parametrize(
    ("name", "path", "by"),
    [("vaults", "/vaults", "offset"), ("tasks", "/operation-logs", "offset"), ("backups", "/backups", "marker")],
)
def test_lists_are_read_to_the_last_page_and_no_further(
    cloud: Emulator, cbr: t.Any, monkeypatch: pytest.MonkeyPatch, name: str, path: str, by: str
) -> None:
    for number in ("1", "2", "3"):
        cbr.create_checkpoint(new_vault(cloud, cbr, f"srv-000{number}", name=f"v{number}"))
    cloud.clock.advance(LONG)
    cloud.journal.clear()
    monkeypatch.setattr(Paged, "page_size", 2)
    rows = list(getattr(cbr, name)())
    assert len({row["id"] for row in rows}) == len(rows) == 3
    first, second = queries(cloud, path)
    assert first == {"limit": "2"}
    assert second == {"limit": "2", by: "2" if by == "offset" else rows[1]["id"]}


def test_rows_have_every_field_in_both_ways_of_answering(cloud: Emulator, cbr: t.Any) -> None:
    vault_id = new_vault(cloud, cbr, "srv-0001")
    backed_up(cloud, cbr, vault_id)
    (vault,), (backup,), (task,) = cbr.vaults(), cbr.backups(), cbr.tasks()
    assert {"locked", "smn_notify", "sys_lock_source_service", "threshold"} <= set(vault)
    assert {"expired_at", "parent_id", "protected_at", "replication_records"} <= set(backup)
    assert {"policy_id", "error_info", "extra_info", "ended_at"} <= set(task)


# ========== Servers that could join ==========
def test_servers_that_could_join_are_listed_where_the_cloud_has_the_call(cloud: Emulator, cbr: t.Any) -> None:
    new_vault(cloud, cbr, "srv-0001")
    with pytest.raises(HttpException):
        list(cbr.protectable_servers())
    cloud.settings(protectables=True)
    try:
        verdicts = {row["id"]: row["protectable"]["result"] for row in cbr.protectable_servers()}
        one, two = ids(cloud, "srv-0001", "srv-0002")
        assert (len(verdicts), verdicts[one], verdicts[two]) == (6, False, True)
        assert cbr.get_protectable_server(one).protectable["result"] is False
    finally:
        cloud.settings(protectables=False)


# ========== Tags ==========
def test_tags_of_vaults(cloud: Emulator, cbr: t.Any) -> None:
    vault_id, other = new_vault(cloud, cbr), new_vault(cloud, cbr, name="bare")
    cbr.add_tag(vault_id, "a", "1")
    cbr.set_tags(vault_id, [{"key": "b", "value": "2"}, {"key": "c", "value": ""}])
    assert {tag["key"]: tag["value"] for tag in cbr.tags_of(vault_id)} == {"a": "1", "b": "2", "c": ""}
    cbr.remove_tag(vault_id, "a")
    with pytest.raises(NotFoundException):
        cbr.remove_tag(vault_id, "a")
    cbr.unset_tags(vault_id, [{"key": "c", "value": ""}, {"key": "never", "value": ""}])
    assert cbr.tags_in_project() == [{"key": "b", "values": ["2"]}]
    b = [{"key": "b", "values": ["2"]}]
    for query, found in [
        ({"tags": b}, {vault_id}),
        ({"tags_any": [*b, {"key": "x", "values": []}]}, {vault_id}),
        ({"not_tags": b}, {other}),
        ({"not_tags_any": b}, {other}),
        ({"without_any_tag": True}, {other}),
        ({"matches": [{"key": "resource_name", "value": "bare"}]}, {other}),
        ({"object_type": "server", "cloud_type": "public"}, {vault_id, other}),
        ({"object_type": "disk"}, set()),
    ]:
        assert {row["resource_id"] for row in cbr.find_tagged(**query)} == found, query
        assert cbr.count_tagged(**query) == len(found), query


# ========== Errors ==========
def test_a_refusal_keeps_the_code_of_the_service(cloud: Emulator, cbr: t.Any) -> None:
    with pytest.raises(BadRequestException) as refused:
        cbr.add_resources(new_vault(cloud, cbr, billing={"size": 10}), [{"id": ids(cloud, "srv-0001")[0]}])
    assert refused.value.response.json()["error_code"] == "BackupService.6101"


def test_no_request_looks_for_versions(cloud: Emulator) -> None:
    connection = log_in({**dict.fromkeys(AUTH_SPEC), **auth_of(cloud)}, 60, "cbr")
    cloud.journal.clear()
    list(attach(connection).vaults())
    assert [entry["path"].removeprefix(urlsplit(cloud.cbr_url).path) for entry in cloud.journal] == ["/vaults"]
