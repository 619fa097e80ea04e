# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows: what the services tell of an object, as plain dicts."""

from __future__ import annotations

import typing as t

Row = dict[str, t.Any]


def once(rows: list[Row]) -> list[Row]:
    """Return each row of a list once: pages move while others write, so a row may come twice."""
    return list({row["id"]: row for row in rows}.values())
