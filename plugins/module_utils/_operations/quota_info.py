# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_quota_info: what it reads."""

from __future__ import annotations

import typing as t

from .._domain.quota import quota_result


def parse_options(params: dict[str, t.Any]) -> None:
    """Return what the options of csbs_quota_info ask for: there is nothing to choose."""


def read(options: None, cloud: t.Any) -> dict[str, t.Any]:
    """Return the quotas in the order in which the service lists them."""
    return {"quotas": [quota_result(raw) for raw in cloud.quotas()]}
