# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API, the Python API, and the command."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.emulator import Emulator
from tests.emulator_tests.api import Api

ROOT = Path(__file__).parents[2]


def _control(cloud: Emulator, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = requests.request(method, f"{cloud.url}/_emulator/{path}", json=body, timeout=10)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_settings_and_clock(live: Emulator) -> None:
    assert _control(live, "GET", "health")["status"] == "ok"
    shown = _control(live, "PUT", "settings", {"mode": "reference", "speed": 0, "list_delay": 1})
    assert (shown["mode"], shown["list_delay"]) == ("reference", 1)
    before = live.clock.now()
    _control(live, "POST", "clock", {"advance": 60})
    assert (live.clock.now() - before).total_seconds() == 60
    assert _control(live, "POST", "clock", {}, status=404)["error"]
    assert len(live.journal) == 0, "control calls are not in the journal"


BAD_SETTINGS = [
    ("mode", "dream"),
    ("surprise", 1),
    ("speed", -1),
    ("speed", "fast"),
    ("list_delay", -1),
    ("list_delay", "2"),
    ("token_lifetime", True),
    ("quota_backups", -2),
    ("quota_capacity", 1.5),
    ("sparse_items", 1),
    ("unique_policy_names", "yes"),
    ("unique_policy_names", 0),
    ("image_catalog", "glance"),
    ("image_catalog", None),
]


@pytest.mark.parametrize(("name", "value"), BAD_SETTINGS)
def test_wrong_settings_change_nothing(live: Emulator, name: str, value: Any) -> None:
    before = {**_control(live, "GET", "settings"), "now": None}
    wish = {"token_lifetime": 5, "sparse_items": True, "speed": 7, name: value}
    assert name in _control(live, "PUT", "settings", wish, status=400)["error"]
    with pytest.raises(ValueError, match=name):
        live.settings(**wish)
    assert {**_control(live, "GET", "settings"), "now": None} == before


def test_settings_are_an_object(live: Emulator) -> None:
    assert _control(live, "PUT", "settings", ["mode"], status=400)["error"]


def test_faults_and_journal(live: Emulator) -> None:
    api = Api(live)
    _control(live, "POST", "faults", [{"path": "/quotas", "status": 502}])
    assert api.call("GET", "quotas").status_code == 502
    assert _control(live, "GET", "faults")["faults"][0]["fired"] == 1
    _control(live, "DELETE", "faults")
    assert live.faults.all() == []
    assert [row["status"] for row in _control(live, "GET", "journal")["journal"]] == [502]
    assert _control(live, "GET", "journal?writes=true")["journal"] == []
    _control(live, "DELETE", "journal")
    assert len(live.journal) == 0
    _control(live, "DELETE", "tokens")
    api.refused("APIGW.0301", "GET", "quotas")
    assert _control(live, "GET", "contract") == {"violations": []}


def test_watchers_see_a_request_before_its_effect(live: Emulator) -> None:
    seen: list[Any] = []
    live.watchers.append(lambda method, path, body: seen.append((method, path, body, len(live.state.cbr.vaults))))
    live.make_vault("first")
    body = {"tag": {"key": "a", "value": "b"}}
    vault_id = next(iter(live.state.cbr.vaults))
    for method, path, sent in (("POST", f"/vault/{vault_id}/tags", body), ("DELETE", f"/vaults/{vault_id}", None)):
        answer = requests.request(
            method, live.cbr_url + path, json=sent, headers={"X-Auth-Token": live.token()}, timeout=10
        )
        assert answer.status_code == 204
    root = live.cbr_url.removeprefix(live.url)
    assert seen == [
        ("POST", f"{root}/vault/{vault_id}/tags", body, 1),
        ("DELETE", f"{root}/vaults/{vault_id}", None, 1),
    ]
    _control(live, "GET", "health")
    assert len(seen) == 2, "the control API is nobody's request"


def test_servers_and_backups(live: Emulator) -> None:
    api = Api(live)
    row = {"name": "new-1", "status": "SHUTOFF", "tags": ["a"], "disks": [{"size": 5}, {"size": 6}], "id": "my-id"}
    (made,) = _control(live, "POST", "servers", [row])["servers"]
    assert made["id"] == "my-id" and len(made["volume_ids"]) == 2
    _control(live, "POST", "servers", row, status=400)
    _control(live, "PATCH", "servers/my-id", {"fail_next_backup": "no", "metadata": {"a": "b"}})
    item = api.backed_up("my-id")
    assert item["status"] == "error"
    _control(live, "PATCH", "servers/my-id", {"surprise": 1}, status=400)
    _control(live, "POST", f"backups/{item['id']}", {"status": "available"})
    assert api.item(item["id"])["status"] == "available"
    _control(live, "POST", f"backups/{item['id']}", {"status": "dreaming"}, status=400)
    _control(live, "DELETE", "servers/my-id")
    _control(live, "DELETE", "servers/my-id", status=404)
    assert api.item(item["id"])["resource_id"] == "my-id"


def test_reset(live: Emulator) -> None:
    api = Api(live)
    api.create_policy()
    api.backed_up(api.ids()[0])
    _control(live, "POST", "reset", {"seed": "demo"})
    assert min(server.name for server in live.state.servers.values()) == "app-1"
    assert api.items() == [] and api.get("policies")["policies"] == []
    live.reset()
    assert len(live.state.servers) == 3
    live.clock.advance(7 * 24 * 3600)


def test_seeds() -> None:
    with Emulator() as cloud:
        assert [server.name for server in cloud.state.servers.values()] == ["web-1", "web-2", "db-1"]
    with Emulator(seed=[{"name": "mine"}]) as cloud:
        assert cloud.server("mine").status == "ACTIVE"
    with Emulator(servers=0) as cloud:
        assert cloud.state.servers == {}
    with pytest.raises(ValueError):
        Emulator(seed="unknown")
    with pytest.raises(ValueError):
        Emulator(mode="unknown")


def test_shared_disks(live: Emulator) -> None:
    disks = [{"size": 10}, {"size": 20, "id": "both", "shareable": True}]
    first, second = (live.add_server(name, disks=disks) for name in ("a", "b"))
    assert live.state.volumes["both"].server_ids == [first.id, second.id]
    live.remove_server(first.id)
    assert "both" in live.state.volumes


def test_stopping_ends_connections() -> None:
    before = time.monotonic()
    with Emulator(servers=1) as cloud:
        session = requests.Session()
        session.get(f"{cloud.url}/v3", timeout=10)
        url = cloud.url
    with pytest.raises(requests.ConnectionError):
        session.get(f"{url}/v3", timeout=10)
    assert time.monotonic() - before < 20
    cloud.start()
    assert requests.get(f"{cloud.url}/v3", timeout=10).status_code == 200
    cloud.stop()
    cloud.stop()


def test_clouds_yaml(live: Emulator, tmp_path: Path) -> None:
    path = live.write_clouds(tmp_path / "clouds.yaml")
    assert list(yaml.safe_load(path.read_text())["clouds"]) == ["local"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["clouds.yaml"]


def _wait(path: Path, process: subprocess.Popen[str]) -> None:
    for _number in range(300):
        if path.exists() or process.poll() is not None:
            return
        time.sleep(0.02)


def test_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.emulator", "--seed", "demo", "--speed", "600", "--state-dir", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            _wait(tmp_path / "port", process)
            port = int((tmp_path / "port").read_text())
            assert int((tmp_path / "pid").read_text()) == process.pid
            auth = yaml.safe_load((tmp_path / "clouds.yaml").read_text())["clouds"]["local"]["auth"]
            assert auth["auth_url"] == f"http://127.0.0.1:{port}/v3"
            health = requests.get(f"http://127.0.0.1:{port}/_emulator/health", timeout=10).json()
            assert (health["servers"], health["speed"], health["mode"]) == (8, 600, "live")
        finally:
            process.send_signal(signal.SIGTERM)
            printed, _errors = process.communicate(timeout=10)
        assert process.returncode == 0
    match = re.search(r"export OS_CLIENT_CONFIG_FILE=(\S+) OS_CLOUD=local", printed)
    assert match and Path(match[1]) == tmp_path / "clouds.yaml"


def test_command_ends_with_its_parent(tmp_path: Path) -> None:
    command = f"{sys.executable} -m tests.emulator --servers 1 --state-dir {tmp_path} --exit-with-parent >/dev/null & "
    script = f"{command} while [ ! -s {tmp_path}/port ]; do sleep 0.05; done"
    subprocess.run(["sh", "-c", script], cwd=ROOT, check=True, timeout=30)
    pid = int((tmp_path / "pid").read_text())
    for _number in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("it is still there")
