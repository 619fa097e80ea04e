# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations over which the laws are tested: each file in scenarios has those of one module, and is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
import typing as t

from . import scenarios
from .scenarios.scenario import Args, Scenario

_FILES = [
    importlib.import_module(f"{scenarios.__name__}.{file.name}") for file in pkgutil.iter_modules(scenarios.__path__)
]


def _all(name: str) -> list[t.Any]:
    return [one for file in _FILES for one in getattr(file, name, [])]


#: Tasks that change something
SCENARIOS: list[Scenario] = _all("SCENARIOS")
#: The same for CBR, where they mean the same, and what there is in CBR alone
CBR_SCENARIOS = [one.on_cbr() for one in (*SCENARIOS, *_all("CBR_SCENARIOS")) if not one.csbs_only]
#: Questions for info modules: module and options
LOOKUPS: list[tuple[str, Args]] = [*_all("LOOKUPS"), *_all("CSBS_LOOKUPS")]
CBR_LOOKUPS: list[tuple[str, Args]] = [
    (module, {**args, "service": "cbr"}) for module, args in (*_all("LOOKUPS"), *_all("CBR_LOOKUPS"))
]
