# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values for options: mistakes of many kinds, and what looks like a mistake and is none."""

from __future__ import annotations

import copy
import typing as t

from tests.support.modules import Args

from .mistakes import (
    AGES,
    CLOCKS,
    DATES,
    DURATIONS,
    MANY,
    NUMBERS,
    OPEN_RULES,
    RULES,
    TAGS,
    TEXTS,
    WRONG_FOR_TEXT,
    ZONES,
)
from .module_options import ID, OPTIONS, Option, base_of


class Case(t.NamedTuple):
    """A value for an option: which kind of mistake it is, and whether the option takes it nevertheless."""

    option: Option
    kind: str
    value: t.Any
    taken: bool = False

    def args(self) -> Args:
        """Return the options of a task that is valid but for this value."""
        args = base_of(self.option)
        place: t.Any = args
        for key in self.option.path[:-1]:
            place = place.setdefault(key, {})
            place = place[0] if isinstance(place, list) else place
        place[self.option.path[-1]] = copy.deepcopy(self.value)
        return args


# ========== Which of them an option takes ==========
Values = t.Iterator[tuple[str, t.Any, bool]]
#: Names of servers may have any characters that can be seen, and so may what is looked for.
_TAKEN_IN_NAMES = ("Unicode", "invisible character", "path", "template", "quotes", "blanks around")


def cases_of(option: Option) -> list[Case]:
    """Return all values that are tried for an option."""
    make = _VALUES.get(option.role, _VALUES["choice" if "choices" in option.doc else "text"])
    return [Case(option, *value) for value in make(option)]


def _texts(taken: t.Collection[str] = (), around: str = "a") -> Values:
    yield from ((kind, text, kind in taken) for kind, text in TEXTS)
    yield "blanks around", f" {around} ", "blanks around" in taken
    yield from ((kind, value, False) for kind, value in WRONG_FOR_TEXT)


def _several(kind: str, values: t.Iterable[t.Any], taken: bool = False) -> Values:
    yield from ((kind, value, taken) for value in values)


def _strict_name(option: Option) -> Values:
    yield from _texts()
    yield from _several("wrong characters", ["a!b", "ａｂ", "a,b", "a/b"])


def _reference(option: Option) -> Values:
    in_raw = [("wrong type", {"id": {"a": "b"}}, False), ("wrong type", {"id": ""}, False), ("wrong type", [], False)]
    yield from _texts(_TAKEN_IN_NAMES, "nightly")
    yield from in_raw if option.doc["type"] == "raw" else []


def _references(option: Option) -> Values:
    yield from ((kind, [value], taken) for kind, value, taken in _texts(_TAKEN_IN_NAMES, "srv-0001"))
    yield "wrong type", [{"id": {"a": "b"}}], False
    yield "wrong type", [{"id": None, "name": None}], False
    yield "wrong type", {"a": "b"}, False
    yield "number", [5, 10**30], True
    yield "doubles", ["srv-0001"] * 3, True
    few = option.module in ("csbs_policy", "csbs_policy_server") and option.path == ("servers",)
    yield "10,000 entries", [f"srv-{number}" for number in range(MANY)], not few
    yield "10,000 entries", [ID.format(number) for number in range(MANY)], not few
    yield "10,000 entries", ["srv-0001"] * MANY, True
    yield "10,000 entries", [{"a": number} for number in range(MANY)], False


def _exact_text(option: Option) -> Values:
    yield from _texts(_TAKEN_IN_NAMES)


def _glob(option: Option) -> Values:
    yield from _texts(_TAKEN_IN_NAMES)
    yield from _several("rule", ["[z-a]", "[", "[!]", "a[b", "*" * 200, "**?[]]"], taken=True)


def _words(option: Option) -> Values:
    for kind, value, taken in _texts(_TAKEN_IN_NAMES):
        if kind != "wrong type":
            yield kind, value, taken
            yield kind, [value, "b"], taken
    yield from _several("nested", [[["a"]], [{"a": "b"}], {"a": {"b": "c"}}, {"a": ["b"]}])
    yield from _several("empty", [[], {}])
    if option.path[-1] != "tags":
        yield "wrong type", {"a": "b"}, False
    yield "10,000 entries", [f"word-{number}" for number in range(MANY)], True


