# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether servers can be backed up, and backups restored (api_description/resource_management)."""

from __future__ import annotations

from ...guarded import sdk_exceptions

#: result says whether it is possible. error_msg may be set even if it is.
FIELDS = ("resource_id", "resource_type", "result", "error_code", "error_msg")


def check(session, provider, action, answer_key, questions):
    """Ask check_protectable or check_restorable. Return a verdict for each question: a dict with FIELDS."""
    response = session.post(f"/providers/{provider}/resources/action", json={action: questions})
    sdk_exceptions.raise_from_response(response)
    return [{field: row.get(field) for field in FIELDS} for row in response.json()[answer_key]]
