# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When, how and where figures of the documentation were found."""

from __future__ import annotations

import os
import platform
import typing as t
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import yaml

_GALAXY = Path(__file__).parents[2] / "galaxy.yml"


def conditions(command: str, others: t.Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the lines of a page about the run of a command; others are versions by name."""
    versions = {
        "opentelekomcloud.csbs": yaml.safe_load(_GALAXY.read_text(encoding="utf-8"))["version"],
        "ansible-core": version("ansible-core"),
        "openstacksdk": version("openstacksdk"),
        "Python": platform.python_version(),
        **(others or {}),
    }
    return {
        "Date": datetime.now(timezone.utc).strftime("%-d %B %Y"),
        "Command": command,
        "Machine": f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}",
        "Versions": ", ".join(f"{name} {number}" for name, number in versions.items()),
    }
