# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""Comparison that any resource can use; pure."""

from __future__ import annotations

import typing as t


def changed_fields(current: dict[str, t.Any], wanted: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return those of wanted that are given (not None) and differ from current."""
    return {key: value for key, value in wanted.items() if value is not None and current.get(key) != value}
