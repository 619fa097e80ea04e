# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session without a network: it keeps the requests of a service layer, and gives the answers that a test wants."""

from __future__ import annotations

import json
import typing as t

import openstack
import requests
from keystoneauth1.noauth import NoAuth
from keystoneauth1.session import Session
from requests.adapters import BaseAdapter

ENDPOINT = "http://service.invalid/v3/project"


class Wire(BaseAdapter):
    """What requests sends its requests with."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[int, t.Any]] = []
        #: Method, path with query below the endpoint, and body
        self.requests: list[tuple[str, str, t.Any]] = []

    def answer(self, *bodies: t.Any, status: int = 200) -> None:
        """Give these bodies as the next answers."""
        self.answers += [(status, body) for body in bodies]

    def send(self, request: requests.PreparedRequest, **_kwargs: t.Any) -> requests.Response:  # type: ignore[override]
        """Keep a request and return the next answer."""
        assert request.method and request.url and request.url.startswith(ENDPOINT)
        body = json.loads(t.cast(str, request.body)) if request.body else None
        self.requests.append((request.method, request.url.removeprefix(ENDPOINT), body))
        response = requests.Response()
        response.request, response.url = request, request.url
        response.status_code, body = self.answers.pop(0)
        response.headers["Content-Type"] = "application/json"
        response._content = b"" if body is None else json.dumps(body).encode()
        return response

    def close(self) -> None:
        """Close nothing."""

    def proxy(self, kind: t.Callable[..., t.Any]) -> t.Any:
        """Return the proxy of a service that sends its requests here."""
        session = Session(auth=NoAuth(endpoint=ENDPOINT))
        session.session.mount("http://", self)
        proxy = kind(session=session, service_type="backup", endpoint_override=ENDPOINT)
        proxy._connection = openstack.connection.Connection(session=session)
        return proxy
