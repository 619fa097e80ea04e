# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS in mid-task: a certificate that changes, connections that end, redirections, and http in the catalog."""

from __future__ import annotations

import functools
import json
import re
import threading
import typing as t

import flask
import pytest
import yaml

from ansible_collections.opentelekomcloud.csbs.plugins.doc_fragments.auth import ModuleDocFragment
from tests.emulator import Emulator
from tests.emulator.journal import is_write
from tests.emulator.server import HttpServer
from tests.laws.scenarios.scenario import Scenario
from tests.laws.test_laws import prepare
from tests.support import holds
from tests.support.modes import one_mode
from tests.support.tls import Certificates

from .conftest import Tried
from .end_state import end_state
from .test_tls import LOGIN, SECRET, alone, ca, caller, certificates, serve, subjects
from .tls_ways import INVENTORY, OPTIONS, Caller, problem_of

__all__ = ("alone", "caller", "certificates")
# The live mode is the harder one.
pytestmark = one_mode

WRITING = [one for one in subjects() if one.module != INVENTORY and not one.module.endswith("_info")]
BEFORE, AFTER = "before the write", "after the write"
CHANGES = [(when, scenario) for when in (BEFORE, AFTER) for scenario in WRITING]


def _note_secret(cloud: Emulator, found: list[str], dummy_method: str, path: str, body: t.Any) -> None:
    """Add the path of a request to found when it brings a token or a password to another server than the cloud's."""
    request = flask.request
    if request.environ["SERVER_PORT"] != str(cloud.port) and ("X-Auth-Token" in request.headers or body):
        found.append(path)


def begin(cloud: Emulator, scenario: Scenario, made: Certificates) -> dict[t.Any, t.Any]:
    """Prepare a situation, let the cloud serve https, and return what the cloud holds."""
    serve(cloud, None)
    cloud.reset(servers=6)
    prepare(cloud, scenario)
    before = end_state(cloud)
    serve(cloud, made.server())
    return before


# ========== A certificate that changes ==========
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_certificate_that_changes_in_mid_task_ends_it_and_what_was_done_is_told(
    cloud: Emulator, certificates: Certificates, caller: Caller, tried: Tried, when: str
) -> None:
    wrong = []
    cells = holds.chosen(CHANGES, lambda cell: cell[0], lambda cell: cell[1].module)
    for dummy, scenario in (mine := [cell for cell in cells if cell[0] == when]):
        before = begin(cloud, scenario, certificates)
        once = threading.Lock()

        def change(method: str, path: str, body: t.Any, once: threading.Lock = once) -> None:
            # The first write ends with its connection, as when a server starts again.
            if is_write(method, path) and once.acquire(blocking=False):
                if when == BEFORE:
                    cloud.faults.add(method=method, drop="before")
                cloud.change_tls(certificates.server(trusted=False))

        cloud.watchers.append(change)
        try:
            result = caller.run(OPTIONS, scenario.module, scenario.args, ca(certificates))
        finally:
            cloud.watchers.remove(change)
            cloud.faults.clear()
        problem = problem_of(result, "is not trusted", "ca_cert")
        # Nobody can look, so the task says what it does not know.
        told = re.search(
            r"may have|Nor could it be looked for|could not be read right afterwards", str(result.get("msg"))
        )
        changed = end_state(cloud) != before
        if not once.locked():
            problem = "there was no write"
        elif result["changed"] and not changed:
            problem = f"it says it changed something: {result['msg']}"
        elif changed and not (result["changed"] or told):
            problem = f"it says nothing of what it changed: {result['msg']}"
        if problem:
            wrong.append(f"{scenario.name}: {problem}")
    assert mine and not wrong, "\n".join(wrong)
    for dummy, scenario in mine:
        tried("tls", scenario.module, "the certificate changes in mid-task")


# ========== Connections that end ==========
@pytest.mark.parametrize("times", [1, 2])
def test_a_connection_that_ends_before_it_is_secure_is_tried_again(
    cloud: Emulator,
    certificates: Certificates,
    caller: Caller,
    monkeypatch: pytest.MonkeyPatch,
    tried: Tried,
    times: int,
) -> None:
    serve(cloud, certificates.server())
    ended = iter(range(times))
    # Each False closes one connection without a word.
    monkeypatch.setattr(HttpServer, "verify_request", lambda *dummy: next(ended, None) is None)
    result = caller.run(OPTIONS, "csbs_policy_info", {}, ca(certificates))
    assert not result.get("failed"), result["msg"]
    assert next(ended, None) is None
    tried("tls", "csbs_policy_info", "connections that end", times)


