# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud for every test that asks for one: in both of its modes, or in one (tests/support/modes.py)."""

from __future__ import annotations

import os
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import vault_change, vault_members
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution import attempt, executor
from tests.emulator import Emulator
from tests.support import holds
from tests.support.estate import wait_for_afternoon
from tests.support.safety import GUARD

SERVERS = 6
FAST = {"speed": 3000, "list_delay": 0.1}
# What a test may have set, as it is at the start.
USUAL = {
    **FAST,
    "unique_policy_names": None,
    "image_catalog": "same",
    "catalog_lacks": None,
    "unique_vault_names": None,
    "quota_vaults": -1,
    "protectables": False,
    "csbs_closed": False,
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests marked holds to `./dev holds`, and everything else there out."""
    folder = Path(__file__).parent / "holds"
    kept, left = [], []
    for item in items:
        marked = item.get_closest_marker("holds") is not None
        wanted = marked or folder in item.path.parents if holds.ALL else not marked
        (kept if wanted else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


@pytest.fixture(scope="session", autouse=True)
def locks_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each worker its own file locks: workers use the same policy names, in different clouds."""
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path_factory.mktemp("locks"))


@pytest.fixture(autouse=True)
def files_of_clouds_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test read the clouds.yaml of another: openstacksdk 4.0 keeps each file of the environment for good."""
    loader = sys.modules.get("openstack.config.loader")
    if loader is not None:
        monkeypatch.setattr(loader, "CONFIG_FILES", list(loader.CONFIG_FILES))


@pytest.fixture(scope="module", params=["reference", "live"])
def running(request: pytest.FixtureRequest) -> t.Iterator[Emulator]:
    """A cloud on loopback for all tests of a file; sparse rows are the harder reading of the live service."""
    with Emulator(mode=request.param, servers=SERVERS, sparse_items=True, **FAST) as cloud:
        cloud.watchers.append(GUARD.watching(cloud))
        yield cloud


@pytest.fixture
def cloud(running: Emulator, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Emulator]:
    """The cloud as at its start.

    Afterwards no answer of it may have broken the contract, and no request may have been about to delete backups that
    nobody asked to delete.
    """
    # Its lists show new things after a tenth of a second, and it is never busy for long: shorter pauses will do.
    for module in (attempt, vault_change, vault_members):
        monkeypatch.setattr(module, "SECONDS_UNTIL_LISTED", 1.5)
    monkeypatch.setattr(vault_change, "SECONDS_BEFORE_MAKING", 3 * FAST["list_delay"])
    for module in (attempt, executor):
        monkeypatch.setattr(module, "FIRST_PAUSE", 0.5)
    running.settings(**USUAL)
    running.reset(servers=SERVERS)
    # A schedule that is due keeps servers, policies and vaults busy, and a night of this cloud comes every half minute.
    wait_for_afternoon(running)
    GUARD.forget()
    yield running
    assert not GUARD.losses and not GUARD.deletions
    assert not running.contract_violations
    assert not running.internal_errors
