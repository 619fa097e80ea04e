# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_quota_info: what it reads."""

from __future__ import annotations

import typing as t

from .._domain.quota import quota_result

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud


def parse_options(params: dict[str, t.Any]) -> None:
    """Return None: the module has no options of its own."""


def read(options: None, cloud: Cloud) -> dict[str, t.Any]:
    """Return the quotas in the order of the service's list."""
    return {"quotas": [quota_result(row) for row in cloud.quotas()]}
