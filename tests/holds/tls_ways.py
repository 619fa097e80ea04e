# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which a user says what TLS is to be like, for modules and for the inventory."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.emulator import Emulator
from tests.support.inventory import members, plugin, read_inventory
from tests.support.modules import Args, auth_of, run_module

INVENTORY = "inventory"
OPTIONS, FILE, DICTIONARY, ENVIRONMENT = WAYS = ("options", "clouds.yaml", "cloud as a dictionary", "environment")
_NAMES = {"ca_cert": "cacert", "client_cert": "cert", "client_key": "key", "validate_certs": "verify"}


class _Login:
    """What read_inventory takes for a cloud: options that it writes into the file."""

    def __init__(self, options: Args) -> None:
        self._options = options

    def clouds(self) -> Args:
        return {"clouds": {"local": self._options}}


class Caller:
    """Runs modules, and the inventory, with a login of one of the ways."""

    def __init__(self, cloud: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._cloud, self._folder, self._monkeypatch = cloud, folder, monkeypatch

    def run(self, way: str, module: str, args: Args, tls: Args) -> Args:
        """Run a module, or read the inventory; return the result, of an inventory its groups or the message."""
        login = auth_of(self._cloud)
        named = {**login, **{_NAMES[option]: value for option, value in tls.items()}}
        with self._monkeypatch.context() as patch:
            if way == OPTIONS:
                return self._call(module, {**login, **args, **tls})
            if way == DICTIONARY:
                return self._call(module, {**args, "cloud": named})
            if way == FILE:
                path = self._folder / "clouds.yaml"
                path.write_text(yaml.safe_dump({"clouds": {"local": named}}))
                patch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
                return self._call(module, {**args, "cloud": "local"})
            auth = named.pop("auth")
            for name, value in {**auth, **named}.items():
                patch.setenv(f"OS_{name.upper()}", str(value))
            return self._call(module, args)

    def _call(self, module: str, args: Args) -> Args:
        args = {key: value for key, value in args.items() if key != "identity_api_version"}
        if module != INVENTORY:
            return run_module(module, args)
        login = {key: args.pop(key) for key in ("auth", "region_name") if key in args}
        told: list[str] = []
        with self._monkeypatch.context() as patch:
            patch.setattr(type(plugin().display), "error", lambda _self, msg, **_options: told.append(msg))
            try:
                groups = members(read_inventory(_Login(login), self._folder, **args))
            except SystemExit as ended:
                assert ended.code == 1 and len(told) == 1
                # Before the message stands the file.
                return {"failed": True, "changed": False, "msg": told[0].partition("csbs.yml: ")[2]}
        assert sum(map(len, groups.values())), "an empty inventory"
        return {"changed": False, "groups": {name: sorted(hosts) for name, hosts in groups.items()}}


def problem_of(result: Args, *words: str, start: str = "") -> str | None:
    """Return what is wrong with the result of a task that must fail with one clear line."""
    message = str(result.get("msg"))
    if not result.get("failed"):
        return "it does not fail"
    if "exception" in result or "Traceback" in message or "Unexpected" in message:
        return f"a traceback: {message}"
    if "\n" in message or "HTTPSConnectionPool" in message or "_ssl.c" in message:
        return f"not a clear line: {message}"
    if not message.startswith(start):
        return f"does not begin with {start!r}: {message}"
    return next((f"{word!r} is not in: {message}" for word in words if word not in message), None)
