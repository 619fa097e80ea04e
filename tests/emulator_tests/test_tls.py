# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud over TLS: its own addresses, the certificates of clients, services at other ports, and redirections."""

from __future__ import annotations

import socket
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.emulator import Emulator
from tests.support.tls import Certificates


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A private CA."""
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def cloud(certificates: Certificates) -> Iterator[Emulator]:
    """A cloud that serves https."""
    with Emulator(tls=certificates.server(), servers=1) as cloud:
        yield cloud


def versions(cloud: Emulator, **options: object) -> requests.Response:
    return requests.get(cloud.url, timeout=10, **options)  # type: ignore[arg-type]


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def catalog(cloud: Emulator, ca: str) -> dict[str, str]:
    """The URL of each service."""
    headers = {"X-Auth-Token": cloud.token()}
    rows = requests.get(f"{cloud.url}/v3/auth/catalog", headers=headers, verify=ca, timeout=10).json()["catalog"]
    return {row["type"]: row["endpoints"][0]["url"] for row in rows}


def test_every_address_is_https(cloud: Emulator, certificates: Certificates) -> None:
    assert cloud.url.startswith("https://") and cloud.clouds()["clouds"]["local"]["auth"]["auth_url"].startswith(
        "https:"
    )
    assert all(url.startswith(cloud.url) for url in catalog(cloud, certificates.ca).values())
    link = versions(cloud, verify=certificates.ca).json()["versions"]["values"][0]["links"][0]["href"]
    assert link == f"{cloud.url}/v3/"
    assert {entry.client for entry in cloud.journal} == {None}


def test_a_connection_without_tls_is_counted_and_answered_by_nothing(cloud: Emulator) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        versions(cloud)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(cloud.url.replace("https:", "http:"), timeout=10)
    # The client may know before the cloud does.
    wait_until(lambda: len(cloud.accepted) == 2)
    assert all(one.problem for one in cloud.accepted) and len(cloud.journal) == 0


def test_one_client_that_says_nothing_keeps_no_other_waiting(cloud: Emulator, certificates: Certificates) -> None:
    raw = socket.create_connection(("127.0.0.1", cloud.port))
    with raw:
        assert versions(cloud, verify=certificates.ca).status_code == 300


def test_the_certificate_of_a_client_is_demanded_and_its_name_recorded(certificates: Certificates) -> None:
    with Emulator(tls=certificates.demanding(), servers=0) as cloud:
        with pytest.raises(requests.exceptions.ConnectionError):
            versions(cloud, verify=certificates.ca)
        assert len(cloud.journal) == 0
        assert versions(cloud, verify=certificates.ca, cert=certificates.client).status_code == 300
        assert [entry.client for entry in cloud.journal] == ["demo-client"]


def test_services_can_have_another_port_and_another_certificate(cloud: Emulator, certificates: Certificates) -> None:
    plain = cloud.serve_apart("data-protect")
    strange = cloud.serve_apart("compute", "volumev3", tls=certificates.server(trusted=False))
    urls = catalog(cloud, certificates.ca)
    assert urls["data-protect"].startswith(plain) and plain.startswith("http://")
    assert urls["compute"].startswith(strange) and urls["volumev3"].startswith(strange)
    assert urls["cbr"].startswith(cloud.url)
    headers = {"X-Auth-Token": cloud.token()}
    assert requests.get(f"{urls['data-protect']}/quotas", headers=headers, timeout=10).status_code == 200
    assert cloud.journal[-1].port == urllib.parse.urlsplit(plain).port != cloud.port
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(urls["compute"], headers=headers, verify=certificates.ca, timeout=10)
    cloud.together()
    assert catalog(cloud, certificates.ca)["compute"].startswith(cloud.url)


def test_the_certificate_can_change(cloud: Emulator, certificates: Certificates) -> None:
    port = cloud.port
    assert versions(cloud, verify=certificates.ca).status_code == 300
    cloud.change_tls(certificates.server(trusted=False))
    assert cloud.port == port
    with pytest.raises(requests.exceptions.SSLError):
        versions(cloud, verify=certificates.ca)
    assert versions(cloud, verify=certificates.other_ca).status_code == 300
    cloud.change_tls(None)
    assert cloud.url.startswith("http://") and versions(cloud).status_code == 300


@pytest.mark.parametrize("drop", ["before", "after"])
def test_lost_connections_end_without_a_goodbye(cloud: Emulator, certificates: Certificates, drop: str) -> None:
    cloud.faults.add(path="^/$", drop=drop)
    with pytest.raises(requests.exceptions.ConnectionError):
        versions(cloud, verify=certificates.ca)
    wait_until(lambda: [entry.dropped for entry in cloud.journal] == [drop])


def test_stopping_ends_the_threads_of_open_connections(cloud: Emulator, certificates: Certificates) -> None:
    with requests.Session() as session:
        before = threading.active_count()
        session.get(cloud.url, verify=certificates.ca, timeout=10)
        cloud.stop()
        with pytest.raises(requests.exceptions.ConnectionError):
            session.get(cloud.url, verify=certificates.ca, timeout=10)
    wait_until(lambda: threading.active_count() < before)


def test_a_redirection_has_its_address(cloud: Emulator, certificates: Certificates) -> None:
    cloud.faults.add(path="^/$", status=302, location="https://elsewhere.example/")
    answer = versions(cloud, verify=certificates.ca, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://elsewhere.example/")
    with pytest.raises(ValueError, match="location needs a status from 300"):
        cloud.faults.add(path="^/$", status=200, location="https://elsewhere.example/")


def test_without_tls_nothing_is_different(tmp_path: Path) -> None:
    with Emulator(servers=0) as cloud:
        assert cloud.url.startswith("http://") and versions(cloud).status_code == 300
        assert "http://" in cloud.write_clouds(tmp_path / "clouds.yaml").read_text()
        assert [one.problem for one in cloud.accepted] == [None]
