# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Keystone, with a database of its own, and what it says before the local cloud."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import time
import typing as t
from pathlib import Path

import openstack
import requests

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv" / "keystone"
ADMIN_PASSWORD = "admin-of-the-tests"
CONFIGURATION = """
[database]
connection = sqlite:///{folder}/keystone.db
[token]
provider = fernet
expiration = 3600
[fernet_tokens]
key_repository = {folder}/fernet
[fernet_receipts]
key_repository = {folder}/receipts
[credential]
key_repository = {folder}/credential
[cache]
enabled = false
[identity]
password_hash_rounds = 4
"""


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RealKeystone:
    """Keystone from the package index, on SQLite, in an empty folder."""

    def __init__(self, folder: Path) -> None:
        assert ENVIRONMENT.is_dir(), f"{ENVIRONMENT} is missing; `./dev test pytest_keystone` makes it"
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self.configuration = folder / "keystone"
        self.configuration.mkdir(parents=True)
        (self.configuration / "keystone.conf").write_text(CONFIGURATION.format(folder=folder))
        self._process: subprocess.Popen[bytes] | None = None

    # ---------- life ----------
    def __enter__(self) -> RealKeystone:  # noqa: PYI034
        self._make_keys()
        self._manage("db_sync")
        urls = [
            part for kind in ("admin", "public", "internal") for part in (f"--bootstrap-{kind}-url", f"{self.url}/v3")
        ]
        self._manage("bootstrap", "--bootstrap-password", ADMIN_PASSWORD, "--bootstrap-region-id", "eu-de", *urls)
        environment = {
            **os.environ,
            "KEYSTONE_PORT": self.url.rsplit(":", 1)[1],
            "OS_KEYSTONE_CONFIG_DIR": str(self.configuration),
            "OS_KEYSTONE_CONFIG_FILES": "keystone.conf",
        }
        command = [str(ENVIRONMENT / "bin" / "python"), str(Path(__file__).with_name("keystone_server.py"))]
        self.log = self.configuration / "log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def _wait(self) -> None:
        for dummy in range(600):
            assert self._process is not None and self._process.poll() is None, self.log.read_text()
            try:
                requests.get(f"{self.url}/v3", timeout=5)
            except requests.ConnectionError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"Keystone does not answer\n{self.log.read_text()}")

    def _make_keys(self) -> None:
        # As keystone-manage would, which takes seconds for each folder.
        for name in ("fernet", "receipts", "credential"):
            keys = self.folder / name
            keys.mkdir(mode=0o700)
            for number in ("0", "1"):
                (keys / number).write_bytes(base64.urlsafe_b64encode(os.urandom(32)))

    def _manage(self, *arguments: str) -> None:
        tool = [
            str(ENVIRONMENT / "bin" / "keystone-manage"),
            "--config-file",
            str(self.configuration / "keystone.conf"),
        ]
        done = subprocess.run(
            [*tool, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stdout + done.stderr

    # ---------- what an administrator does ----------
    def connection(self, username: str = "admin", password: str = ADMIN_PASSWORD, project: str = "admin") -> t.Any:
        """Return a connection of the SDK."""
        auth = {**self.auth(username, password), "project_name": project, "project_domain_name": "Default"}
        return openstack.connect(
            load_yaml_config=False, load_envvars=False, auth=auth, region_name="eu-de", identity_api_version="3"
        )

    def auth(self, username: str, password: str) -> dict[str, str]:
        """Return the authentication option of a user, without a project."""
        return {"auth_url": f"{self.url}/v3", "username": username, "password": password, "user_domain_name": "Default"}

    def revoke(self, tokens: t.Iterable[str]) -> None:
        """Make tokens worthless, as their owner can."""
        for token in tokens:
            answer = requests.delete(
                f"{self.url}/v3/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token}, timeout=30
            )
            assert answer.status_code in (204, 401, 404), answer.text