def _metadata(option: Option) -> Values:
    yield from _several("nested", [{"a": {"b": "c"}}, {"a": ["b"]}])
    yield from _several("wrong type", [["a"], "no dictionary", 5])
    yield "empty", {}, False
    yield "empty", {"": "a"}, False
    yield from _several("control character", [{"a": "b\x07"}, {"a\x07": "b"}])
    yield from _several("lone surrogate", [{"a": "\ud800"}, {"\ud800": "b"}])
    yield "10,000 characters", {"a" * MANY: "b"}, False
    yield "10,000 characters", {"a": "b" * MANY}, False
    yield from _several("Unicode", [{"ключ": "\U0001f4be"}], taken=True)
    yield "10,000 entries", {f"key-{number}": "a" for number in range(MANY)}, True


def _tags(option: Option) -> Values:
    yield from ((kind, value, False) for kind, value in TAGS)


def _tag_query(option: Option) -> Values:
    yield from ((kind, value, kind in ("too long", "Unicode", "path", "template")) for kind, value in TAGS)
    yield from _several("nested", [{"k": [["a"]]}, {"k": [{"a": "b"}]}])
    yield from _several("too many", [{"k": [str(number) for number in range(11)]}])
    yield "10,000 entries", {"k": [str(number) for number in range(MANY)]}, False
    yield "doubles", {"k": ["a"] * 11}, True


def _description(option: Option) -> Values:
    taken = (
        "empty",
        "blank",
        "line break",
        "Unicode",
        "invisible character",
        "path",
        "template",
        "quotes",
        "blanks around",
    )
    yield from _texts(tuple(kind for kind in taken if option.module != "csbs_image" or kind != "line break"))
    yield from _several("wrong characters", ["<script>", "a > b"])


def _age(option: Option) -> Values:
    yield from ((kind, value, False) for kind, value in TEXTS)
    yield from ((kind, value, False) for kind, value in WRONG_FOR_TEXT)
    yield "blanks around", " 30h ", True
    yield from _several("duration", AGES)
    yield from _several("number", [0, -1, 10**30, 0.5])


def _duration(option: Option) -> Values:
    yield from ((kind, value, False) for kind, value in (*TEXTS, *WRONG_FOR_TEXT))
    yield "blanks around", " 30d ", True
    yield from _several("duration", DURATIONS)
    yield from _several("number", [0, -1, 10**30, 0.5])


def _time(option: Option) -> Values:
    yield from ((kind, value, False) for kind, value in (*TEXTS, *WRONG_FOR_TEXT))
    yield "blanks around", " 2026-03-01 ", True
    yield from _several("date", DATES)
    yield from _several("number", [-1, 10**30, 0.5])


def _zone(option: Option) -> Values:
    # Forms send an empty text for a question without an answer; the schedule and the retention have a default.
    inside = len(option.path) > 1
    yield from ((kind, value, kind == "empty" and inside) for kind, value in (*TEXTS, *WRONG_FOR_TEXT))
    yield "blanks around", " UTC+01:00 ", True
    yield from _several("zone", ZONES)
    yield from _several("number", [0, 10**30])


def _clock(option: Option) -> Values:
    yield from ((kind, [value], False) for kind, value in (*TEXTS, *WRONG_FOR_TEXT))
    yield "blanks around", [" 02:00 "], True
    yield from (("time", [text], False) for text in CLOCKS)
    yield "doubles", ["02:00", "02:00"], True
    yield "time", ["02:00", "02:30"], False
    yield "empty", [], False
    yield "10,000 entries", [f"{number // 60 % 24:02d}:{number % 60:02d}" for number in range(MANY)], False
    yield "10,000 entries", ["25:00"] * MANY, False


def _days(option: Option) -> Values:
    yield from ((kind, [value], False) for kind, value in (*TEXTS, *WRONG_FOR_TEXT))
    yield from (("time", [text], False) for text in ("XX", "MON", "Monday", "0", "MO,TU x"))
    yield "doubles", ["MO", "mo"], True
    yield "empty", [], False
    yield "10,000 entries", [f"D{number}" for number in range(MANY)], False


