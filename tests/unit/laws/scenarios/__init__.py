# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations over which the laws are tested: each file here has those of one module, and is found by itself."""

from __future__ import annotations

import importlib
import pkgutil

from .scenario import BACKED_UP, GIVEN, RICH, Args, Scenario

_FILES = [importlib.import_module(f"{__name__}.{file.name}") for file in pkgutil.iter_modules(__path__)]
#: Tasks that change something
SCENARIOS: list[Scenario] = [one for file in _FILES for one in getattr(file, "SCENARIOS", [])]
#: Questions for info modules: module and options
LOOKUPS: list[tuple[str, Args]] = [one for file in _FILES for one in getattr(file, "LOOKUPS", [])]

__all__ = ("BACKED_UP", "GIVEN", "LOOKUPS", "RICH", "SCENARIOS", "Args", "Scenario")
