# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`./dev new-module`, in a copy of this clone: new modules pass the laws, and a wrong prediction is caught."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests.support.modules import MODULES
from tests.tools import new_module

ROOT = Path(__file__).resolve().parents[2]
#: A module of each kind, as they come, and one whose planner sends something else than it predicts
MADE, INFO, WRONG = "zz_made", "zz_made_info", "zz_wrong"
#: Prints of each example whether it changed something
RUN_EXAMPLES = """
import sys
from tests.emulator import Emulator
from tests.support.modules import documentation, run_ok
with Emulator(mode="live", speed=3000, list_delay=0.1) as cloud:
    for task in [task for name in sys.argv[1:] for task in documentation(name, "EXAMPLES")]:
        module = next(key for key in task if "." in key)
        print(run_ok(module.rpartition(".")[2], task[module] or {}, cloud)["changed"])
    assert not cloud.contract_violations
"""


def run(clone: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment in a copy of the clone. The copy takes precedence over the linked clone."""
    collections = str(clone.parents[2])
    # A pytest inside of a pytest is one of its own, and nothing of the user's leads to another cloud.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("OS_", "PYTEST_"))}
    return subprocess.run(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]],
        capture_output=True,
        text=True,
        env={**inherited, "PYTHONPATH": collections, "ANSIBLE_COLLECTIONS_PATH": collections, "ANSIBLE_NOCOLOR": "1"},
        cwd=clone,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git knows or would know of this clone, laid out as Ansible wants a collection, with three new modules."""
    folder = tmp_path_factory.mktemp("collections") / "ansible_collections/opentelekomcloud/csbs"
    subprocess.run([ROOT / "tests/tools/copy_tree.sh", folder], check=True)
    for name in (MADE, INFO, WRONG):
        done = run(folder, "python", "tests/tools/new_module.py", f"csbs_{name}")
        assert done.returncode == 0, done.stderr
    operation = folder / f"plugins/module_utils/_operations/{WRONG}.py"
    text, right = operation.read_text(encoding="utf-8"), '"enabled": options.enabled}\n        attrs'
    assert text.count(right) == 1
    operation.write_text(text.replace(right, '"enabled": not options.enabled}\n        attrs'), encoding="utf-8")
    return folder


@pytest.mark.e2e
def test_new_modules_pass_what_all_modules_pass_and_a_wrong_planner_does_not(clone: Path) -> None:
    """One test, since a pytest inside of a pytest takes seconds to begin."""
    about_all = [f"tests/unit/test_{about}.py" for about in ("imports", "metadata", "coverage")]
    operations = [f"tests/unit/plugins/module_utils/_operations/test_{name}.py" for name in (MADE, INFO)]
    chosen = "(zz_ and not reference) or test_the_page"
    done = run(
        clone, "python", "-m", "pytest", "-q", "-rpfE", "-k", chosen, "tests/laws/test_laws.py", *about_all, *operations
    )
    failed = re.findall(r"^(?:FAILED|ERROR) (?:\S*::)?(\S+)", done.stdout, re.MULTILINE)
    law = "test_check_predicts_the_run_and_a_second_run_does_nothing"
    wrong = [f"{law}[live-{prefix}{WRONG}-is-switched-{end}]" for prefix in ("cbr-", "") for end in ("off", "on")]
    assert sorted(failed) == wrong, done.stdout + done.stderr
    for test in (
        f"{law}[live-{MADE}-is-switched-off]",
        f"{law}[live-cbr-{MADE}-is-switched-off]",
        f"test_info_modules_never_write_and_return_what_they_document[live-csbs-csbs_{INFO}",
        f"test_info_modules_never_write_and_return_what_they_document[live-cbr-csbs_{INFO}",
        f"test_every_module_logs_in_and_ends_by_the_plumbing[csbs_{MADE}]",
        f"test_a_file_imports_its_own_folder_and_those_below_only[module_utils/_operations/{MADE}.py]",
        f"test_a_module_is_small[plugins/modules/csbs_{INFO}.py]",
        "test_the_page_names_every_module_with_all_its_options_and_no_others",
        f"_operations/test_{MADE}.py::",
        f"_operations/test_{INFO}.py::",
    ):
        assert re.search(f"PASSED .*{re.escape(test)}", done.stdout), test
    runtime = yaml.safe_load((clone / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert runtime["action_groups"]["csbs"] == sorted([*MODULES, f"csbs_{MADE}", f"csbs_{INFO}", f"csbs_{WRONG}"])


@pytest.mark.e2e
def test_new_modules_are_documented_and_their_examples_run(clone: Path) -> None:
    names = [f"csbs_{name}" for name in (MADE, INFO)]
    done = run(clone, "ansible-doc", "--json", *(f"opentelekomcloud.csbs.{name}" for name in names))
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    files = {about["doc"]["filename"] for about in json.loads(done.stdout).values()}
    assert files == {str(clone / f"plugins/modules/{name}.py") for name in names}
    done = run(clone, "python", "-c", RUN_EXAMPLES, *names)
    assert done.returncode == 0 and done.stdout.split() == ["True", "True", "True", "False", "False"], (
        done.stdout + done.stderr
    )


def refuse(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Ask for a module that is refused; return what is said. Nothing may be written."""
    monkeypatch.setattr(sys, "argv", ["new-module", name])
    monkeypatch.setattr(Path, "write_text", lambda path, *args, **kwargs: pytest.fail(f"{path} is written"))
    with pytest.raises(SystemExit) as ended:
        new_module.main()
    assert ended.value.code == 2
    return capsys.readouterr().err


def read_as(monkeypatch: pytest.MonkeyPatch, file: str, change: t.Callable[[str], str]) -> None:
    """Let a file of this clone have another text."""
    read = new_module._read
    monkeypatch.setattr(new_module, "_read", lambda path: change(read(path)) if path == file else read(path))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("csbs_", "is not a valid module name"),
        ("csbs_Made", "is not a valid module name"),
        ("csbs_ma-de", "is not a valid module name"),
        ("../csbs_made", "is not a valid module name"),
        ("csbs_tag", "existing files: plugins/modules/csbs_tag.py"),
        ("csbs_lookups", "existing files: tests/laws/scenarios/lookups.py"),
    ],
)
def test_a_name_that_is_refused_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, reason: str
) -> None:
    assert reason in refuse(name, monkeypatch, capsys)


def test_a_list_that_cannot_be_found_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_as(monkeypatch, "README.md", lambda text: text.replace("| `csbs_", "| `"))
    assert "README.md has no line" in refuse("csbs_zz_made", monkeypatch, capsys)


def test_a_module_that_comes_after_a_release_is_new_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    read_as(monkeypatch, "galaxy.yml", lambda text: re.sub(r"(?m)^version: .*$", "version: 2.3.4", text))
    made, dummy = new_module.plan("csbs_zz_made")
    assert "version_added: 2.3.4\n" in made["plugins/modules/csbs_zz_made.py"]
    read_as(monkeypatch, "changelogs/changelog.yaml", lambda text: "releases: {2.3.4: {}}")
    made, dummy = new_module.plan("csbs_zz_made")
    assert "version_added: 2.4.0\n" in made["plugins/modules/csbs_zz_made.py"]
