# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps Ansible from taking texts of the cloud for templates."""

from __future__ import annotations

import typing as t

try:
    from ansible.template import trust_as_template
except ImportError:
    # Before ansible-core 2.19 every text is a template unless it is marked.
    from ansible.utils.unsafe_proxy import AnsibleUnsafeText as Untrusted
else:
    # Since then, a text is a template only if it is marked.
    del trust_as_template
    Untrusted = None


def untrusted(value: t.Any) -> t.Any:
    """Return a value of dicts, lists and texts with every text in it marked as no template, keys too."""
    return value if Untrusted is None else _marked(value)


def untrusted_name(name: str) -> str:
    """Return the name of a host, marked as no template if it could be one.

    ansible-inventory of ansible-core 2.18 shows a marked text as a dict, which nobody expects in a list of hosts.
    """
    return untrusted(name) if "{" in name else name


def _marked(value: t.Any) -> t.Any:
    # Exact types are told apart fast, and a large fleet has a million values.
    kind = type(value)
    if kind is str:
        return Untrusted(value)
    if kind is dict:
        return {_marked(key): _marked(inner) for key, inner in value.items()}
    if kind is list:
        return [_marked(inner) for inner in value]
    return value
