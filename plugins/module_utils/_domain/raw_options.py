# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as they come from a playbook, before Ansible turns them into their types.

Ansible takes some values that are mistakes, such as true for the number 1 or a list for a text, and breaks down at
others, such as an endless number.
"""

from __future__ import annotations

import math
import re
import typing as t
import unicodedata

from .errors import InvalidInput

Spec = t.Mapping[str, t.Any]
# Their values are secrets, or belong to the SDK.
_OF_LOGIN = ("auth", "client_key", "cloud", "key")
# Texts that may have several lines
_LINES = ("description", "pattern")
_LINE_ENDS = "\t\n\r"
_MAX_SHOWN = 60
_MAX_NUMBER = 10**15
_MAX_DIGITS = 40


def check_raw_options(spec: Spec, params: t.Mapping[str, t.Any]) -> None:
    """Raise InvalidInput that names the option for a value that no option can have; spec is the argument spec."""
    for name, value in params.items():
        if not str(name).startswith("_ansible_"):
            _check_text(str(name), str(name), "The name of an option")
            _check(str(name), _option(spec, name), value)


def _option(spec: Spec, name: t.Any) -> Spec:
    """Return the argument spec of an option, which may be written by an alias; empty for one that does not exist."""
    empty: Spec = {}
    aliased = (one for one in spec.values() if name in (one.get("aliases") or ()))
    return spec.get(name) or next(aliased, empty)


def _check(path: str, option: Spec, value: t.Any) -> None:
    kind = "dict" if path == "cloud.auth" else option.get("type")
    if kind in ("int", "float") and value is not None:
        _check_number(path, value, whole=kind == "int")
    elif kind == "dict" and value is not None and not isinstance(value, dict):
        _check_dictionary(path, value)
    elif kind == "str" and isinstance(value, (dict, list)):
        what = "dictionary" if isinstance(value, dict) else "list"
        subject = "its value" if path in _OF_LOGIN else _shown(value)
        raise InvalidInput(f"{path}: {subject} is a {what}; this option takes one text")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(path, key)
            _check(f"{path}.{_key(key)}", _option(option.get("options") or {}, key), inner)
    elif kind == "list" and option.get("elements") == "dict" and isinstance(value, str):
        raise InvalidInput(f"{path}: {_shown(value)} is not a list of dictionaries")
    elif isinstance(value, list):
        for inner in value:
            _check(path, {**option, "type": option.get("elements")}, inner)
    elif isinstance(value, str):
        _check_text(path, value)


def _check_dictionary(path: str, value: t.Any) -> None:
    """Raise InvalidInput for what is no dictionary, nor a text that Ansible reads as one: JSON, or key=value."""
    if isinstance(value, str):
        _check_text(path, value)
        if "=" in value or value.lstrip().startswith("{"):
            return
    subject = "its value" if path.split(".", maxsplit=1)[0] in _OF_LOGIN else _shown(value)
    raise InvalidInput(f"{path}: {subject} is not a dictionary")


def _check_number(path: str, value: t.Any, whole: bool) -> None:
    rule = "it must be a whole number" if whole else "it must be a number"
    if isinstance(value, (bool, dict, list)):
        raise InvalidInput(f"{path}: {_shown(value)} is not a number; {rule}")
    if isinstance(value, str):
        if len(value) > _MAX_DIGITS or not re.fullmatch(r"\s*[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,2})?\s*", value):
            raise InvalidInput(f"{path}: {_shown(value)} is not a number; {rule}")
        try:
            value = float(value)
        except ValueError:
            raise InvalidInput(f"{path}: {_shown(value)} is not a number; {rule}") from None
    if not -_MAX_NUMBER < value < _MAX_NUMBER or not math.isfinite(value):
        raise InvalidInput(f"{path}: {_shown(value)} is out of range; {rule} with at most 15 digits")


def _check_text(path: str, text: t.Any, what: str = "") -> None:
    """Raise InvalidInput for a text with a character that no name, number or description has."""
    if not isinstance(text, str) or text.isprintable():
        return
    name = path.split(".")[-1]
    is_login = path.split(".", maxsplit=1)[0] in _OF_LOGIN
    rest = text if is_login or name in _LINES else text.strip()
    for character in rest:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and not (character in _LINE_ENDS and (is_login or name in _LINES))):
            subject = what or ("its value" if is_login else _shown(text))
            raise InvalidInput(
                f"{'' if what else path + ': '}{subject} holds the character U+{ord(character):04X}, which"
                f" {'is no character of any text' if category == 'Cs' else 'no text may have here'}."
                " What to do: remove it"
            )


def _key(key: t.Any) -> str:
    text = str(key)
    return text if text.isprintable() and len(text) <= _MAX_SHOWN else _shown(text)


def _shown(value: t.Any) -> str:
    """Return a value for messages, cut when it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and not -(_MAX_NUMBER**2) < value < _MAX_NUMBER**2:
        return "a number of more than 30 digits"
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
