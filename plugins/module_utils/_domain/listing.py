# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How messages list what a task names. Only failing tasks load this file."""

from __future__ import annotations

import typing as t

# More are counted.
_MOST = 10


def name_all(texts: t.Sequence[str]) -> str:
    """Return the first of some texts, and how many more there are."""
    more = len(texts) - _MOST
    return ", ".join(repr(text) for text in texts[:_MOST]) + (f" and {more} more" if more > 0 else "")
