# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests that large fleets cost, as promised; ./dev benchmark also measures seconds and memory."""

from __future__ import annotations

import typing as t
from collections import Counter

import pytest

from tests.benchmark.promises import most_requests_of_backups, polls_of
from tests.emulator import Emulator
from tests.support.modes import one_mode
from tests.support.modules import run_ok

FLEET = {"server_filters": {"name": "srv-*"}}


@one_mode
def test_a_backup_of_a_thousand_servers_costs_a_request_for_each_and_a_few_more(cloud: Emulator) -> None:
    cloud.reset(servers=1_000)
    args = {"name": "before", "poll_interval": 0.1, **FLEET}
    assert len(run_ok("csbs_backup", args, cloud)["backups"]) == 1_000
    journal = cloud.journal.all()
    polls = polls_of(journal)
    assert polls > 0
    assert len(cloud.journal.writes()) == 1_000
    assert len(journal) <= most_requests_of_backups(1_000, polls)
    cloud.journal.clear()
    assert run_ok("csbs_backup", args, cloud)["changed"] is False
    assert len(cloud.journal) <= 20


@pytest.mark.parametrize(
    ("module", "args", "pages"),
    [
        ("csbs_protection_info", {"max_age": "24h"}, {"detail": 3, "checkpoint_items": 3}),
        ("csbs_protection_info", FLEET, {"detail": 3, "checkpoint_items": 3}),
        ("csbs_audit_info", {}, {"detail": 3, "checkpoint_items": 3, "quotas": 1}),
        ("csbs_audit_info", FLEET, {"detail": 3, "checkpoint_items": 3, "quotas": 1}),
        ("csbs_backup_info", {}, {"checkpoint_items": 3}),
        ("csbs_backup_info", FLEET, {"detail": 3, "checkpoint_items": 3}),
        ("csbs_policy_info", FLEET, {"detail": 3, "policies": 1}),
    ],
)
@one_mode
def test_a_fleet_is_read_in_full_pages(
    cloud: Emulator, module: str, args: dict[str, t.Any], pages: dict[str, int]
) -> None:
    cloud.settings(speed=0, list_delay=0)
    cloud.reset(servers=2_500)
    for server_id in list(cloud.state.servers):
        cloud.make_backup(server_id, age=3600)
    cloud.journal.clear()
    run_ok(module, args, cloud)
    asked = Counter(entry["path"].rsplit("/", 1)[-1] for entry in cloud.journal)
    assert {what: asked[what] for what in pages} == pages
    assert len(cloud.journal) <= sum(pages.values()) + 10
