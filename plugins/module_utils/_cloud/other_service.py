# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the other backup service holds, as far as it matters to the one that a task works with."""

from __future__ import annotations

import typing as t

from .._domain.errors import CloudError
from .._domain.policy import members_of
from .catalog import is_offered
from .errors import errors_of
from .messages import BACKUP_SERVICE


class OtherService:
    """Readings of the service that a connection was not made for. A catalog may lack it, and a user may not read it."""

    def __init__(self, connection: t.Any) -> None:
        self._connection = connection

    def _csbs_policies(self) -> list[t.Any]:
        """Return the policies of CSBS with their servers; none when it is not offered, or must not be read."""
        if not self._is_offered("csbs"):
            return []
        # Loaded here, because few tasks look at the other service.
        from .._sdk.csbs.service import attach
        from .compute import checked, found

        policies: list[t.Any] = []
        try:
            with errors_of("list the policies of the other backup service", BACKUP_SERVICE):
                csbs = attach(self._connection)
                for row in csbs.policies():
                    # Rows of a list may lack the servers; a policy that is gone by now holds none.
                    whole = row if row.get("resources") is not None else found(csbs.get_policy, row["id"], "id", "name")
                    policies += [] if whole is None else [checked(whole, "id", "name")]
            return policies
        except CloudError as error:
            # Whoever may not use the service has nothing in it that this user could move. The service itself still
            # refuses what it must.
            if error.status == 403 or error.error_code == "BackupService.4008":
                return []
            raise

    def _is_offered(self, service: str) -> bool:
        with errors_of("read the catalog"):
            return is_offered(self._connection, service)

    def count_cbr_policies(self) -> int:
        """Return how many backup policies CBR has."""
        if not self._is_offered("cbr"):
            return 0
        from .._sdk.cbr.service import attach
        from .messages import CBR_SERVICE

        try:
            with errors_of("list the policies of the other backup service", CBR_SERVICE):
                return sum(1 for dummy in attach(self._connection).policies(operation_type="backup"))
        except CloudError as error:
            if error.status == 403:
                return 0
            raise

    def count_csbs_policies(self) -> int:
        """Return how many policies CSBS has."""
        return len(self._csbs_policies())

    def held_by_csbs(self, server_ids: t.Collection[str]) -> dict[str, str]:
        """Return by server ID which policy of CSBS holds the server, in words."""
        return {
            member["id"]: f"CSBS policy {policy['name']!r}"
            for policy in self._csbs_policies()
            for member in members_of(policy)
            if member["id"] in server_ids
        }
