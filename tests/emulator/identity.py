# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of another Keystone, a real one, for services that stand behind it."""

from __future__ import annotations

from dataclasses import dataclass

import requests


@dataclass
class AskedToken:
    """A token that the Keystone says is good, now."""

    id: str
    project_id: str | None


class AskedKeystone:
    """Asks a Keystone about each token, each time, as its owner: so one that was revoked is refused at once.

    seen are the tokens that clients came with; a test may revoke them.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: set[str] = set()
        self._session = requests.Session()
        self._session.trust_env = False

    def valid(self, token_id: str | None) -> AskedToken | None:
        """The token, unless the Keystone does not take it any more. An unscoped one has no project."""
        if not token_id:
            return None
        self.seen.add(token_id)
        headers = {"X-Auth-Token": token_id, "X-Subject-Token": token_id}
        answer = self._session.get(f"{self.url}/v3/auth/tokens", params={"nocatalog": ""}, headers=headers, timeout=30)
        if answer.status_code in (401, 404):
            return None
        answer.raise_for_status()
        return AskedToken(token_id, answer.json()["token"].get("project", {}).get("id"))
