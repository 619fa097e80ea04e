# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of Keystone, Nova, Cinder and the image service."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request

from . import images, keystone, servers
from .rules import ApiError

if TYPE_CHECKING:
    from .cloud import Cloud

View = Callable[..., Response]
MICROVERSION = re.compile(r"(?:compute|volume)?\s*(\d+)\.(\d+)")


def add_routes(app: Flask, cloud: Cloud) -> None:
    """All of them."""
    _identity(app, cloud)
    _compute(app, cloud)
    _volume(app, cloud)
    _images(app, cloud)


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    from .app import answer

    return answer(status, body, headers)


def _body() -> Any:
    try:
        return json.loads(g.raw or b"null")
    except ValueError:
        return None


def _guard(cloud: Cloud) -> Callable[[View], View]:
    """Lock, token, and the errors in OpenStack's shape."""

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def guarded(**path: str) -> Response:
            token = cloud.keystone.valid(request.headers.get("X-Auth-Token"))
            project_id = path.get("project_id", token.project_id if token else None)
            if token is None:
                refused = keystone.AuthError()
                return _json(refused.status, refused.body, {"WWW-Authenticate": f'Keystone uri="{cloud.url}/v3"'})
            if token.project_id != project_id:
                return _json(403, {"forbidden": {"code": 403, "message": "The token is for another project."}})
            try:
                with cloud.state.lock:
                    return view(**path)
            except servers.NotFound as problem:
                return _json(404, {"itemNotFound": {"code": 404, "message": str(problem)}})
            except servers.BadRequest as problem:
                return _json(400, {"badRequest": {"code": 400, "message": str(problem)}})
            except images.ImageError as problem:
                return _json(problem.status, problem.body)
            except keystone.AuthError as problem:
                return _json(problem.status, problem.body)

        return guarded

    return wrap


def _identity(app: Flask, cloud: Cloud) -> None:
    guard = _guard(cloud)

    def _token(status: int, token: keystone.Token) -> Response:
        body = keystone.token_body(token, cloud.url, cloud.state.settings, cloud.apart)
        return _json(status, body, {"X-Subject-Token": token.id})

    @app.get("/")
    def identity_versions() -> Response:
        return _json(300, {"versions": {"values": [keystone.version(cloud.url)]}})

    @app.get("/v3", strict_slashes=False)
    def identity_version() -> Response:
        return _json(200, {"version": keystone.version(cloud.url)})

    @app.post("/v3/auth/tokens")
    def login() -> Response:
        try:
            with cloud.state.lock:
                token = cloud.keystone.login(_body())
        except keystone.AuthError as problem:
            return _json(problem.status, problem.body)
        return _token(201, token)

    @app.get("/v3/auth/tokens")
    @guard
    def show_token() -> Response:
        token = cloud.keystone.valid(request.headers.get("X-Subject-Token"))
        if token is None:
            raise keystone.AuthError(404, "Could not find token.")
        return _token(200, token)

    @app.delete("/v3/auth/tokens")
    @guard
    def logout() -> Response:
        cloud.keystone.tokens.pop(request.headers.get("X-Subject-Token", ""), None)
        return _json(204, None)

    @app.get("/v3/auth/catalog")
    @guard
    def show_catalog() -> Response:
        token = cloud.keystone.valid(request.headers.get("X-Auth-Token"))
        project_id = token.project_id if token and token.project_id else keystone.PROJECT_ID
        rows = keystone.catalog(cloud.url, project_id, cloud.state.settings, cloud.apart)
        return _json(200, {"catalog": rows, "links": {}})

    @app.get("/v3/projects")
    @app.get("/v3/auth/projects", endpoint="auth_projects")
    @guard
    def projects() -> Response:
        rows = [keystone.project_row(project_id) for project_id in keystone.PROJECTS]
        rows = [row for row in rows if request.args.get("name", row["name"]) == row["name"]]
        return _json(200, {"projects": rows, "links": {"self": f"{cloud.url}/v3/projects", "next": None}})

    @app.get("/v3/projects/<wanted>")
    @guard
    def project(wanted: str) -> Response:
        if wanted not in keystone.PROJECTS:
            raise keystone.AuthError(404, f"Could not find project: {wanted}.")
        return _json(200, {"project": keystone.project_row(wanted)})


