# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request of a service that has a contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .state import State

Answer = tuple[int, Any]


@dataclass
class Call:
    """One request, already held against the contract."""

    state: State
    project_id: str
    path: dict[str, str]
    query: dict[str, Any]
    body: Any
