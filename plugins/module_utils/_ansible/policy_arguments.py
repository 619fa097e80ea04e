# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that describe a policy, of the modules that create policies."""

from __future__ import annotations

import typing as t

from .arguments import FILTERS_SPEC, TIMEOUT_SPEC, VAULT_SPEC

POLICY_SPEC: dict[str, t.Any] = {
    "description": {"type": "str"},
    "enabled": {"type": "bool"},
    "move_servers": {"type": "bool", "default": True},
    "name": {"type": "str", "required": True},
    "new_name": {"type": "str"},
    "purge_servers": {"type": "bool", "default": False},
    "purge_tags": {"type": "bool", "default": True},
    "retention": {
        "type": "dict",
        "options": {
            "daily": {"type": "int"},
            "days": {"type": "int"},
            "max_backups": {"type": "int"},
            "monthly": {"type": "int"},
            "permanent": {"type": "bool"},
            "timezone": {"type": "str"},
            "weekly": {"type": "int"},
            "yearly": {"type": "int"},
        },
    },
    "schedule": {
        "type": "dict",
        "options": {
            "days": {"type": "list", "elements": "str"},
            # No choices: null, which csbs_policy_info returns beside a pattern, would not be one of them.
            "frequency": {"type": "str"},
            "interval": {"type": "int"},
            # A text or a list of texts
            "pattern": {"type": "raw"},
            "times": {"type": "list", "elements": "str"},
            "timezone": {"type": "str"},
        },
        # Not mutually_exclusive: Ansible counts a null as given, and csbs_policy_info returns nulls beside a pattern.
        "required_by": {"frequency": ["times"]},
        "required_if": [("frequency", "weekly", ("days",))],
        "required_one_of": [("frequency", "pattern")],
    },
    "server_filters": FILTERS_SPEC,
    "servers": {"type": "list", "elements": "raw"},
    "state": {"type": "str", "default": "present", "choices": ["absent", "present"]},
    "tags": {"type": "dict"},
    **TIMEOUT_SPEC,
    **VAULT_SPEC,
}
