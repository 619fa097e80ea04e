# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from elsewhere in files that people and programs open, so that it is nothing but text there."""

from __future__ import annotations

import html
import re
import typing as t

from .errors import InvalidInput

# Characters that no text has: control characters, and those that turn the direction of writing or end a line.
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def _one_line(text: str) -> str:
    return _CONTROLS.sub("\ufffd", text)


def _html(text: str) -> str:
    return html.escape(_one_line(text))


def _markdown(text: str) -> str:
    # A backslash before a letter is not an escape, so addresses would become links; an entity is no address.
    text = re.sub(r"([\\`*_{}\[\]()#+\-.!|~$^=>])", r"\\\1", _one_line(text).replace("&", "&amp;").replace("<", "&lt;"))
    return text.replace("@", "&#64;").replace(":", "&#58;").replace("www", "&#119;ww")


def _csv(text: str) -> str:
    # A spreadsheet takes a cell that begins like this for a formula, also behind blanks.
    text = _one_line(text)
    guarded = "'" + text if text.lstrip()[:1] in set("=+-@|%\uff1d\uff0b\uff0d\uff20") - {""} else text
    return guarded.replace('"', '""')


def _prometheus(text: str) -> str:
    return _one_line(text).replace("\\", r"\\").replace('"', r"\"")


#: By format: text for HTML (also inside quotes), Markdown, a CSV cell in quotes, a label of Prometheus in quotes
FORMATS: dict[str, t.Callable[[str], str]] = {
    "html": _html,
    "markdown": _markdown,
    "csv": _csv,
    "prometheus": _prometheus,
}


def escaped(value: t.Any, format_name: str) -> t.Any:
    """Return nested data with every text in it, keys too, escaped for a format. Raises InvalidInput."""
    if format_name not in FORMATS:
        raise InvalidInput(f"format: {format_name!r} is not one of {', '.join(FORMATS)}")
    return _escaped(value, FORMATS[format_name])


def _escaped(value: t.Any, escape: t.Callable[[str], str]) -> t.Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, t.Mapping):
        return {_escaped(key, escape): _escaped(inner, escape) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escaped(inner, escape) for inner in value]
    return value
