# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a server cannot be backed up."""

from __future__ import annotations

import typing as t

from .error_codes import CODES, RETRYABLE_CODES


def unprotectable(servers: list[dict[str, t.Any]], verdicts: dict[str, dict[str, t.Any]]) -> dict[str, str]:
    """Return by server why it cannot be backed up; a server that is merely busy, or bound to a policy, can."""
    refusals = {}
    for server in servers:
        verdict = verdicts.get(server["id"])
        if verdict is None or verdict["result"]:
            continue
        if server["status"] not in PROTECTABLE_STATUSES:
            refusals[server["id"]] = f"{explain_verdict(verdict)}; the server is in state {server['status']}"
        elif verdict.get("error_code") not in RETRYABLE_CODES | {OTHER_POLICY}:
            refusals[server["id"]] = explain_verdict(verdict)
    return refusals


# Keeps a server from joining a policy, and from nothing else.
OTHER_POLICY = "CSBS.6004"


def explain_verdict(verdict: dict[str, t.Any]) -> str:
    """Return why the service would not back a server up, in words."""
    code = verdict.get("error_code") or ""
    meaning = CODES.get(code, ("", ""))[0]
    said = str(verdict.get("error_msg") or "").strip()
    words = "; ".join(part for part in (meaning, said) if part) or "the service gives no reason"
    return f"{words} ({code})" if code else words


def describe_refusal(server: dict[str, t.Any], reason: str) -> str:
    """Return how messages say why a server has no backup."""
    return f"{server['name']!r} ({server['id']}): {reason}"


PROTECTABLE_STATUSES = ("ACTIVE", "SHUTOFF")
