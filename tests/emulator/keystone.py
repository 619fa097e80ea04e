# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone v3: who may come in, tokens, and the catalog."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .clock import real_utc
from .state import Settings, State

REGION = "eu-de"
USER, PASSWORD = "demo", "secret-demo-password"
USER_ID = "6a1b0f53c4b84d7fa0d9f6b7a0f0d3a1"
DOMAIN = {"id": "default", "name": "Default"}
PROJECT_ID = "0c89d4e457c3401a89c65420fd45f3a2"
OTHER_PROJECT_ID = "b942cc8342734d15bcb246babb1953cf"
PROJECTS = {PROJECT_ID: "demo", OTHER_PROJECT_ID: "other"}
CREDENTIAL_ID, CREDENTIAL_SECRET = "2f1a0c3f5b7e4d1d8f60a9c7c0de0001", "secret-demo-credential"

# type: (name, path below the cloud's URL)
SERVICES = {
    "identity": ("keystone", "/v3"),
    "compute": ("nova", "/compute/v2.1/{project_id}"),
    "volumev3": ("cinderv3", "/volume/v3/{project_id}"),
    "block-storage": ("cinder", "/volume/v3/{project_id}"),
    "image": ("glance", "/ims"),
    "ims": ("ims", "/ims"),
    "data-protect": ("karbor", "/csbs/v1/{project_id}"),
    "cbr": ("cbr", "/cbr/v3/{project_id}"),
}
# What image_catalog makes of it: types that the catalog lacks, and where the type image is when it is elsewhere
HIDDEN = {"ims": ("image",), "image": ("ims",)}
SPLIT_IMAGE = "/image"


class AuthError(Exception):
    """Keystone says no."""

    def __init__(self, status: int = 401, message: str = "The request you have made requires authentication.") -> None:
        super().__init__(message)
        self.status = status
        title = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}.get(status, "Error")
        self.body = {"error": {"code": status, "title": title, "message": message}}


@dataclass
class Token:
    """A token that was given out. What is printed as its end is real time, what counts is the emulator's clock."""

    id: str
    project_id: str | None
    methods: list[str]
    issued: datetime
    expires: datetime
    printed_issued: datetime
    printed_expires: datetime


class Keystone:
    """Tokens in memory."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.tokens: dict[str, Token] = {}

    def expire_all(self) -> None:
        """No token given out so far is good any more."""
        self.tokens.clear()

    def valid(self, token_id: str | None) -> Token | None:
        """The token, unless it is unknown or too old."""
        token = self.tokens.get(token_id or "")
        if token is None:
            return None
        if token.expires <= self.state.clock.now():
            self.tokens.pop(token.id, None)
            return None
        return token

    def login(self, body: Any) -> Token:
        """Password, token or application credential, for a project or unscoped."""
        try:
            identity = body["auth"]["identity"]
            methods = list(identity["methods"])
            given = {method: identity[method] for method in methods}
        except (KeyError, TypeError):
            raise AuthError(400, "Expecting to find auth and identity in the request body.") from None
        if not methods:
            raise AuthError(400, "Expecting a method.")
        project_id = self._scope(body["auth"].get("scope"))
        for method in methods:
            project_id = self._check(method, given[method], project_id)
        lifetime = timedelta(seconds=self.state.settings.token_lifetime)
        now, real = self.state.clock.now(), real_utc()
        token = Token(
            id=f"gAAAAAB{secrets.token_urlsafe(80)}",
            project_id=project_id,
            methods=methods,
            issued=now,
            expires=now + lifetime,
            printed_issued=real,
            printed_expires=real + lifetime,
        )
        self.tokens[token.id] = token
        return token

    def _check(self, method: str, given: Any, project_id: str | None) -> str | None:
        if not isinstance(given, dict):
            raise AuthError(400, f"Expecting to find {method} in identity.")
        if method == "password":
            user = given.get("user") or {}
            domain = user.get("domain") or {}
            known = user.get("id") == USER_ID or (
                user.get("name") == USER and (domain.get("name") == DOMAIN["name"] or domain.get("id") == DOMAIN["id"])
            )
            if not known or user.get("password") != PASSWORD:
                raise AuthError()
            return project_id
        if method == "token":
            old = self.valid(given.get("id"))
            if old is None:
                raise AuthError()
            return project_id or old.project_id
        if method == "application_credential":
            named = given.get("name") == "demo" and (given.get("user") or {}).get("name") == USER
            if not (given.get("id") == CREDENTIAL_ID or named) or given.get("secret") != CREDENTIAL_SECRET:
                raise AuthError()
            return PROJECT_ID
        raise AuthError(401, f"Attempted to authenticate with an unsupported method: {method}")

    def _scope(self, scope: Any) -> str | None:
        if scope is None or scope == "unscoped" or (isinstance(scope, dict) and "project" not in scope):
            return None
        project = scope.get("project") or {}
        for project_id, name in PROJECTS.items():
            if project.get("id") == project_id:
                return project_id
            domain = project.get("domain") or {}
            if project.get("name") == name and DOMAIN["name"] in (domain.get("name"), domain.get("id"), "Default"):
                return project_id
        raise AuthError()


def services(settings: Settings) -> dict[str, tuple[str, str]]:
    """The types of the catalog with their names and paths."""
    hidden = (*HIDDEN.get(settings.image_catalog, ()), settings.catalog_lacks)
    shown = {kind: service for kind, service in SERVICES.items() if kind not in hidden}
    if settings.image_catalog == "split":
        shown["image"] = ("glance", SPLIT_IMAGE)
    return shown


def catalog(url: str, project_id: str, settings: Settings, apart: dict[str, str]) -> list[dict[str, Any]]:
    """The services and where they are; apart has the URLs of those that are not at this one."""
    return [
        {
            "type": kind,
            "name": name,
            "id": f"{number:032x}",
            "endpoints": [
                {
                    "id": f"{number * 16 + place:032x}",
                    "interface": interface,
                    "region": REGION,
                    "region_id": REGION,
                    "url": apart.get(kind, url) + path.format(project_id=project_id),
                }
                for place, interface in enumerate(("public", "internal", "admin"))
            ],
        }
        for number, (kind, (name, path)) in enumerate(services(settings).items(), start=1)
    ]


def token_body(token: Token, url: str, settings: Settings, apart: dict[str, str]) -> dict[str, Any]:
    """A token as Keystone prints it."""
    body: dict[str, Any] = {
        "methods": token.methods,
        "user": {"id": USER_ID, "name": USER, "domain": DOMAIN, "password_expires_at": None},
        "audit_ids": [secrets.token_urlsafe(12)],
        "issued_at": f"{token.printed_issued.isoformat(timespec='microseconds')}Z",
        "expires_at": f"{token.printed_expires.isoformat(timespec='microseconds')}Z",
    }
    if token.project_id:
        body["project"] = project_row(token.project_id, short=True)
        body["is_domain"] = False
        body["roles"] = [{"id": f"{1:032x}", "name": "member"}]
        body["catalog"] = catalog(url, token.project_id, settings, apart)
    return {"token": body}


def project_row(project_id: str, short: bool = False) -> dict[str, Any]:
    """A project."""
    row: dict[str, Any] = {"id": project_id, "name": PROJECTS[project_id], "domain": DOMAIN}
    if not short:
        row.update(domain_id=DOMAIN["id"], enabled=True, is_domain=False, parent_id=DOMAIN["id"], description="")
    return row


def version(url: str) -> dict[str, Any]:
    """The one version of Keystone."""
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{url}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }
