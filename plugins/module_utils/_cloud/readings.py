# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the backup services tell of servers, read from one service or from both as one."""

from __future__ import annotations

import typing as t

from .._domain.policy import is_enabled, members_of, operation_of
from .._domain.protectability import unprotectable
from .._domain.protection import by_holder, vaults_by_server
from .._domain.selection import once
from .find_policy import complete_policies
from .tags import add_tags

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .._domain.rows import BackupRow, PolicyRow, ServerRow, VaultRow

    class Membership(t.TypedDict):
        """The policy that a server is in."""

        id: str
        name: str
        enabled: bool
        service: str


def read_memberships(clouds: t.Iterable[Cloud]) -> tuple[dict[str, Membership], dict[str, VaultRow]]:
    """Return by server ID the policy that the server is in, and its vault where a service has vaults.

    A row of the list that lacks the servers or the schedule's switch is read in full; there are few policies.
    """
    found: list[tuple[Membership, list[str]]] = []
    vaults: dict[str, VaultRow] = {}
    for cloud in clouds:
        rows = complete_policies(cloud.policies(), _is_sparse, cloud.policy)
        vaults.update(vaults_by_server([*rows, *cloud.places_outside_policies()]))
        for row in rows:
            membership: Membership = {
                "id": row["id"],
                "name": row["name"],
                "enabled": is_enabled(row),
                "service": cloud.rules.service,
            }
            found.append((membership, [member["id"] for member in members_of(row)]))
    return by_holder(found), vaults


def _is_sparse(row: PolicyRow) -> bool:
    return row.get("resources") is None or operation_of(row).get("enabled") is None


def read_backups(clouds: t.Iterable[Cloud], **query: t.Any) -> tuple[list[BackupRow], dict[str, str]]:
    """Return the backups that fit a query, each once, and by their IDs the services that have them."""
    rows: list[BackupRow] = []
    services: dict[str, str] = {}
    for cloud in clouds:
        for row in cloud.backups(**query):
            rows.append(row)
            services[row["id"]] = cloud.rules.service
    return once(rows), services


def add_tags_of(clouds: t.Iterable[Cloud], rows: t.Collection[BackupRow], services: t.Mapping[str, str]) -> None:
    """Give backups the tags that lists leave out; services are by the ID of the backup."""
    for cloud in clouds:
        add_tags(cloud, [row for row in rows if services[row["id"]] == cloud.rules.service], "backup")


def read_refusals(
    clouds: t.Iterable[Cloud], servers: t.Collection[ServerRow], policies: t.Mapping[str, t.Mapping[str, t.Any]]
) -> dict[str, str]:
    """Return by server ID why servers cannot be backed up.

    policies are by server ID, each with its service. A server can be backed up when the service of its policy says so,
    and one in no policy when any service does.
    """
    refusals: dict[str, str] = {}
    able: set[str] = set()
    for cloud in clouds:
        service = cloud.rules.service
        asked = [one for one in servers if one["id"] not in policies or policies[one["id"]]["service"] == service]
        if asked:
            refused = unprotectable(asked, cloud.protectable([one["id"] for one in asked]))
            able.update(one["id"] for one in asked if one["id"] not in refused)
            refusals = {**refused, **refusals}
    return {server_id: reason for server_id, reason in refusals.items() if server_id not in able}
