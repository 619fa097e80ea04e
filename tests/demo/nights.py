# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets ten nights pass on the local cloud of ./dev demo; in the last one the backup of a server fails."""

from __future__ import annotations

import json
import sys
import typing as t
import urllib.request

DAY = 86400
FAILS = "web-3"


def call(method: str, path: str, body: dict[str, t.Any] | None = None) -> t.Any:
    """Return the answer of the local cloud to a call of its control API."""
    url = f"http://127.0.0.1:{sys.argv[1]}/_emulator/{path}"
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, method=method)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


call("POST", "clock", {"advance": 9 * DAY})
server = next(server for server in call("GET", "servers")["servers"] if server["name"] == FAILS)
call("PATCH", f"servers/{server['id']}", {"fail_next_backup": "the server was too busy for a snapshot"})
call("POST", "clock", {"advance": DAY})
