# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blank values: null, and text that is empty or only white space, as AWX sends for a question without an answer."""

from __future__ import annotations

import typing as t


def is_blank(value: t.Any) -> bool:
    """Return whether a value is null or a blank text."""
    return value is None or not str(value).strip()


def drop_blank(values: t.Mapping[t.Any, t.Any], inside: t.Collection[t.Any] = ()) -> dict[t.Any, t.Any]:
    """Return a dictionary without its blank values, and the dictionaries under the keys inside without theirs.

    A dictionary is not blank, even if it is empty.
    """
    return {
        key: drop_blank(value) if key in inside and isinstance(value, t.Mapping) else value
        for key, value in values.items()
        if not is_blank(value)
    }
