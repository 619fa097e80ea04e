# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: statuses, throttling, slowness, lost connections, expired tokens."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, field
from typing import Any


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
    retry_after: float | None = None
    delay: float = 0.0
    drop: str | None = None
    expire_tokens: bool = False
    effect: bool = False
    fired: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.drop not in (None, "before", "after"):
            raise ValueError("drop is 'before' or 'after'")
        self._pattern = re.compile(self.path)

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule is about this request (path: with the query string, if any)."""
        if self.method and self.method != "*" and self.method.upper() != method:
            return False
        return self._pattern.search(path) is not None

    def as_dict(self) -> dict[str, Any]:
        """For the control API."""
        return asdict(self)


class Faults:
    """The rules in force; the first one that fires for a request wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def add(self, **rule: Any) -> Fault:
        """Add a rule; see Fault for its keys."""
        fault = Fault(**rule)
        with self._lock:
            self._rules.append(fault)
        return fault

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
