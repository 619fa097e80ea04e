# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service layer against the local cloud: every call of CSBS v1, its body, its paging."""

from __future__ import annotations

import typing as t

import openstack
import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk import paged
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk.csbs.service import CsbsService
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._sdk.csbs.v1 import _proxy
from tests.emulator import Emulator
from tests.support.estate import set_server
from tests.support.modules import auth_of

OPERATION = {
    # The clock runs fast, and backups made on schedule would come in between.
    "enabled": False,
    "operation_type": "backup",
    "operation_definition": {"max_backups": 20},
    "trigger": {
        "properties": {
            "pattern": "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
            "RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=0\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        }
    },
}


@pytest.fixture
def csbs(cloud: Emulator) -> t.Any:
    cloud.settings(list_delay=0)
    connection = openstack.connect(load_yaml_config=False, load_envvars=False, **auth_of(cloud))
    connection.add_service(CsbsService("data-protect"))
    return connection.data_protect


def resource(cloud: Emulator, name: str) -> dict[str, str]:
    return {"id": cloud.server(name).id, "type": _proxy.SERVER_TYPE, "name": name}


def backed_up(cloud: Emulator, csbs: t.Any, name: str = "srv-0001", **attrs: t.Any) -> t.Any:
    csbs.protect_server(cloud.server(name).id, **attrs)
    cloud.clock.advance(7200)
    return next(item for item in csbs.backups() if item["resource_id"] == cloud.server(name).id)


def test_a_policy_lives_and_dies(cloud: Emulator, csbs: t.Any) -> None:
    made = csbs.create_policy(
        name="p",
        resources=[resource(cloud, "srv-0001")],
        scheduled_operations=[OPERATION],
        tags=[{"key": "a", "value": "b"}],
    )
    read = csbs.get_policy(made.id)
    assert (read.name, [one["id"] for one in read.resources]) == ("p", [cloud.server("srv-0001").id])
    csbs.update_policy(made.id, description="new", resources=[])
    read = csbs.get_policy(made.id)
    assert (read.name, read.description, read.resources) == ("p", "new", [])
    csbs.delete_policy(made.id)
    with pytest.raises(openstack.exceptions.NotFoundException):
        csbs.get_policy(made.id)


def test_lists_are_read_to_the_last_short_page_and_no_further(
    cloud: Emulator, csbs: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("srv-0001", "srv-0002", "srv-0003"):
        csbs.protect_server(cloud.server(name).id)
    cloud.clock.advance(7200)
    cloud.journal.clear()
    monkeypatch.setattr(paged.Paged, "page_size", 2)
    assert len(list(csbs.backups())) == 3
    queries = [entry["query"] for entry in cloud.journal if entry["path"].endswith("/checkpoint_items")]
    assert [query.get("limit") for query in queries] == ["2", "2"]
    assert "marker" not in queries[0] and queries[1]["marker"]


def test_backups_are_made_found_counted_and_deleted_one_by_one(cloud: Emulator, csbs: t.Any) -> None:
    item = backed_up(cloud, csbs, backup_name="b", description="d", incremental=True, tags=[{"key": "a", "value": "b"}])
    assert (item["name"], item["status"], item["description"]) == ("b", "available", "d")
    assert csbs.get_backup(item["id"]).tags == [{"key": "a", "value": "b"}]
    assert csbs.count_backups(status="available") == 1
    assert csbs.count_backups(availability_zone="nowhere") == 0
    csbs.delete_backup(item["checkpoint_id"], item["id"])
    cloud.clock.advance(7200)
    with pytest.raises(openstack.exceptions.NotFoundException):
        csbs.get_backup(item["id"])


def test_a_policy_run_makes_one_record_for_all_or_some_of_its_servers(cloud: Emulator, csbs: t.Any) -> None:
    servers = [resource(cloud, "srv-0001"), resource(cloud, "srv-0002")]
    policy = csbs.create_policy(name="p", resources=servers, scheduled_operations=[OPERATION])
    record = csbs.execute_policy(policy.id)
    cloud.clock.advance(7200)
    assert sorted(item["resource_id"] for item in csbs.backups(checkpoint_id=record.id)) == sorted(
        one["id"] for one in servers
    )
    some = csbs.execute_policy(policy.id, servers=[servers[0]["id"]])
    cloud.clock.advance(7200)
    assert [item["resource_id"] for item in csbs.backups(checkpoint_id=some.id)] == [servers[0]["id"]]


def test_capabilities_are_told_for_a_list(cloud: Emulator, csbs: t.Any) -> None:
    set_server(cloud, "srv-0002", status="ERROR")
    verdicts = csbs.check_protectable([cloud.server("srv-0001").id, cloud.server("srv-0002").id])
    assert [verdict["result"] for verdict in verdicts] == [True, False]
    assert verdicts[1]["error_code"].startswith("CSBS.")


def test_a_backup_is_restored(cloud: Emulator, csbs: t.Any) -> None:
    item = csbs.get_backup(backed_up(cloud, csbs)["id"])
    disks = [
        {"backup_id": disk["id"], "volume_id": disk["source_volume_id"]} for disk in item.extend_info["volume_backups"]
    ]
    assert [verdict["result"] for verdict in csbs.check_restorable(item.id, item.resource_id, disks)] == [True]
    cloud.settings(speed=60)  # so that it goes on for some seconds
    restore = csbs.create_restore(
        checkpoint_id=item.checkpoint_id,
        parameters={
            "checkpoint_item_id": item.id,
            "power_on": True,
            "targets": {"server_id": item.resource_id, "volumes": disks},
        },
    )
    assert restore.id and csbs.get_backup(item.id).status in ("waiting_restore", "restoring")
    cloud.clock.advance(7200)
    assert csbs.get_backup(item.id).status == "available"


def test_quotas_are_numbers(cloud: Emulator, csbs: t.Any) -> None:
    quotas = {quota.type: quota for quota in csbs.quotas()}
    assert set(quotas) == {"backup_capacity", "backups"}
    assert all(isinstance(quota.quota, int) and isinstance(quota.used, int) for quota in quotas.values())


@pytest.mark.parametrize("resource_type", ["backup", "policy"])
def test_tags_of_backups_and_policies(cloud: Emulator, csbs: t.Any, resource_type: str) -> None:
    if resource_type == "backup":
        target = backed_up(cloud, csbs)["id"]
    else:
        target = csbs.create_policy(name="p", resources=[], scheduled_operations=[OPERATION]).id
    csbs.add_tag(resource_type, target, "a", "1")
    csbs.set_tags(resource_type, target, [{"key": "b", "value": "2"}, {"key": "c", "value": ""}])
    assert {tag["key"]: tag["value"] for tag in csbs.tags_of(resource_type, target)} == {"a": "1", "b": "2", "c": ""}
    csbs.remove_tag(resource_type, target, "a")
    csbs.unset_tags(resource_type, target, [{"key": "c", "value": ""}])
    assert [tag["key"] for tag in csbs.tags_in_project(resource_type)] == ["b"]
    query = {"tags": [{"key": "b", "values": ["2"]}]}
    assert [found["resource_id"] for found in csbs.find_tagged(resource_type, **query)] == [target]
    assert csbs.count_tagged(resource_type, **query) == 1
    assert list(csbs.find_tagged(resource_type, not_tags_any=[{"key": "b", "values": []}])) == []
