# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations over which the laws are tested: each file in scenarios has those of one module, and is found by itself."""

from __future__ import annotations

import importlib
import pkgutil

from . import scenarios
from .scenarios.scenario import Args, Scenario

_FILES = [
    importlib.import_module(f"{scenarios.__name__}.{file.name}") for file in pkgutil.iter_modules(scenarios.__path__)
]
#: Tasks that change something
SCENARIOS: list[Scenario] = [one for file in _FILES for one in getattr(file, "SCENARIOS", [])]
#: Questions for info modules: module and options
LOOKUPS: list[tuple[str, Args]] = [one for file in _FILES for one in getattr(file, "LOOKUPS", [])]
