# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What openstacksdk keeps in this process between two tasks."""

from __future__ import annotations

import contextlib
import logging
import typing as t

import pytest
from openstack.config import loader

_LOGGERS = ("openstack", "keystoneauth", "stevedore", "urllib3")


@contextlib.contextmanager
def sdk_as_before(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    """Remove what the SDK keeps of a task: loggers, and in old releases the paths of clouds.yaml and secure.yaml."""
    monkeypatch.setattr(loader, "CONFIG_FILES", list(loader.CONFIG_FILES))
    monkeypatch.setattr(loader, "SECURE_FILES", list(loader.SECURE_FILES))
    known = {name: logging.getLogger(name) for name in _LOGGERS}
    before = {name: (list(log.handlers), log.level) for name, log in known.items()}
    yield
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in known:
            log = logging.getLogger(name)
            for handler in set(log.handlers) - set(before.get(name, ([], 0))[0]):
                handler.close()
            log.handlers[:], level = before.get(name, ([], logging.NOTSET))
            log.setLevel(level)