def test_connections_that_always_end_are_told_after_a_few_tries(
    cloud: Emulator, certificates: Certificates, caller: Caller, monkeypatch: pytest.MonkeyPatch, tried: Tried
) -> None:
    serve(cloud, certificates.server())
    closed: list[bool] = []

    def close(*dummy: object) -> bool:
        closed.append(True)
        return False

    monkeypatch.setattr(HttpServer, "verify_request", close)
    result = caller.run(OPTIONS, "csbs_policy_info", {}, ca(certificates))
    assert problem_of({**result, "msg": result["msg"].split("(")[0]}, "cannot be reached", start=LOGIN) is None
    assert len(closed) <= 8
    tried("tls", "csbs_policy_info", "connections that end")


# ========== Redirections ==========
REQUESTS = {
    "the login": ("POST", "/auth/tokens$"),
    "a service": ("GET", "^/(csbs|cbr|compute)/"),
}
ELSEWHERE = {"another port": True, "http": False}
REDIRECTED = [
    (request, place, scenario)
    for request in REQUESTS
    for place in ELSEWHERE
    for scenario in subjects()
    if scenario.module != "csbs_image"
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_to_another_place_is_not_followed_with_a_secret(
    cloud: Emulator, certificates: Certificates, caller: Caller, tried: Tried, status: int
) -> None:
    wrong = []
    cells = holds.chosen(REDIRECTED, lambda cell: cell[:2], lambda cell: cell[2].module)
    mine = [cell for number, cell in enumerate(cells) if number % 5 == (301, 302, 303, 307, 308).index(status)]
    for request, place, scenario in mine:
        begin(cloud, scenario, certificates)
        other = cloud.serve_apart("none", tls=certificates.server() if ELSEWHERE[place] else None)
        secrets: list[str] = []
        note = functools.partial(_note_secret, cloud, secrets)
        cloud.watchers.append(note)
        method, path = REQUESTS[request]
        cloud.faults.add(method=method, path=path, times=-1, status=status, location=f"{other}/elsewhere")
        result = caller.run(OPTIONS, scenario.module, scenario.args, ca(certificates))
        problem = problem_of(result, f"redirects to {other}", "was not followed", start="Could not ")
        cloud.watchers.remove(note)
        if secrets:
            problem = f"a token or a password was sent there: {secrets}"
        if SECRET in json.dumps(result) or result["changed"]:
            problem = f"the password, or a change: {result}"
        if problem:
            wrong.append(f"{scenario.name}, {request} to {place}: {problem}")
        cloud.faults.clear()
    assert mine and not wrong, "\n".join(wrong)
    for dummy, dummy_place, scenario in mine:
        tried("tls", scenario.module, "redirected elsewhere")


def test_a_redirection_at_the_same_place_is_followed(
    cloud: Emulator, certificates: Certificates, caller: Caller, tried: Tried
) -> None:
    serve(cloud, certificates.server())
    cloud.faults.add(method="GET", path="/policies", status=307, location=f"{cloud.csbs_url}/policies")
    result = caller.run(OPTIONS, "csbs_policy_info", {}, ca(certificates))
    assert not result.get("failed"), result["msg"]
    assert len(cloud.journal.select(path="/policies$")) == 2
    tried("tls", "csbs_policy_info", "redirected at the same place")


# ========== http in the catalog ==========
def test_the_catalog_decides_on_https_as_the_documentation_says(
    cloud: Emulator, certificates: Certificates, caller: Caller, tried: Tried
) -> None:
    serve(cloud, certificates.server())
    assert cloud.serve_apart("data-protect").startswith("http://")
    result = caller.run(OPTIONS, "csbs_policy_info", {}, ca(certificates))
    assert not result.get("failed"), result["msg"]
    assert len({entry.port for entry in cloud.journal}) == 2
    told = " ".join(yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["validate_certs"]["description"])
    assert "the catalog" in told and "http://" in told
    tried("tls", "csbs_policy_info", "http in the catalog")
