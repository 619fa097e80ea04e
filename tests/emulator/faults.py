# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: statuses, foreign bodies, throttling, slowness, lost and hung connections, expired tokens."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from .checks import is_number, is_one_of, is_whole, need

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "*")
NO_BODY = (204, 205, 304)
CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; *[\w-]+=[\w.+-]+)*", re.ASCII)


@dataclass
class Fault:
    """One rule. It fires for the first ``times`` matching requests after ``skip`` of them; -1 means for ever."""

    method: str | None = None
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int | None = None
    error_code: str | None = None
    error_msg: str | None = None
    body: str | None = None
    content_type: str | None = None
    retry_after: float | None = None
    location: str | None = None
    delay: float = 0.0
    drop: str | None = None
    hang: str | None = None
    refuse: float = 0.0
    expire_tokens: bool = False
    effect: bool = False
    fired: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._check_values()
        self._check_combinations()
        self._pattern = re.compile(self.path)

    def _check_values(self) -> None:
        method = self.method.upper() if isinstance(self.method, str) else self.method
        need("method", method, is_one_of(*METHODS, None), f"one of {', '.join(METHODS)}")
        need("path", self.path, _is_pattern, "a regular expression")
        need("times", self.times, lambda value: is_whole(value, -1) and value != 0, "-1 or a whole number from 1")
        need("skip", self.skip, lambda value: is_whole(value, 0), "a whole number from 0")
        need("status", self.status, lambda value: value is None or is_whole(value, 200, 599), "200 to 599")
        for name in ("error_code", "error_msg", "body", "location"):
            need(name, getattr(self, name), lambda value: value is None or isinstance(value, str), "text")
        need("content_type", self.content_type, _is_content_type, "a media type, such as text/html")
        need("retry_after", self.retry_after, lambda value: value is None or is_number(value), "a number from 0")
        for name in ("delay", "refuse"):
            need(name, getattr(self, name), is_number, "a number from 0")
        for name in ("drop", "hang"):
            need(name, getattr(self, name), is_one_of("before", "after", None), "'before' or 'after'")
        for name in ("expire_tokens", "effect"):
            need(name, getattr(self, name), lambda value: isinstance(value, bool), "true or false")

    def _check_combinations(self) -> None:
        """Refuse what would be ignored."""
        if self.body is None and self.content_type is not None:
            raise ValueError("content_type needs a body")
        if self.body is not None and (self.error_code is not None or self.error_msg is not None):
            raise ValueError("body is the whole answer: it does not go with error_code or error_msg")
        if self.body and self.status in NO_BODY:
            raise ValueError(f"an answer {self.status} has no body")
        silent = [name for name in ("drop", "hang", "refuse") if getattr(self, name)]
        if len(silent) > 1:
            raise ValueError("drop and refuse close the connection and hang keeps it open: give one of them")
        if silent and (self.answers or self.effect):
            raise ValueError(
                "drop, hang and refuse send no answer: they do not go with status, error_code, body or effect"
            )
        if self.location is not None and not 300 <= (self.status or 0) < 400:
            raise ValueError("location needs a status from 300 to 399")
        if self.effect and not self.answers:
            raise ValueError("effect needs an answer: status, error_code or body")
        if not self.answers and (self.error_msg is not None or self.retry_after is not None):
            raise ValueError("error_msg and retry_after need an answer: status, error_code or body")

    @property
    def answers(self) -> bool:
        """Whether the rule sends an answer of its own."""
        return self.status is not None or self.error_code is not None or self.body is not None

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule is about this request (path: with the query string, if any)."""
        if self.method and self.method != "*" and self.method.upper() != method:
            return False
        return self._pattern.search(path) is not None

    def as_dict(self) -> dict[str, Any]:
        """For the control API."""
        return asdict(self)


KEYS = tuple(part.name for part in fields(Fault) if part.init)


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and re.compile(value) is not None
    except re.error:
        return False


def _is_content_type(value: Any) -> bool:
    return value is None or (isinstance(value, str) and CONTENT_TYPE.fullmatch(value) is not None)


def _fault(rule: Any) -> Fault:
    if not isinstance(rule, dict):
        raise ValueError(f"a fault is an object, not {rule!r}")
    unknown = sorted(set(rule) - set(KEYS))
    if unknown:
        raise ValueError(f"faults have no {', '.join(unknown)}; they have {', '.join(KEYS)}")
    return Fault(**rule)


class Faults:
    """The rules in force; the first one that fires for a request wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def add(self, **rule: Any) -> Fault:
        """Add a rule; see Fault for its keys."""
        return self.add_all([rule])[0]

    def add_all(self, rules: Any) -> list[Fault]:
        """Add rules; none of them when one is wrong."""
        if not isinstance(rules, list):
            raise ValueError("faults are a rule or a list of rules")
        added = [_fault(rule) for rule in rules]
        with self._lock:
            self._rules.extend(added)
        return added

    def clear(self) -> None:
        """Back to a healthy cloud."""
        with self._lock:
            self._rules = []

    def all(self) -> list[Fault]:
        """The rules, used up ones too."""
        with self._lock:
            return list(self._rules)

    def take(self, method: str, path: str) -> Fault | None:
        """The rule to apply to this request; counts it."""
        with self._lock:
            for fault in self._rules:
                if fault.times != -1 and fault.fired >= fault.times:
                    continue
                if not fault.matches(method, path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.fired += 1
                return fault
        return None
