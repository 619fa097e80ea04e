# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side: routes, tokens, faults and the journal, round the services."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.local import LocalProxy

from . import contract, csbs, openstack
from .call import Answer, Call
from .cbr import calls as cbr
from .contract import ContractError, Operation
from .faults import Fault
from .journal import is_write, service_of
from .rules import CODES, ApiError
from .server import subject_of

if TYPE_CHECKING:
    from .cloud import Cloud


@dataclass(frozen=True)
class Service:
    """A service that has a contract, and the codes that are not about one call."""

    description: str
    base: str
    calls: dict[str, Callable[[Any], Answer]]
    call: type[Call]
    bad: str
    unknown: str
    strict_ids: bool = False


SERVICES = {
    "csbs": Service("csbs-v1", "/csbs/v1", csbs.CALLS, csbs.CsbsCall, bad="CSBS.9001", unknown="CSBS.9999"),
    "cbr": Service(
        "cbr-v3", "/cbr/v3", cbr.CALLS, Call, bad="BackupService.9900", unknown="BackupService.9910", strict_ids=True
    ),
}
CONTROL = "/_emulator"
ENVIRON_KEY = "emulator.cloud"
GATEWAY_404 = "APIGW.0101"


def answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; no body when there is none."""
    payload = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    response = Response(payload, status=status, content_type="application/json")
    if body is None:
        del response.headers["Content-Type"]
    response.headers.update(headers or {})
    return response


def refusal(service: str, status: int, code: str | None, message: str | None) -> Response:
    """An error in the shape of the service that is asked."""
    if service in SERVICES:
        default_status, text = CODES.get(code or "", (status, "fault injected by the test"))
        code = code or {401: "APIGW.0301", 404: GATEWAY_404, 429: "APIGW.0308"}.get(status, SERVICES[service].unknown)
        return answer(status or default_status, {"error_code": code, "error_msg": message or text})
    message = message or "fault injected by the test"
    if service in ("identity", "ims"):
        return answer(status, {"error": {"code": code or status, "title": "Error", "message": message}})
    return answer(status, {"error": {"code": status, "message": message}})


@functools.lru_cache(maxsize=1)
def make_app() -> Flask:
    """The WSGI application of all clouds of a process: routes take long to compile, so they are made once."""
    app = Flask("csbs-emulator")
    cloud = cast("Cloud", LocalProxy(lambda: request.environ[ENVIRON_KEY]))

    @app.before_request
    def open_up() -> Response | None:
        g.request_id = f"req-{secrets.token_hex(16)}"
        g.raw = request.get_data()
        g.client = subject_of(request.environ["werkzeug.socket"])
        g.fault = None
        if request.path.startswith(CONTROL):
            return None
        cloud.state.tick()
        if cloud.identity_url and service_of(request.path) == "identity":
            return refusal("identity", 404, None, f"Keystone is at {cloud.identity_url}")
        for watcher in list(cloud.watchers):
            watcher(request.method, request.path, _journal_body())
        fault = cloud.faults.take(request.method, request.full_path.rstrip("?"))
        g.fault = fault
        return _before(cloud, fault) if fault else None

    @app.after_request
    def close_down(response: Response) -> Response:
        if request.path.startswith(CONTROL):
            return response
        fault = g.get("fault")
        if fault is not None:
            response = _after(fault, response)
        response.headers["Date"] = http_date(cloud.clock.now())
        response.headers["X-Request-Id"] = response.headers["x-openstack-request-id"] = g.request_id
        cloud.journal.add(
            method=request.method,
            path=request.path,
            query=request.args.to_dict(),
            body=_journal_body(),
            status=None if g.get("dropped") else response.status_code,
            service=service_of(request.path),
            at=cloud.clock.now().isoformat(timespec="microseconds"),
            write=is_write(request.method, request.path),
            request_id=g.request_id,
            dropped=g.get("dropped"),
            port=int(request.environ["SERVER_PORT"]),
            client=g.client,
        )
        if g.get("hangs"):
            _wait_for_the_end()
        return response

    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> Response:
        return answer(error.status, error.body())

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        service = service_of(request.path)
        if service in (*SERVICES, "ims"):
            return answer(404, ApiError(GATEWAY_404).body())
        return refusal(service, error.code or 500, None, error.description)

    @app.errorhandler(Exception)
    def bug(error: Exception) -> Response:
        cloud.internal_errors.append(error)
        app.logger.exception("a bug in the local cloud")
        return answer(500, {"error_code": "EMULATOR.bug", "error_msg": repr(error)})

    for service in SERVICES.values():
        for operation in contract.load(service.description).operations.values():
            _add_route(app, cloud, service, operation)
    _add_versions(app, cloud)
    openstack.add_routes(app, cloud)
    from . import control  # it needs answer() from here

    control.add_routes(app, cloud)
    return app


def _journal_body() -> Any:
    if not g.raw:
        return None
    body = _parse(g.raw)
    if request.path.rstrip("/") == "/v3/auth/tokens" and request.method == "POST":
        return {"auth": "not recorded"}
    return g.raw.decode(errors="replace") if body is _UNREADABLE else body


_UNREADABLE = object()


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return _UNREADABLE


# --- faults -----------------------------------------------------------------------------------------------------------


def _before(cloud: Cloud, fault: Fault) -> Response | None:
    if fault.delay:
        time.sleep(fault.delay)
    if fault.expire_tokens:
        cloud.keystone.expire_all()
    if fault.drop == "before":
        return _drop("before")
    if fault.hang == "before":
        return _hang("before")
    if fault.refuse:
        cloud.refuse(fault.refuse)
        return _drop("before")
    if fault.effect:
        return None
    return _fault_answer(fault) if fault.answers else None


def _after(fault: Fault, response: Response) -> Response:
    if fault.drop == "after":
        return _drop("after")
    if fault.hang == "after":
        return _hang("after")
    return _fault_answer(fault) if fault.effect else response


def _fault_answer(fault: Fault) -> Response:
    if fault.body is not None:
        content_type = fault.content_type or "application/json"
        response = Response(fault.body, status=fault.status or 200, content_type=content_type)
    else:
        status = fault.status or CODES.get(fault.error_code or "", (500, ""))[0]
        response = refusal(service_of(request.path), status, fault.error_code, fault.error_msg)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = f"{fault.retry_after:g}"
    if fault.location is not None:
        response.headers["Location"] = fault.location
    return response


def _drop(when: str) -> Response:
    """Close the connection; the answer that follows goes nowhere."""
    g.dropped = when
    _close()
    return Response(status=500)


def _hang(when: str) -> Response:
    """Answer nothing and keep the connection open; close_down waits, after the journal has the request."""
    g.dropped = f"hang {when}"
    g.hangs = True
    return Response(status=500)


def _wait_for_the_end() -> None:
    """Wait until the client closes the connection, or the server does because it stops."""
    connection = request.environ["werkzeug.socket"]
    try:
        while connection.recv(65536):
            pass
    except OSError:
        pass
    _close()


def _close() -> None:
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


# --- CSBS and CBR -----------------------------------------------------------------------------------------------------


def _add_versions(app: Flask, cloud: Cloud) -> None:
    """The one version of CBR, at the root of its host; the URL of the catalog answers nothing."""

    def versions() -> Response:
        row = {"id": "v3", "status": "CURRENT", "links": [{"rel": "self", "href": f"{request.host_url}cbr/v3/"}]}
        return answer(300, {"versions": [row]})

    app.add_url_rule("/cbr", "cbr versions", versions, strict_slashes=False, provide_automatic_options=False)


def _add_route(app: Flask, cloud: Cloud, service: Service, operation: Operation) -> None:
    rule = service.base + re.sub(r"\{(\w+)\}", r"<\1>", operation.path)
    handler = service.calls[operation.id]

    def view(**path: str) -> Response:
        project_id = path.pop("project_id")
        token = cloud.keystone.valid(request.headers.get("X-Auth-Token"))
        if token is None:
            raise ApiError("APIGW.0301")
        if token.project_id != project_id:
            raise ApiError("APIGW.0302", "the token is for another project")
        status: int
        try:
            operation.check_path(path)
        except ContractError as problem:
            if service.strict_ids and cloud.state.settings.live:
                raise ApiError("APIGW.0301", "Malformed request url") from None
            raise ApiError(service.bad, str(problem)) from None
        try:
            query = operation.check_query(list(request.args.items(multi=True)))
            body = _parse(g.raw) if g.raw else None
            if body is _UNREADABLE:
                raise ContractError("body: not JSON")
            operation.check_body(body, present=bool(g.raw))
        except ContractError as problem:
            raise ApiError(service.bad, str(problem)) from None
        with cloud.state.lock:
            cloud.state.tick()
            try:
                status, result = handler(service.call(cloud.state, project_id, path, query, body))
            except ApiError as error:
                status, result = error.status, error.body()
        try:
            operation.check_answer(status, result)
        except ContractError as problem:
            cloud.contract_violations.append(str(problem))
            return answer(500, {"error_code": "EMULATOR.contract", "error_msg": str(problem)})
        return answer(status, result)

    app.add_url_rule(
        rule, f"{service.base} {operation.id}", view, methods=[operation.method], provide_automatic_options=False
    )
