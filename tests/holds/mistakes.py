# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that are mistakes: for texts of all kinds, for numbers, times, rules and tags."""

from __future__ import annotations

import typing as t

MANY = 10_000
#: Texts that are wrong in the same way for every option
TEXTS: list[tuple[str, str]] = [
    ("empty", ""),
    ("blank", "   "),
    ("blank", "\u00a0\u2003"),
    ("10,000 characters", "x" * MANY),
    ("10,000 characters", "é" * MANY),
    ("control character", "a\x07b"),
    ("control character", "a\x1b[31mb"),
    ("control character", "a\x85b"),
    ("line break", "a\nb"),
    ("line break", "a\r\nX-Injected: b"),
    ("NUL", "a\x00b"),
    ("Unicode", "\U0001f4be"),
    ("Unicode", "e\u0301" * 3),
    ("invisible character", "\U0001f4be\u200d\U0001f525"),
    ("invisible character", "\u202egro.live\u202c"),
    ("lone surrogate", "a\ud800b"),
    ("path", "../../etc/passwd"),
    ("path", "%2e%2e%2fadmin"),
    ("path", "a/b?c=d#e"),
    ("template", "{{ x }}"),
    ("template", "{% for x in y %}"),
    ("quotes", "a'b\"c\\"),
]
NUMBERS: list[tuple[str, t.Any]] = [
    *((kind, text) for kind, text in TEXTS),
    ("number", -(10**30)),
    ("number", 10**30),
    ("number", 10**400),
    ("number", "1e99999999"),
    ("number", "9" * MANY),
    ("number", 0.5),
    ("endless number", "nan"),
    ("endless number", "inf"),
    ("endless number", "-Infinity"),
    ("boolean for a number", True),
    ("boolean for a number", "yes"),
    ("wrong type", []),
    ("wrong type", {"a": 1}),
    ("wrong type", [1]),
]
WRONG_FOR_TEXT: list[tuple[str, t.Any]] = [
    ("wrong type", ["a"]),
    ("wrong type", [["a"]]),
    ("wrong type", {"a": "b"}),
    ("wrong type", {"name": {"a": "b"}}),
]
AGES = ["0s", "-1h", "1y2", "999999999999d", "1.5h", "1 h 2 m", "h", "１２h", "1e3", "PT1H"]
DURATIONS = ["0d", "-1d", "2h1d", "1y2", "9999999999d", "1w", "30s", "5", "1.5d", "１d"]
DATES = [
    "2026-02-30",
    "0000-01-01",
    "99999-01-01",
    "2026-13-01",
    "2026-01-01T25:00:00Z",
    "yesterday",
    "1767225600",
    "2026-01-01T00:00:00+99:99",
    "0001-01-01T00:00:00+14:00",
    "２０２６-01-01",
]
ZONES = ["Mars/Olympus", "UTC+99:99", "UTC+14:30", "UTC-12:01", "Europe", "Europe/Berlin/", "posixrules/..", "GMT+25"]
CLOCKS = ["24:00", "25:61", "2:5", "02:00:00", "02.00", "120", "-1:00", "０２:００", "2 am"]
RULES = ["FREQ", "DAILY", "RRULE:", "BEGIN:VCALENDAR", "BYHOUR=2", "\n\n", "=;=;="]
OPEN_RULES = [
    "FREQ=",
    "FREQ=MONTHLY;BYDAY=MO",
    "FREQ=DAILY;BYHOUR=25;BYMINUTE=0",
    "FREQ=DAILY;BYHOUR=2;BYHOUR=3;BYMINUTE=0",
    "FREQ=DAILY;INTERVAL=0;BYHOUR=1;BYMINUTE=0",
    "FREQ=DAILY;COUNT=3",
    "FREQ=DAILY;BYHOUR=" + "2," * 2000,
]
TAGS: list[tuple[str, t.Any]] = [
    ("empty", {"": "a"}),
    ("blank", {"  ": "a"}),
    ("10,000 characters", {"k" * MANY: "a"}),
    ("10,000 characters", {"k": "v" * MANY}),
    ("too long", {"k" * 37: "a"}),
    ("too long", {"k": "v" * 44}),
    ("control character", {"k": "a\x07b"}),
    ("control character", {"k\x07": "a"}),
    ("line break", {"k": "a\nb"}),
    ("NUL", {"k\x00": "a"}),
    ("Unicode", {"ключ": "a"}),
    ("Unicode", {"k": "\U0001f4be"}),
    ("lone surrogate", {"k": "\ud800"}),
    ("lone surrogate", {"\ud800": "k"}),
    ("path", {"../k": "a"}),
    ("template", {"k": "{{ x }}"}),
    ("nested", {"k": {"a": "b"}}),
    ("nested", {"k": {"a": {"b": ["c"]}}}),
    ("too many", {f"key-{number}": "a" for number in range(11)}),
    ("10,000 entries", {f"key-{number}": "a" for number in range(MANY)}),
    ("wrong type", ["a", "b"]),
    ("wrong type", "no dictionary"),
    ("wrong type", 5),
]
