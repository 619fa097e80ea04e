# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions that the collection works with: `./dev matrix` tries all, and its summary names what is missing here."""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.envdir = ".cache/nox"
nox.options.error_on_missing_interpreters = False  # the summary names them
nox.options.reuse_venv = "yes"

ROOT = Path(__file__).parent
NEWEST = "newest"
# ansible-core, and the Pythons that it runs on
CORES = {
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    NEWEST: ("3.12", "3.13", "3.14"),
}
OLDEST_SDK = "4.0.0"
SDKS = [f"4.{minor}" for minor in range(1, 22)]
# Where modules run, Python may be older than where ansible-core runs.
NODES = [("3.10", OLDEST_SDK), ("3.10", NEWEST), ("3.14", NEWEST)]


def leg(**versions: str) -> object:
    """Return the parameters of a session, named for its versions."""
    return nox.param(*versions.values(), id=",".join(f"{what}-{version}" for what, version in versions.items()))


def requirement(package: str, version: str) -> str:
    """Return what installs a version of a package: the newest, the last of a minor release, or exactly one."""
    if version == NEWEST:
        return package
    return f"{package}=={version}" if version.count(".") == 2 else f"{package}=={version}.*"


def install(session: nox.Session, core: str, sdk: str) -> None:
    """Install what the tests against the local cloud need, and this folder as a collection."""
    session.install(
        "-q", "-r", "tests/requirements-matrix.txt", requirement("ansible-core", core), requirement("openstacksdk", sdk)
    )
    link = Path(
        session.virtualenv.location,
        "lib",
        f"python{session.python}",
        "site-packages/ansible_collections/opentelekomcloud/csbs",
    )
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT)
    say = (
        "import sys; from importlib.metadata import version as v;"
        " print(sys.version.split()[0], v('ansible-core'), v('openstacksdk'))"
    )
    session.run("python", "-c", say)


@nox.session
@nox.parametrize(
    "python,core,sdk",
    [leg(python=python, core=core, sdk=NEWEST) for core, pythons in CORES.items() for python in pythons]
    + [leg(python=pythons[0], core=core, sdk=OLDEST_SDK) for core, pythons in CORES.items()],
)
def matrix(session: nox.Session, core: str, sdk: str) -> None:
    """The modules against the local cloud."""
    install(session, core, sdk)
    chosen = ("-k", "not reference")
    session.run("pytest", "-q", "--durations=10", "-n", "4", *chosen, "tests/cloud")


@nox.session
@nox.parametrize("python,core,sdk", [leg(python=pythons[0], core=core, sdk=NEWEST) for core, pythons in CORES.items()])
def playbooks(session: nox.Session, core: str, sdk: str) -> None:
    """Every example, the filters, and the playbook protect, as ansible-playbook runs them."""
    install(session, core, sdk)
    tests = (
        "tests/integration/test_examples.py",
        "tests/integration/test_filters.py",
        "tests/integration/test_protect.py",
    )
    session.run("pytest", "-q", "-n", "2", "-k", "examples or check_then or filters", *tests)


@nox.session
@nox.parametrize("python,core,sdk", [leg(python="3.11", core="2.19", sdk=sdk) for sdk in SDKS])
def sdk(session: nox.Session, core: str, sdk: str) -> None:
    """What rests on the SDK: logging in, and every call of the service."""
    install(session, core, sdk)
    session.run(
        "pytest", "-q", "-n", "2", "-k", "not reference", "tests/cloud/test_login.py", "tests/cloud/test_proxy.py"
    )


@nox.session
@nox.parametrize("python,sdk", [leg(python=python, sdk=sdk) for python, sdk in NODES])
def node(session: nox.Session, sdk: str) -> None:
    """The modules on a Python that ansible-core itself does not run on: the demo, with that Python as the node's."""
    session.install("-q", requirement("openstacksdk", sdk))
    session.run(
        "./dev", "demo", "-e", f"ansible_python_interpreter={session.virtualenv.location}/bin/python", external=True
    )


@nox.session
@nox.parametrize("python,core", [leg(python=pythons[0], core=core) for core, pythons in CORES.items()])
def sanity(session: nox.Session, core: str) -> None:
    """ansible-test sanity as each ansible-core has it, on every Python of this machine."""
    session.install("-q", requirement("ansible-core", core))
    session.run("tests/tools/sanity.sh", external=True)