def _frequency(option: Option) -> Values:
    yield from ((kind, value, False) for kind, value in (*TEXTS, *WRONG_FOR_TEXT))
    yield from _several("wrong choice", ["hourly", "DAILY", 5])


def _pattern(option: Option) -> Values:
    yield from ((kind, value, False) for kind, value in TEXTS)
    yield from _several("rule", [*RULES, [], [""], [5], ["FREQ=DAILY", None], 5])
    yield from _several("nested", [[["FREQ=DAILY"]], {"a": "b"}])
    # A policy may already have it, so only what is there can tell.
    yield from _several("rule", OPEN_RULES, taken=True)
    yield "10,000 characters", "FREQ=DAILY;BYHOUR=" + "2," * MANY, False
    yield "10,000 entries", ["FREQ=DAILY;BYHOUR=2;BYMINUTE=0"] * MANY, False


def _services(option: Option) -> Values:
    yield from ((kind, [value], False) for kind, value in (*TEXTS, *WRONG_FOR_TEXT))
    yield "empty", [], False
    yield "doubles", ["csbs", "csbs"], True
    yield "10,000 entries", ["csbs"] * MANY, True


def _key(option: Option) -> Values:
    taken = ("Unicode", "path", "template", "quotes", "blanks around")
    optional = option.path == ("max_age_key",)
    yield from (one for one in _texts((*taken, *(("empty", "blank") if optional else ()))) if "=" not in str(one[1]))


def _number(option: Option) -> Values:
    yield from ((kind, value, False) for kind, value in NUMBERS if value != 0.5 or option.role == "int")
    yield "number", -2, False


def _boolean(option: Option) -> Values:
    yield from ((kind, value, False) for kind, value in (*TEXTS, *WRONG_FOR_TEXT))
    yield from _several("number", [2, -1, 10**30, 0.5])


def _dictionary(option: Option) -> Values:
    yield from _several("wrong type", [["a"], "no dictionary", 5, True])
    yield from _several("wrong keys", [{"no_such": 1}, {"": 1}])
    yield from _several("lone surrogate", [{"\ud800": 1}])
    yield from _several("control character", [{"a\x07": 1}])
    yield "10,000 entries", {f"key-{number}": 1 for number in range(MANY)}, False


def _dictionaries(option: Option) -> Values:
    yield from _several("wrong type", [["a"], "no dictionary", 5, [5], [[{}]]])
    yield from _several("wrong keys", [[{"no_such": 1}], [{}]])
    yield "10,000 entries", [{"no_such": number} for number in range(MANY)], False
    keys = [key for key, doc in option.doc["suboptions"].items() if doc.get("required")]
    yield "doubles", [dict.fromkeys(keys, ID.format(1))] * 2, False
    yield "10,000 entries", [dict.fromkeys(keys, ID.format(one)) for one in range(MANY)], option.path == ("decisions",)
    yield "10,000 entries", [dict.fromkeys(keys, ID.format(1))] * MANY, False


def _choice(option: Option) -> Values:
    yield from ((kind, value, False) for kind, value in (*TEXTS, *WRONG_FOR_TEXT))
    yield from _several("wrong choice", [str(option.doc["choices"][0]).swapcase(), 5, True])


def _login(option: Option) -> Values:
    return iter(())


_VALUES: dict[str, t.Callable[[Option], Values]] = {
    "name": _strict_name,
    "reference": _reference,
    "references": _references,
    "exact text": _exact_text,
    "glob": _glob,
    "words": _words,
    "metadata": _metadata,
    "tags": _tags,
    "tag filter": _tags,
    "tag query": _tag_query,
    "description": _description,
    "age": _age,
    "duration": _duration,
    "time": _time,
    "zone": _zone,
    "clock": _clock,
    "days": _days,
    "frequency": _frequency,
    "pattern": _pattern,
    "services": _services,
    "key": _key,
    "int": _number,
    "float": _number,
    "bool": _boolean,
    "dict": _dictionary,
    "list": _dictionaries,
    "choice": _choice,
    "login": _login,
    "text": _exact_text,
}
CASES = [case for option in OPTIONS for case in cases_of(option)]
