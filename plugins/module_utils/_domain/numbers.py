# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of the service, which may come as text."""

from __future__ import annotations

import typing as t


def whole_number(value: t.Any) -> int | None:
    """Return a value as a whole number, without its fraction; None when it is not a number."""
    try:
        return int(float(value))
    except (OverflowError, TypeError, ValueError):
        return None
