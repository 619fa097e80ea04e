# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's limits, and the refusal of input that breaks them."""

from __future__ import annotations

import re
import typing as t

from .errors import InvalidInput

#: The type of backed-up objects; the service knows no other
SERVER_TYPE = "OS::Nova::Server"
MAX_POLICIES = 32
MAX_SERVERS_PER_POLICY = 64
MAX_TAGS = 10
#: Characters of a tag's key and value in queries and removals; for new tags the service allows fewer
MAX_OLD_TAG_KEY = 127
MAX_OLD_TAG_VALUE = 255
#: The options of info modules that ask for tags
TAG_QUERIES = ("tags", "tags_any", "not_tags", "not_tags_any")
#: Characters
MAX_NAME = 255
_MAX_DESCRIPTION = 255
# Of seconds some 68 years, of MB 2 petabytes
_MOST = 2**31 - 1
#: Up to this number objects are read one by one; more are read by one list
MAX_SINGLE_READS = 3
_OFF_BY_DEFAULT = frozenset({"purge_servers", "skip_unprotectable"})


def check_name(option: str, value: str, room: int = 0, most: int = MAX_NAME) -> str:
    """Return value when it is a valid name and leaves room for a suffix of so many characters.

    most is how many characters a name may have. Raises InvalidInput. Reference:
    api_description/backup_policy_management/creating_a_backup_policy, field name.
    """
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{most}}}", value):
        raise InvalidInput(
            f"{option}: {value!r} is not a valid name; a name has 1 to {most} letters, digits, hyphens and underscores"
        )
    if len(value) + room > most:
        raise InvalidInput(
            f"{option}: {value!r} is too long; with the suffix -0001 a name may have {most} characters,"
            f" this one has {len(value) + room}"
        )
    return value


def check_description(option: str, value: str) -> str:
    """Return value when it is a valid description. Raises InvalidInput."""
    if len(value) > _MAX_DESCRIPTION:
        raise InvalidInput(
            f"{option}: a description has at most {_MAX_DESCRIPTION} characters, this one has {len(value)}"
        )
    if "<" in value or ">" in value:
        raise InvalidInput(f"{option}: {value!r} must not contain '<' or '>'")
    return value


def check_range(option: str, value: int | None, least: int, most: int, also: tuple[int, ...] = ()) -> int | None:
    """Return value when it is None, from least to most, or one of also. Raises InvalidInput."""
    if value is None or least <= value <= most or value in also:
        return value
    extra = "".join(f" or {number}" for number in also)
    raise InvalidInput(f"{option}: {value} is out of range; it must be {least} to {most}{extra}")


def check_positive(option: str, value: float, zero: bool = False) -> None:
    """Raise InvalidInput unless value is above zero, or is zero where zero is allowed, and is not endless."""
    if not (0 < value <= _MOST or (zero and value == 0)):
        least = "0 or more" if zero else "more than 0"
        raise InvalidInput(f"{option}: {value:g} is out of range; it must be {least}, and at most {_MOST}")


def refuse_ignored(params: dict[str, t.Any], when: str, options: t.Iterable[str]) -> None:
    """Raise InvalidInput for the first of options that is given although it has no effect; when says in which case.

    An option that is off by default counts as given when it is on.
    """
    for option in options:
        not_given = (None, False) if option in _OFF_BY_DEFAULT else (None,)
        if params.get(option) not in not_given:
            raise InvalidInput(f"{option} has no effect {when}. Leave it out, so that nobody takes it for a condition")


def as_text(value: t.Any) -> str:
    """Return a YAML scalar as the text that its writer saw: booleans in lower case, null as an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
