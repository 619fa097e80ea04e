# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says which files of the collection a task loads: Ansible compiles each of them anew in every task.

`python -m tests.support.loaded TASKS` reads a JSON list of [module, options, check mode] from a file, and prints for
each task the files that were loaded, with their bytes. Every task runs in a process of its own, as Ansible runs it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from tests.support.modules import COLLECTION, Args, run_module


def loaded_by(module: str, args: Args, check: bool) -> dict[str, int]:
    """Run a module and return the files of the collection that this process has loaded, with their bytes."""
    result = run_module(module, args, check=check)
    assert not result.get("failed") and not result["changed"] or check, result.get("msg", result)
    files = [getattr(loaded, "__file__", None) for name, loaded in sys.modules.items() if name.startswith(COLLECTION)]
    paths = [Path(file) for file in files if file]
    return {str(path).partition("/plugins/")[2]: path.stat().st_size for path in paths if path.stat().st_size}


def in_own_process(module: str, args: Args, check: bool) -> dict[str, int]:
    """Return what loaded_by returns in a child of this process."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        with os.fdopen(writing, "w") as answer:
            json.dump(loaded_by(module, args, check), answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.wait()
    loaded: dict[str, int] = json.loads(text)
    return loaded


if __name__ == "__main__":
    # Loaded once, because every task needs it.
    importlib.import_module("openstack")
    tasks = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps([in_own_process(*task) for task in tasks]))
