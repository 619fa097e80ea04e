# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from elsewhere in files that people and programs open, so that it is nothing but text there."""

from __future__ import annotations

import functools
import html
import re
import typing as t

from .errors import InvalidInput
from .printable import without_controls


def _html(text: str) -> str:
    return html.escape(without_controls(text))


def _markdown(text: str) -> str:
    text = without_controls(text).replace("&", "&amp;").replace("<", "&lt;")
    text = re.sub(r"[\\`*_{}\[\]()#+\-.!|~$^=>]", r"\\\g<0>", text)
    # Addresses become links by themselves. An entity is part of none, except of one of e-mail or the name of a user,
    # which an invisible joiner (U+2060) ends.
    text = text.replace("@", "@&#8288;").replace(":", "&#58;").replace("www", "&#119;ww")
    # Blanks at an end get lost, or make a block of code or a line break.
    return re.sub(r"^\s+|\s+$", lambda blanks: "".join(f"&#{ord(blank)};" for blank in blanks[0]), text)


# A spreadsheet takes a cell that begins with one of these for a formula. An apostrophe marks text.
_SIGNS = "=+\\-@|%'\u2212\uff05\uff0b\uff0d\uff1d\uff20\uff5c"
# Some programs skip these before they look at the first character.
_UNSEEN = r"\s\u00ad\u180e\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufffd"
# In countries with a decimal comma, a spreadsheet takes a semicolon for the end of a cell, also in quotes.
_FORMULA = re.compile(f"(^|;)(?=[{_UNSEEN}]*[{_SIGNS}])")


def _csv(text: str) -> str:
    return _FORMULA.sub(r"\1'", without_controls(text)).replace('"', '""')


def _prometheus(text: str) -> str:
    return without_controls(text).replace("\\", r"\\").replace('"', r"\"")


#: By format: text for HTML (also inside quotes), Markdown, a CSV cell or a label of Prometheus in quotes, a screen
FORMATS: dict[str, t.Callable[[str], str]] = {
    "html": _html,
    "markdown": _markdown,
    "csv": _csv,
    "prometheus": _prometheus,
    "line": without_controls,
}


# A key that is only a word is nothing but text in every format, and templates ask for it by this word.
_WORD = re.compile("[A-Za-z0-9]+(_[A-Za-z0-9]+)*")


def escaped(value: t.Any, format_name: str) -> t.Any:
    """Return nested data with every text in it, keys too, escaped for a format. Raises InvalidInput."""
    if format_name not in FORMATS:
        raise InvalidInput(f"format: {format_name!r} is not one of {', '.join(FORMATS)}")
    # A fleet has a few texts thousands of times.
    return _escaped(value, functools.lru_cache(maxsize=4096)(FORMATS[format_name]))


def _escaped(value: t.Any, escape: t.Callable[[str], str]) -> t.Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, t.Mapping):
        return {
            key if isinstance(key, str) and _WORD.fullmatch(key) else _escaped(key, escape): _escaped(inner, escape)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_escaped(inner, escape) for inner in value]
    return value
