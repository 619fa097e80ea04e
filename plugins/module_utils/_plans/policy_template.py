# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new policy of a set: what the task does not say, it takes from a policy that the set has already."""

from __future__ import annotations

import typing as t

from .._domain.errors import InvalidInput
from .._domain.policy import definition_in, is_enabled, pattern_of
from .._domain.retention import LONG_TERM, current_retention, unreported
from .._domain.schedule import RawPattern, as_text, read_pattern
from .._domain.tags import tags_as_dict

if t.TYPE_CHECKING:
    from .._domain.rows import PolicyRow
    from .._domain.schedule import Rule, SeveralRules
    from .policy_options import PolicyOptions


def fill_from(template: PolicyRow | None, options: PolicyOptions, name: str) -> tuple[PolicyOptions, list[str]]:
    """Return the options of a new policy with that name, and notes for the user."""
    if template is None:
        return options, []
    definition = definition_in(template)
    notes = []
    if options.retention is None and unreported(definition) & LONG_TERM.keys():
        notes.append(
            f"New policy {name!r} gets the retention of {template['name']!r}, as far as the service reports it. It does"
            " not report daily, weekly, monthly and yearly counts. Give retention if the policy has any"
        )
    filled = options._replace(
        description=(template.get("description") or "") if options.description is None else options.description,
        enabled=is_enabled(template) if options.enabled is None else options.enabled,
        rule=_rule_of(template) if options.rule is None else options.rule,
        retention=current_retention(definition) if options.retention is None else options.retention,
        tags=_tags_of(template, options),
    )
    return filled, notes


def _tags_of(policy: PolicyRow, options: PolicyOptions) -> dict[str, str]:
    """Return the tags that the other policies of the set have after the task."""
    told, held = options.tags, tags_as_dict(policy.get("tags"))
    if told is None:
        return held
    return told if options.purge_tags else {**held, **told}


def _rule_of(policy: PolicyRow) -> Rule | SeveralRules | RawPattern:
    pattern = pattern_of(policy) or ""
    try:
        return read_pattern(pattern)
    except InvalidInput as error:
        refusal = f"schedule is needed for a new policy: that of {policy['name']!r} cannot be copied ({error})"
        return RawPattern(as_text(pattern), refusal)
