# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that echo the request: a hostile proxy, or an error page that is meant to help."""

from __future__ import annotations

import contextlib
import html
import json
import typing as t
import urllib.parse
from unittest import mock

from flask import Response, request

from tests.emulator import Emulator, app


def _whole() -> str:
    """Return the request as text: address, headers and body."""
    headers = "".join(f"{name}: {value}\n" for name, value in request.headers.items())
    return f"{request.method} {request.full_path}\n{headers}\n{request.get_data().decode(errors='replace')}"


def _secret_part() -> str:
    """Return what of the request fits into a line: its tokens, or its body."""
    tokens = [request.headers[name] for name in ("X-Auth-Token", "Authorization") if name in request.headers]
    return " ".join(tokens) or request.get_data().decode("ascii", "replace").replace("\n", " ") or request.full_path


def _json(status: int, body: t.Any) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")


#: What an answer is by name; each is made of the request
KINDS: dict[str, t.Callable[[], Response]] = {
    "error_msg with status 500": lambda: _json(500, {"error_code": "CSBS.9999", "error_msg": _whole()}),
    "error_msg with status 403": lambda: _json(403, {"error_code": "CSBS.9006", "error_msg": _whole()}),
    "error_code": lambda: _json(400, {"error_code": _secret_part(), "error_msg": "no"}),
    "request_id": lambda: _json(400, {"error_code": "CSBS.9001", "error_msg": "no", "request_id": _secret_part()}),
    "message of Keystone": lambda: _json(401, {"error": {"code": 401, "title": _secret_part(), "message": _whole()}}),
    "message with its URL encoding": lambda: _json(
        400, {"error": {"code": 400, "message": urllib.parse.quote_plus(_whole())}}
    ),
    "message with JSON in JSON": lambda: _json(400, {"error": {"code": 400, "message": json.dumps({"r": _whole()})}}),
    "long message": lambda: _json(409, {"error": {"code": 409, "message": "x" * 240 + _secret_part() * 3}}),
    "HTML page with status 401": lambda: Response(html.escape(_whole()), status=401, content_type="text/html"),
    "HTML page with status 500": lambda: Response(
        f"<html><pre>{_whole()}</pre></html>", status=500, content_type="text/html; charset=utf-8"
    ),
    "HTML page with status 200": lambda: Response(
        f"<html><pre>{html.escape(_whole())}</pre></html>", status=200, content_type="text/html"
    ),
    "plain text with status 400": lambda: Response(_whole(), status=400, content_type="text/plain"),
    "reason phrase": lambda: Response("", status=f"400 {_secret_part()}", content_type="text/plain"),
    "content type": lambda: Response("nothing", status=200, content_type=f"text/{_secret_part()}"),
    "another structure": lambda: _json(200, {_secret_part(): {"token": [_whole()]}}),
    "a list of itself": lambda: _json(200, [_whole()]),
    "a redirect": lambda: Response(
        _whole(), status=302, headers={"Location": f"{request.host_url}gone?{urllib.parse.quote(_secret_part())}"}
    ),
}


@contextlib.contextmanager
def echoing(cloud: Emulator, kind: str, path: str, method: str | None = None, skip: int = 0) -> t.Iterator[t.Any]:
    """Let the cloud answer requests with an echo of them; return the fault, which counts them."""
    fault = cloud.faults.add(method=method, path=path, times=-1, skip=skip, status=500, body="echo")
    usual = app._fault_answer

    def answer(rule: t.Any) -> Response:
        return KINDS[kind]() if rule.body == "echo" else usual(rule)

    with mock.patch.object(app, "_fault_answer", answer):
        yield fault