def _requested(limits: tuple[str, str]) -> tuple[int, int]:
    """The microversion that is asked for; the oldest unless one is."""
    text = request.headers.get("OpenStack-API-Version") or request.headers.get("X-OpenStack-Nova-API-Version") or ""
    low, high = (tuple(int(part) for part in limit.split(".")) for limit in limits)
    match = MICROVERSION.search(text)
    if text.endswith("latest"):
        return high  # type: ignore[return-value]
    return (int(match[1]), int(match[2])) if match else low  # type: ignore[return-value]


def _version_doc(path: str, name: str, limits: tuple[str, str]) -> dict[str, Any]:
    return {
        "id": name,
        "status": "CURRENT",
        "version": limits[1],
        "min_version": limits[0],
        "updated": "2020-01-01T00:00:00Z",
        "links": [{"rel": "self", "href": f"{request.host_url.rstrip('/')}{path}"}],
    }


def _next(kind: str, query: str | None) -> dict[str, Any]:
    if query is None:
        return {}
    return {f"{kind}_links": [{"rel": "next", "href": f"{request.base_url}?{query}"}]}


def _compute(app: Flask, cloud: Cloud) -> None:
    guard = _guard(cloud)
    limits = servers.NOVA_MICROVERSIONS
    base = "/compute/v2.1/<project_id>"

    @app.get("/compute", strict_slashes=False)
    def compute_versions() -> Response:
        return _json(200, {"versions": [_version_doc("/compute/v2.1/", "v2.1", limits)]})

    @app.get("/compute/v2.1", strict_slashes=False)
    def compute_version() -> Response:
        return _json(200, {"version": _version_doc("/compute/v2.1/", "v2.1", limits)})

    def versioned(body: Any, status: int = 200) -> Response:
        text = ".".join(str(part) for part in _requested(limits))
        headers = {"OpenStack-API-Version": f"compute {text}", "X-OpenStack-Nova-API-Version": text}
        return _json(status, body, {**headers, "Vary": "OpenStack-API-Version"})

    @app.get(f"{base}/servers/detail")
    @guard
    def servers_detail(project_id: str) -> Response:
        version = _requested(limits)
        page, following = servers.list_servers(cloud.state, project_id, request.args.to_dict(), version)
        rows = [servers.server_row(cloud.state, server, cloud.url, version) for server in page]
        return versioned({"servers": rows, **_next("servers", following)})

    @app.get(f"{base}/servers")
    @guard
    def servers_short(project_id: str) -> Response:
        page, following = servers.list_servers(cloud.state, project_id, request.args.to_dict(), _requested(limits))
        rows = [
            {"id": server.id, "name": server.name, "links": servers.server_links(server, cloud.url)} for server in page
        ]
        return versioned({"servers": rows, **_next("servers", following)})

    @app.get(f"{base}/servers/<server_id>")
    @guard
    def server_show(project_id: str, server_id: str) -> Response:
        server = servers.find_server(cloud.state, project_id, server_id)
        return versioned({"server": servers.server_row(cloud.state, server, cloud.url, _requested(limits))})

    @app.get(f"{base}/servers/<server_id>/tags")
    @guard
    def server_tags(project_id: str, server_id: str) -> Response:
        server = servers.find_server(cloud.state, project_id, server_id)
        if _requested(limits) < (2, 26):
            raise servers.NotFound("The resource could not be found.")
        return versioned({"tags": list(server.tags)})

    @app.get(f"{base}/servers/<server_id>/os-volume_attachments")
    @guard
    def server_volumes(project_id: str, server_id: str) -> Response:
        server = servers.find_server(cloud.state, project_id, server_id)
        return versioned({"volumeAttachments": servers.attachments(cloud.state, server)})

    @app.post(f"{base}/servers/<server_id>/action")
    @guard
    def server_action(project_id: str, server_id: str) -> Response:
        server = servers.find_server(cloud.state, project_id, server_id)
        wish = _body()
        status = {"os-start": "ACTIVE", "os-stop": "SHUTOFF"}.get(next(iter(wish or {}), ""))
        if status is None:
            raise servers.BadRequest("There is no such action")
        server.status = status
        return _json(202, None)


