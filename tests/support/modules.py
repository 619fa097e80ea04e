# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs modules in this process against the local cloud, as ansible-playbook would run them."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
import typing as t
from pathlib import Path
from unittest import mock

import yaml
from ansible.module_utils import basic

from tests.support.safety import GUARD

COLLECTION = "ansible_collections.opentelekomcloud.csbs"
_FILES = sorted((Path(__file__).parents[2] / "plugins" / "modules").glob("csbs_*.py"))
MODULES = [path.stem for path in _FILES]
#: Modules that work with both services at once, and so have no option service
BOTH_SERVICES = [path.stem for path in _FILES if "with_service=False" in path.read_text(encoding="utf-8")]
Args = dict[str, t.Any]


def load_module(name: str) -> t.Any:
    """Return the Python module of an Ansible module."""
    return importlib.import_module(f"{COLLECTION}.plugins.modules.{name}")


def documentation(name: str, part: str) -> t.Any:
    """Return a documentation block of a module: DOCUMENTATION, EXAMPLES or RETURN."""
    return yaml.safe_load(getattr(load_module(name), part))


def auth_of(cloud: t.Any) -> Args:
    """Return the authentication options for the local cloud."""
    return dict(next(iter(cloud.clouds()["clouds"].values())))


def run_module(name: str, args: Args, cloud: t.Any = None, check: bool = False) -> Args:
    """Run a module with diff and return its result; a failed one has failed: true, as Ansible shows it."""
    given: Args = {**args, "_ansible_check_mode": check, "_ansible_diff": True, "_ansible_remote_tmp": "~/.ansible/tmp"}
    if cloud is not None:
        auth = auth_of(cloud)
        for key in ("auth", "auth_type", "region_name"):
            if key in auth:
                given.setdefault(key, auth[key])
    out = io.StringIO()
    payload = json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode()
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(basic, "_ANSIBLE_ARGS", payload))
        if hasattr(basic, "_ANSIBLE_PROFILE"):
            stack.enter_context(mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy"))
        # Tests of plugins make this process a control node, where the warnings of modules would go to the screen, and
        # where options are read as the control node reads them.
        internal = sys.modules.get("ansible.module_utils._internal")
        if hasattr(internal, "is_controller"):
            stack.enter_context(mock.patch.object(internal, "is_controller", False))
            stack.enter_context(mock.patch.object(internal, "import_controller_module", lambda dummy: None))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(GUARD.asked(args, name))
        with contextlib.suppress(SystemExit):
            load_module(name).main()
    result: Args = json.loads(out.getvalue().strip().splitlines()[-1])
    return result


def run_ok(name: str, args: Args, cloud: t.Any) -> Args:
    """Run a module that must succeed."""
    result = run_module(name, args, cloud)
    assert not result.get("failed"), result["msg"]
    return result


def run_refused(name: str, args: Args, cloud: t.Any) -> str:
    """Return the message of a task that fails and sends nothing, in a run as in check mode."""
    cloud.journal.clear()
    result = run_module(name, args, cloud)
    assert result.get("failed"), result
    assert run_module(name, args, cloud, check=True)["msg"] == result["msg"]
    assert cloud.journal.writes() == []
    return str(result["msg"])


def plain(result: Args) -> Args:
    """Return a result without what Ansible adds."""
    return {key: value for key, value in result.items() if key not in ("invocation", "warnings", "deprecations")}
