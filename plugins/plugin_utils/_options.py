# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a plugin that has no AnsibleModule, checked by the same rules as those of a module."""

from __future__ import annotations

import hashlib
import json
import os
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..module_utils._domain.errors import InvalidInput

Options = dict[str, t.Any]
# What documentation calls types by a second name
_TYPES = {"boolean": "bool", "integer": "int", "dictionary": "dict", "string": "str"}
_KEPT = ("aliases", "choices", "default", "elements", "required")
# What tells one project from another, and is no secret
_IDENTITY = (
    "application_credential_id",
    "application_credential_name",
    "auth_url",
    "project_domain_id",
    "project_domain_name",
    "project_id",
    "project_name",
    "user_domain_id",
    "user_domain_name",
    "user_id",
    "username",
)
_SELECTION = ("interface", "max_age", "region_name", "server_filters", "servers", "service", "services")
_VARIABLES = ("OS_CLIENT_CONFIG_FILE", "OS_CLOUD", "OS_REGION_NAME", *(f"OS_{name.upper()}" for name in _IDENTITY))


def checked_options(definitions: Options, given: t.Mapping[str, t.Any]) -> Options:
    """Return all documented options, with defaults, as plain values of their types, like the parameters of a module.

    definitions are the documented options. Raises InvalidInput for an option or suboption that does not exist, and for
    a value that does not fit.
    """
    result = ArgumentSpecValidator(_spec(definitions)).validate(plain(given))
    unknown = sorted(".".join(name) if isinstance(name, tuple) else name for name in result.unsupported_parameters)
    if unknown:
        raise InvalidInput(f"there is no option {', '.join(unknown)}")
    if result.error_messages:
        raise InvalidInput("; ".join(result.error_messages))
    return {name: result.validated_parameters.get(name) for name in definitions}


def _spec(definitions: Options) -> Options:
    """Return documented options as an argument spec."""
    return {name: _spec_of(definition) for name, definition in definitions.items()}


def _spec_of(definition: Options) -> Options:
    spec = {key: definition[key] for key in _KEPT if definition.get(key) is not None}
    spec["type"] = _TYPES.get(definition.get("type", "str"), definition.get("type", "str"))
    if definition.get("suboptions"):
        spec["options"] = _spec(definition["suboptions"])
    return spec


def plain(value: t.Any) -> t.Any:
    """Return a value of a YAML file without Ansible's own types: decrypted, and without notes about where it stood."""
    if isinstance(value, t.Mapping):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def cache_key(params: Options) -> str:
    """Return a short text that differs for another cloud, project, user or choice of servers; no secret is in it."""
    cloud = params["cloud"]
    described = cloud if isinstance(cloud, dict) else {}
    told = [
        None if described else cloud,
        described.get("region_name"),
        *({name: auth.get(name) for name in _IDENTITY} for auth in (described.get("auth") or {}, params["auth"] or {})),
        {name: params[name] for name in _SELECTION},
        {name: os.environ.get(name) for name in _VARIABLES},
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
