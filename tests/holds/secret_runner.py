# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs modules with all debugging on, with a login that is given in one of some ways, and collects what they tell."""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.holds import secrets
from tests.support.modules import Args, run_module

#: Where a login can stand
WAYS = ["option auth", "option cloud", "clouds.yaml", "secure.yaml", "environment"]
# What the user wrote with secrets in it
_GIVEN = ("clouds.yaml", "csbs.yml", "secure.yaml")


class Runner:
    """Runs modules with all debugging on, and collects all that they show and keep."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._capfd, self._monkeypatch = folder, capfd, monkeypatch
        self.shown = ""
        self.log = folder / "sdk.log"
        for name in ("HOME", "TMPDIR"):
            monkeypatch.setenv(name, str(folder))
        internal = sys.modules.get("ansible.module_utils._internal._traceback")
        if internal is not None:
            monkeypatch.setattr(internal, "is_traceback_enabled", lambda event: True)

    def give(self, way: str, auth_type: str, auth: Args) -> Args:
        """Return the options of a login that is given in one of some ways."""
        login: Args = {"auth_type": "password" if auth_type == "unknown-keys" else auth_type, "auth": auth}
        if way == "option auth":
            return login
        if way == "option cloud":
            return {"cloud": login}
        if way == "environment":
            self._monkeypatch.setenv("OS_AUTH_TYPE", login["auth_type"])
            for name, value in auth.items():
                self._monkeypatch.setenv(f"OS_{name.upper()}", ",".join(value) if isinstance(value, list) else value)
            return {}
        for name, content in self._files(way, login).items():
            path = self.folder / f"{name}.yaml"
            path.write_text(yaml.safe_dump({"clouds": {"mine": content}}, allow_unicode=True), encoding="utf-8")
            variable = {"clouds": "OS_CLIENT_CONFIG_FILE", "secure": "OS_CLIENT_SECURE_FILE"}[name]
            self._monkeypatch.setenv(variable, str(path))
        return {"cloud": "mine"}

    @staticmethod
    def _files(way: str, login: Args) -> dict[str, Args]:
        if way == "clouds.yaml":
            return {"clouds": login}
        hidden = {
            name: value
            for name, value in login["auth"].items()
            if any(word in name for word in ("password", "passcode", "token", "secret", "code", "assertion", "pin"))
            and not name.endswith(("endpoint", "type", "method"))
        }
        public = {name: value for name, value in login["auth"].items() if name not in hidden}
        return {"clouds": {**login, "auth": public}, "secure": {"auth": hidden}}

    def run(self, module: str, args: Args, check: bool = False) -> Args:
        """Run a module with the log of the SDK and tracebacks; keep what it shows."""
        debugging = {
            "sdk_log_path": str(self.log),
            "sdk_log_level": "DEBUG",
            "_ansible_verbosity": 4,
            "_ansible_debug": True,
        }
        result = run_module(module, {**debugging, **args}, check=check)
        self.shown += json.dumps(result, ensure_ascii=False)
        self.collect()
        return result

    def collect(self) -> None:
        """Keep what was written on the screen since."""
        self.shown += "".join(self._capfd.readouterr())

    def check(self, hidden: t.Iterable[str]) -> None:
        """Check that no secret is in what was shown so far, or in any file."""
        found = secrets.leaks(hidden, self.shown + secrets.files_in(self.folder, *_GIVEN))
        assert not found, "\n-----\n".join(found)
