# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of the cloud and of clients: what fits works, and nothing is sent where something does not."""

from __future__ import annotations

import json
import ssl
import typing as t
import warnings
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.laws.scenarios.scenario import Scenario
from tests.laws.test_laws import prepare
from tests.support import holds
from tests.support.modes import one_mode
from tests.support.modules import MODULES, Args
from tests.support.policy_sets import hurry
from tests.support.tls import Certificates

from .conftest import Tried
from .end_state import end_state
from .matrix import SUBJECTS
from .tls_ways import INVENTORY, OPTIONS, WAYS, Caller, problem_of

# A login is the same in both modes.
pytestmark = one_mode

Tls = t.Callable[[Certificates], "ssl.SSLContext | None"]
Given = t.Callable[[Certificates], Args]
LOGIN = "Could not log in to the cloud: "
NOT_TRUSTED = ("is not trusted", "What to do:", "ca_cert", "cacert", "validate_certs")
#: Requests that one task may open a connection for before it ends
FEW = 3
SECRET = "secret-demo-password"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def alone(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    """Trust what the machine trusts, and leave the cloud as it was."""
    hurry(monkeypatch)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    yield
    serve(cloud, None)


@pytest.fixture
def caller(cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    return Caller(cloud, tmp_path, monkeypatch)


def serve(cloud: Emulator, tls: ssl.SSLContext | None) -> None:
    """Let the cloud serve https with a certificate from now on, or http."""
    cloud.together()
    cloud.change_tls(tls)
    cloud.accepted.clear()
    cloud.journal.clear()


def subjects() -> list[Scenario]:
    """Return one situation of each module with each service, and one of the inventory."""
    found = [next((one for one in every if not one.idle), every[0]) for every in SUBJECTS.values()]
    (protection,) = [one for one in found if one.module == "csbs_protection_info" and one.service == "csbs"]
    return [*found, Scenario("inventory", INVENTORY, {}, protection.given)]


def row(scenario: Scenario) -> tuple[str, str]:
    return scenario.module, scenario.service


# ========== What fits ==========
def ca(made: Certificates) -> Args:
    return {"ca_cert": made.ca}


def with_client(made: Certificates) -> Args:
    return {"ca_cert": made.ca, "client_cert": made.client[0], "client_key": made.client[1]}


def unchecked(made: Certificates) -> Args:
    return {"validate_certs": False}


FITTING: dict[str, tuple[Tls, Given, str | None]] = {
    "private CA": (Certificates.server, ca, None),
    "client certificate": (Certificates.demanding, with_client, "demo-client"),
    "client certificate with its key": (
        Certificates.demanding,
        lambda made: {"ca_cert": made.ca, "client_cert": made.both},
        "demo-client",
    ),
    "unchecked: unknown CA": (lambda made: made.server(trusted=False), unchecked, None),
    "unchecked: expired": (Certificates.expired, unchecked, None),
    "unchecked: another name": (lambda made: made.server("elsewhere.example"), unchecked, None),
    "unchecked: self-signed": (Certificates.self_signed, unchecked, None),
    "unchecked, and a CA is named": (
        Certificates.self_signed,
        lambda made: {"validate_certs": False, "ca_cert": made.other_ca},
        None,
    ),
    "unchecked, with a client certificate": (
        Certificates.demanding,
        lambda made: {**with_client(made), "validate_certs": False, "ca_cert": "/no/such/ca.pem"},
        "demo-client",
    ),
}
WORKING = [
    (kind, scenario, WAYS[(place + number) % len(WAYS)])
    for place, kind in enumerate(FITTING)
    for number, scenario in enumerate(subjects())
]


@pytest.mark.parametrize("kind", FITTING)
def test_what_fits_works_in_every_request(
    cloud: Emulator, certificates: Certificates, caller: Caller, tried: Tried, kind: str
) -> None:
    tls, given, client = FITTING[kind]
    wrong = []
    cells = holds.chosen(WORKING, lambda cell: cell[0], lambda cell: cell[1].module, lambda cell: cell[2])
    for dummy, scenario, way in (mine := [cell for cell in cells if cell[0] == kind]):
        serve(cloud, None)
        cloud.reset(servers=6)
        prepare(cloud, scenario)
        serve(cloud, tls(certificates))
        with warnings.catch_warnings(record=True) as noise:
            warnings.simplefilter("always")
            result = caller.run(way, scenario.module, scenario.args, given(certificates))
        loud = [str(one.message) for one in noise if "ertificate" in str(one.message) or "cacert" in str(one.message)]
        clients = {entry.client for entry in cloud.journal}
        if result.get("failed") or loud or clients != {client}:
            wrong.append(f"{scenario.name}, {way}: {result.get('msg')}, {clients}, {loud}")
    assert mine and not wrong, "\n".join(wrong)
    for dummy, scenario, dummy_way in mine:
        tried("tls", scenario.module, "what fits works")


# ========== What does not fit ==========
def nothing(made: Certificates) -> Args:
    return {}


REFUSED: dict[str, tuple[Tls, Given, tuple[str, ...]]] = {
    "unknown CA": (Certificates.server, nothing, NOT_TRUSTED),
    "another CA": (Certificates.server, lambda made: {"ca_cert": made.other_ca}, NOT_TRUSTED),
    "self-signed": (Certificates.self_signed, ca, (*NOT_TRUSTED, "self")),
    "expired": (Certificates.expired, ca, ("has expired", "What to do:", "clock")),
    "another name": (
        lambda made: made.server("elsewhere.example"),
        ca,
        ("is for another name", "127.0.0.1", "What to do:"),
    ),
    "TLS 1.0": (Certificates.outdated, ca, ("no version of TLS in common", "TLS 1.2")),
    "no TLS": (lambda made: None, ca, ("does not speak TLS", "What to do:", "port")),
    "no client certificate": (Certificates.demanding, ca, ("wants a client certificate", "client_cert", "client_key")),
    "client of another CA": (
        Certificates.demanding,
        lambda made: {
            "ca_cert": made.ca,
            "client_cert": made.untrusted_client[0],
            "client_key": made.untrusted_client[1],
        },
        ("does not accept the client certificate", "client_cert"),
    ),
}
CELLS = [(kind, module, way) for kind in REFUSED for module in (*MODULES, INVENTORY) for way in WAYS]
#: Options of one situation of each module
ARGS: dict[str, Args] = {scenario.module: scenario.args for scenario in reversed(subjects())}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_fit_is_refused_before_a_secret_is_sent(
    cloud: Emulator, certificates: Certificates, caller: Caller, tried: Tried, kind: str
) -> None:
    tls, given, words = REFUSED[kind]
    wrong = []
    cells = holds.chosen(CELLS, lambda cell: cell[0], lambda cell: cell[1], lambda cell: cell[2])
    for dummy, module, way in (mine := [cell for cell in cells if cell[0] == kind]):
        serve(cloud, tls(certificates))
        # In case it serves http
        cloud.url = cloud.url.replace("http:", "https:")
        result = caller.run(way, module, ARGS[module], given(certificates))
        problem = problem_of(result, *words, start=LOGIN)
        if len(cloud.journal) or len(cloud.accepted) > FEW or result["changed"]:
            problem = f"{len(cloud.accepted)} connections, {cloud.journal!r}"
        if SECRET in json.dumps(result):
            problem = "the password is shown"
        if problem:
            wrong.append(f"{module}, {way}: {problem}")
    assert mine and not wrong, "\n".join(wrong)
    for dummy, module, dummy_way in mine:
        tried("tls", module, "what does not fit is refused")


# ========== One service of several ==========
SERVICES = {
    "compute": ("compute",),
    "block storage": ("volumev3", "block-storage"),
    "images": ("image", "ims"),
    "CSBS": ("data-protect",),
    "CBR": ("cbr",),
}
APART = [(service, scenario) for service in SERVICES for scenario in subjects()]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_not_trusted_gets_no_token(
    cloud: Emulator, certificates: Certificates, caller: Caller, tried: Tried, service: str
) -> None:
    wrong, refused = [], 0
    cells = holds.chosen(APART, lambda cell: cell[0], lambda cell: cell[1].module)
    for dummy, scenario in (mine := [cell for cell in cells if cell[0] == service]):
        serve(cloud, None)
        cloud.reset(servers=6)
        prepare(cloud, scenario)
        before = end_state(cloud)
        serve(cloud, certificates.server())
        place = cloud.serve_apart(*SERVICES[service], tls=certificates.server(trusted=False)).rpartition("//")[2]
        result = caller.run(OPTIONS, scenario.module, scenario.args, ca(certificates))
        changed = end_state(cloud) != before
        there = [one for one in cloud.accepted if str(one.port) in place]
        problem = None
        if result.get("failed"):
            refused += 1
            problem = problem_of(result, place, *NOT_TRUSTED, start="Could not ")
            if changed is not result["changed"]:
                problem = f"changed is {result['changed']}: {result['msg']}"
        elif there:
            problem = "it succeeds without a service that it needs"
        if any(str(entry.port) in place for entry in cloud.journal) or len(there) > 2 * FEW:
            problem = f"{len(there)} connections: {cloud.journal!r}"
        if problem:
            wrong.append(f"{scenario.name}: {problem}")
    assert mine and not wrong, "\n".join(wrong)
    assert refused, "no module uses this service"
    for dummy, scenario in mine:
        tried("tls", scenario.module, "one service is not trusted")
