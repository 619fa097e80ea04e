# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from elsewhere that is valid, and is one line on a screen."""

from __future__ import annotations

import re
import typing as t

# Characters that no line has: control characters, and those that turn the direction of writing or end a line.
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
# Characters of a line, and of the beginning of a longer one that is left
_MOST, _START = 10_000, 6_000


def printable(text: str) -> str:
    """Return a text as one line: U+FFFD stands for what would steer a terminal, and the middle of a long one is cut."""
    if len(text) > _MOST:
        left = _MOST - _START - 50
        text = f"{text[:_START]} [... {len(text) - _START - left} characters ...] {text[-left:]}"
    return without_controls(text)


def without_controls(text: str) -> str:
    """Return a text of any length as one line: U+FFFD stands for what would end it or steer a terminal."""
    return _CONTROLS.sub("\ufffd", text)


def without_lone_surrogates(value: t.Any) -> t.Any:
    """Return a value of JSON in which U+FFFD stands for what is no character."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [without_lone_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {without_lone_surrogates(key): without_lone_surrogates(inner) for key, inner in value.items()}
    return value
