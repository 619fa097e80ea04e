# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests do to the local cloud behind the modules' backs, and see there."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import requests

from tests.support.modules import run_ok

_HOUR = 3600


def set_server(cloud: t.Any, name: str, **changes: t.Any) -> None:
    """Change a server by name."""
    cloud.change_server(cloud.server(name).id, **changes)


def delete_server(cloud: t.Any, name: str) -> None:
    """Delete a server by name; its backups and memberships stay."""
    cloud.remove_server(cloud.server(name).id)


def policy_in(cloud: t.Any, name: str) -> t.Any:
    """Return the first policy of a name as the cloud holds it."""
    return next(policy for policy in cloud.state.policies.values() if policy.name == name)


def backup_in(cloud: t.Any, backup_id: str) -> t.Any:
    """Return a backup of either service as the cloud holds it."""
    return cloud.state.items.get(backup_id) or cloud.state.cbr.backups[backup_id]


def send(cloud: t.Any, method: str, path: str, body: t.Any = None, base: str | None = None) -> t.Any:
    """Send a request of one's own and return the JSON of its answer."""
    answer = requests.request(
        method, (base or cloud.csbs_url) + path, json=body, headers={"X-Auth-Token": cloud.token()}, timeout=30
    )
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def create_policy(cloud: t.Any, name: str) -> str:
    """Create a policy without asking whether there is one of that name; returns its id."""
    pattern = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nRRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=0\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    operation = {
        "enabled": True,
        "operation_type": "backup",
        "operation_definition": {},
        "trigger": {"properties": {"pattern": pattern}},
    }
    provider = "fc4d5750-22e7-4798-8a46-f48f62c4c1da"
    policy = {
        "name": name,
        "provider_id": provider,
        "parameters": {"common": {}},
        "resources": [],
        "scheduled_operations": [operation],
    }
    return str(send(cloud, "POST", "/policies", {"policy": policy})["policy"]["id"])


def run_policy(cloud: t.Any, name: str) -> None:
    """Run a policy by hand."""
    body = {"checkpoint": {"plan_id": policy_in(cloud, name).id, "parameters": {"auto_trigger": False}}}
    send(cloud, "POST", "/providers/fc4d5750-22e7-4798-8a46-f48f62c4c1da/checkpoints", body)


def make_image(cloud: t.Any, backup_id: str) -> str:
    """Make an image of a backup and return its id."""
    service = "CBR" if backup_id in cloud.state.cbr.backups else "CSBS"
    body = {"name": "image", "backup_id": backup_id, "whole_image_type": service}
    send(cloud, "POST", "/v1/cloudimages/wholeimages/action", body, base=cloud.ims_url)
    cloud.clock.advance(7200)
    return str(backup_in(cloud, backup_id).image_id)


def protected(cloud: t.Any) -> None:
    """Put two servers under a policy, each with an old backup."""
    schedule = {"frequency": "daily", "times": ["02:00"]}
    # A day goes by in seconds here, and backups of the schedule would come among those that are counted.
    run_ok(
        "csbs_policy",
        {"name": "nightly", "enabled": False, "schedule": schedule, "servers": ["srv-0001", "srv-0002"]},
        cloud,
    )
    for server in ("srv-0001", "srv-0002"):
        cloud.make_backup(cloud.server(server).id, "old", age=9 * 86400)
    cloud.journal.clear()


def same_but_for_time(earlier: list[dict[str, t.Any]], later: list[dict[str, t.Any]]) -> bool:
    """Return whether two tasks say the same of servers, and the ages of backups fit the order of the tasks.

    A task counts ages with a clock of its own, which goes on when that of the local cloud stands still.
    """
    sides = [[dict(row) for row in rows] for rows in (earlier, later)]
    ages = [[row.pop("age_seconds") for row in rows] for rows in sides]
    return sides[0] == sides[1] and all(
        old == new or (None not in (old, new) and old < new < old + _HOUR) for old, new in zip(*ages, strict=True)
    )


def wait_for_afternoon(cloud: t.Any) -> None:
    """Let time pass until no schedule of the tests is due soon: nights are short here."""
    now = cloud.clock.now()
    afternoon = now.replace(hour=15, minute=0, second=0) + timedelta(days=now.hour >= 15)
    cloud.clock.advance((afternoon - now).total_seconds())
