# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a server cannot be backed up."""

from __future__ import annotations

import typing as t

from .selection import describe_server

if t.TYPE_CHECKING:
    from .rows import ServerRow, VerdictRow

#: States in which the service backs a server up or restores to it
PROTECTABLE_STATUSES = ("ACTIVE", "SHUTOFF")
#: The code for a server in another policy. It stops the server from joining a policy, and from nothing else.
OTHER_POLICY = "CSBS.6004"


def is_refused(verdict: VerdictRow | None) -> bool:
    """Return whether the service refuses to back a server up. A server that is busy, or in a policy, is not refused."""
    if verdict is None or verdict["result"]:
        return False
    # Loaded here, because most servers are not refused.
    from .retries import RETRYABLE_CODES

    return verdict.get("error_code") not in RETRYABLE_CODES | {OTHER_POLICY}


def unprotectable(servers: t.Iterable[ServerRow], verdicts: t.Mapping[str, VerdictRow]) -> dict[str, str]:
    """Return by server ID why servers cannot be backed up. A server that is only busy, or in a policy, can be."""
    refusals = {}
    for server in servers:
        verdict = verdicts.get(server["id"])
        if verdict is None or verdict["result"]:
            continue
        if server["status"] not in PROTECTABLE_STATUSES:
            refusals[server["id"]] = f"{explain_verdict(verdict)}; the server is in state {server['status']}"
        elif is_refused(verdict):
            refusals[server["id"]] = explain_verdict(verdict)
    return refusals


def explain_verdict(verdict: VerdictRow) -> str:
    """Return in words why the service refuses to back a server up."""
    # Most tasks meet no refusal, so they need not load the words of the codes.
    from .error_codes import CODES

    code = verdict.get("error_code") or ""
    meaning = CODES.get(code, ("", ""))[0]
    message = str(verdict.get("error_msg") or "").strip()
    words = "; ".join(part for part in (meaning, message) if part) or "the service gives no reason"
    return f"{words} ({code})" if code else words


def describe_refusal(server: ServerRow, reason: str) -> str:
    """Return how messages name a server and the reason why it has no backup."""
    return f"{describe_server(server)}: {reason}"
