# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one service or both tell of servers: policies in full only where the list lacks something, each server once."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.readings import (
    add_tags_of,
    read_backups,
    read_memberships,
    read_refusals,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import RULES
from tests.support.fakes import Cloud, backup, policy, server

Row = dict[str, t.Any]


class Sparse(Cloud):
    """A cloud with a list of policies that has everything of one policy only, and notes which ones are read in full."""

    def policies(self) -> list[Row]:
        return [row if row["name"] == "full" else {"id": row["id"], "name": row["name"]} for row in super().policies()]

    def policy(self, policy_id: str) -> Row | None:
        self.asked.append(("policy", policy_id))
        return None if policy_id == "pol-gone" else super().policy(policy_id)


def test_memberships_say_by_server_which_policy_it_is_in_and_whether_that_is_enabled() -> None:
    cloud = Sparse(policies=[policy("full", ["web", "db"]), policy("sparse", ["app"], enabled=False)])
    full = {"id": "pol-full", "name": "full", "enabled": True, "service": "csbs"}
    assert read_memberships([cloud])[0] == {
        "id-web": full,
        "id-db": full,
        "id-app": {"id": "pol-sparse", "name": "sparse", "enabled": False, "service": "csbs"},
    }
    assert [asked for asked in cloud.asked if asked[0] == "policy"] == [("policy", "pol-sparse")]


def test_a_policy_that_is_deleted_after_the_list_was_read_has_no_members() -> None:
    assert read_memberships([Sparse(policies=[policy("gone", ["web"])])]) == ({}, {})


class Other(Cloud):
    """The other service, with the same servers."""

    rules = RULES["cbr"]


def test_backups_of_both_services_are_one_list_and_each_knows_its_service() -> None:
    first = Cloud(backups=[backup("old", "web"), backup("twice", "web")])
    second = Other(backups=[backup("new", "web"), backup("twice", "web")])
    rows, services = read_backups([first, second], resource_id="id-web")
    assert [row["name"] for row in rows] == ["old", "twice", "new"]
    assert services == {"item-old-web": "csbs", "item-twice-web": "cbr", "item-new-web": "cbr"}
    assert first.asked == second.asked == [("backups", {"resource_id": "id-web"})]


def test_tags_are_read_from_the_service_that_has_the_backup() -> None:
    old, new = backup("old", "web", tags=None), backup("new", "web", tags=None)
    first = Cloud(backups=[{**old, "tags": [{"key": "a", "value": "1"}]}])
    second = Other(backups=[{**new, "tags": [{"key": "b", "value": "2"}]}])
    add_tags_of([first, second], [old, new], {old["id"]: "csbs", new["id"]: "cbr"})
    assert (old["tags"], new["tags"]) == ([{"key": "a", "value": "1"}], [{"key": "b", "value": "2"}])


NO_DISK = {"result": False, "error_code": "CSBS.6007", "error_msg": "no disk"}


@pytest.mark.parametrize(
    ("policy_in", "refused_by", "refused"),
    [
        ("csbs", ["csbs"], True),
        ("csbs", ["cbr"], False),
        ("cbr", ["cbr"], True),
        ("cbr", ["csbs"], False),
        (None, ["csbs"], False),
        (None, ["cbr"], False),
        (None, ["csbs", "cbr"], True),
        (None, [], False),
    ],
)
def test_the_service_of_the_policy_decides_and_without_a_policy_one_that_can_is_enough(
    policy_in: str | None, refused_by: list[str], refused: bool
) -> None:
    clouds = [kind(verdicts={"id-web": NO_DISK} if kind.rules.service in refused_by else {}) for kind in (Cloud, Other)]
    policies = {"id-web": {"service": policy_in}} if policy_in else {}
    assert bool(read_refusals(clouds, [server("web")], policies)) is refused
    asked = [cloud.rules.service for cloud in clouds if cloud.asked]
    assert asked == ([policy_in] if policy_in else ["csbs", "cbr"])


def test_one_service_alone_is_asked_about_every_server() -> None:
    cloud = Cloud(verdicts={"id-web": NO_DISK})
    assert set(read_refusals([cloud], [server("web"), server("db")], {})) == {"id-web"}
