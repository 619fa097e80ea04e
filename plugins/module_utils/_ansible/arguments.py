# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several modules have."""

from __future__ import annotations

import typing as t

from .._domain.limits import TAG_QUERIES

#: Option of every module that changes something
TIMEOUT_SPEC: dict[str, t.Any] = {"timeout": {"type": "int", "default": 3600}}
#: Options of every module that can wait
WAIT_SPEC: dict[str, t.Any] = {
    "poll_interval": {"type": "float", "default": 10},
    **TIMEOUT_SPEC,
    "wait": {"type": "bool", "default": True},
}
#: Options of every module that chooses several servers
FILTERS_SPEC: dict[str, t.Any] = {
    "type": "dict",
    "options": {
        "availability_zone": {"type": "raw"},
        "metadata": {"type": "dict"},
        "name": {"type": "str"},
        "status": {"type": "raw"},
        "tags": {"type": "raw"},
    },
}
#: Option of every info module that can read both backup services as one
SERVICES_SPEC: dict[str, t.Any] = {"type": "list", "elements": "str", "choices": ["cbr", "csbs"]}
#: Options of every module that changes which servers a policy has
VAULT_SPEC: dict[str, t.Any] = {
    "confirm": {"type": "bool", "default": False},
    "leaving_backups": {"type": "str", "default": "keep", "choices": ["delete", "keep"]},
    "vault": {
        "type": "dict",
        "options": {
            "auto_expand": {"type": "bool", "default": True},
            "name": {"type": "str"},
            "size_factor": {"type": "float", "default": 2.0},
            "size_gb": {"type": "int"},
        },
    },
}
#: Options of every info module that looks things up by tag
TAG_QUERY_SPEC: dict[str, t.Any] = {option: {"type": "dict"} for option in TAG_QUERIES}