def _volume(app: Flask, cloud: Cloud) -> None:
    guard = _guard(cloud)
    base = "/volume/v3/<project_id>"
    limits = servers.CINDER_MICROVERSIONS

    @app.get("/volume", strict_slashes=False)
    def volume_versions() -> Response:
        return _json(300, {"versions": [_version_doc("/volume/v3/", "v3.0", limits)]})

    @app.get("/volume/v3", strict_slashes=False)
    def volume_version() -> Response:
        return _json(200, {"versions": [_version_doc("/volume/v3/", "v3.0", limits)]})

    def volumes(project_id: str) -> Response:
        page, following = servers.list_volumes(cloud.state, project_id, request.args.to_dict())
        rows = [servers.volume_row(volume, cloud.url) for volume in page]
        return _json(200, {"volumes": rows, **_next("volumes", following)})

    app.add_url_rule(f"{base}/volumes/detail", "volumes_detail", guard(volumes), methods=["GET"])
    app.add_url_rule(f"{base}/volumes", "volumes_short", guard(volumes), methods=["GET"])

    @app.get(f"{base}/volumes/<volume_id>")
    @guard
    def volume_show(project_id: str, volume_id: str) -> Response:
        volume = servers.find_volume(cloud.state, project_id, volume_id)
        return _json(200, {"volume": servers.volume_row(volume, cloud.url)})


def _images(app: Flask, cloud: Cloud) -> None:
    """At /ims, and what is of the type image at another address while the catalog is split."""
    guard = _guard(cloud)

    def serve(kind: str, rule: str, method: str, view: View) -> None:
        for base in ("/ims", keystone.SPLIT_IMAGE):

            def served(base: str = base, **path: str) -> Response:
                split = cloud.state.settings.image_catalog == "split"
                if base != (keystone.SPLIT_IMAGE if split and kind == "image" else "/ims"):
                    raise ApiError("APIGW.0101")
                return view(**path)

            name = f"{view.__name__} at {base}"
            app.add_url_rule(
                base + rule,
                name,
                served,
                methods=[method],
                strict_slashes=rule != "",
                provide_automatic_options=False,
            )

    def project() -> str:
        token = cloud.keystone.valid(request.headers.get("X-Auth-Token"))
        return (token.project_id if token else None) or ""

    def image_versions() -> Response:
        row = {"id": "v2.3", "status": "CURRENT", "links": [{"rel": "self", "href": f"{cloud.image_url}/v2/"}]}
        return _json(300, {"versions": [row]})

    @guard
    def image_create() -> Response:
        image = images.create(cloud.state, project(), _body())
        return _json(200, {"job_id": image.job_id})

    @guard
    def image_job(project_id: str, job_id: str) -> Response:
        return _json(200, images.job(cloud.state, project_id, job_id))

    @guard
    def image_list() -> Response:
        return _json(200, {"images": images.listed(cloud.state, project(), request.args.to_dict())})

    @guard
    def image_show(image_id: str) -> Response:
        return _json(200, images.show(images.find(cloud.state, project(), image_id)))

    @guard
    def image_delete(image_id: str) -> Response:
        images.delete(cloud.state, project(), image_id)
        return _json(204, None)

    serve("image", "", "GET", image_versions)
    serve("ims", "/v1/cloudimages/wholeimages/action", "POST", image_create)
    serve("ims", "/v1/<project_id>/jobs/<job_id>", "GET", image_job)
    serve("ims", "/v2/cloudimages", "GET", image_list)
    serve("image", "/v2/images/<image_id>", "GET", image_show)
    serve("image", "/v2/images/<image_id>", "DELETE", image_delete)
