# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas."""

from __future__ import annotations

from ...guarded import resource, sdk_exceptions


class Quota(resource.Resource):
    """Limit and use of one kind of resource in a project (api_description/quota_management)."""

    base_path = "/quotas"

    #: backup_capacity or backups
    type = resource.Body("type")
    #: Unit of the numbers, such as GB; empty for counts
    unit = resource.Body("unit")
    #: The limit; -1 is unlimited
    quota = resource.Body("quota", type=int)
    #: How much is used
    used = resource.Body("used", type=int)

    @classmethod
    def all(cls, session):
        """Return the quotas of the project as a list of Quota."""
        response = session.get(cls.base_path)
        sdk_exceptions.raise_from_response(response)
        return [cls.existing(**row) for row in response.json()["quotas"]["resources"]]
