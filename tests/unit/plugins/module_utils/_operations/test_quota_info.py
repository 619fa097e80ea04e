# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_quota_info: the quotas as the service lists them."""

from __future__ import annotations

import typing as t

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.quota_info import parse_options, read


class Quotas:
    def quotas(self) -> list[dict[str, t.Any]]:
        return [{"type": "backups", "quota": 600, "used": 150}, {"type": "backup_capacity", "quota": -1, "used": 9}]


def test_quotas_come_in_the_order_of_the_service() -> None:
    found = read(parse_options({}), Quotas())
    assert [(quota["type"], quota["free"]) for quota in found["quotas"]] == [
        ("backups", 450),
        ("backup_capacity", None),
    ]
