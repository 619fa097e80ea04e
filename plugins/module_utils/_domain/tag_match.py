# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether tags fit the tag options of info modules, where the service cannot be asked. See tag_query.py."""

from __future__ import annotations

import typing as t


def fits(tags: t.Mapping[str, str], query: t.Mapping[str, list[dict[str, t.Any]]]) -> bool:
    """Return whether tags fit a query, as a service would answer it; every set of tags fits an empty query.

    A value that begins with * means every value that contains the rest.
    """
    wanted = {option: [_has(tags, one) for one in query[option]] for option in query}
    if not all(wanted.get("tags", ())) or not any(wanted.get("tags_any", (True,))):
        return False
    return not all(wanted.get("not_tags", (False,))) and not any(wanted.get("not_tags_any", ()))


def _has(tags: t.Mapping[str, str], wanted: dict[str, t.Any]) -> bool:
    value = tags.get(wanted["key"].strip())
    if value is None:
        return False
    candidates = [candidate.strip() for candidate in wanted["values"]]
    return not candidates or any(one[1:] in value if one.startswith("*") else one == value for one in candidates)
