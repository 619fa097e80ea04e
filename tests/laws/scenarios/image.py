# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_image."""

from __future__ import annotations

from tests.emulator import Emulator

from .scenario import BACKED_UP, FAST, Args, Given, Scenario

RICH_IMAGE: Args = {
    "backup": "before-0001",
    "name": "Golden image 1.2_3-4",
    "description": "For new servers",
    "tags": {"release": "12", "empty": ""},
    "min_ram": 1024,
    "max_ram": 8192,
}


def _image(name: str, args: Args, *given: Given, idle: bool = False) -> Scenario:
    return Scenario(f"image {name}", "csbs_image", {**FAST, **args}, (BACKED_UP, *given), idle=idle)


def _split(cloud: Emulator, service: str) -> None:
    cloud.settings(image_catalog="split")


_MADE: Given = ("csbs_image", {**FAST, **RICH_IMAGE})
SCENARIOS = [
    _image("of a backup", {"backup": "before-0001", "name": "golden"}),
    _image("with description and tags", RICH_IMAGE),
    _image("that is there", RICH_IMAGE, _MADE, idle=True),
    _image(
        "that is there and was described otherwise",
        {**RICH_IMAGE, "description": "No more", "tags": {}, "min_ram": 1},
        _MADE,
        idle=True,
    ),
    _image("of a name that the image of another backup has", {**RICH_IMAGE, "backup": "before-0002"}, _MADE),
    _image("at two addresses", RICH_IMAGE, _split),
    _image("that is there at two addresses", RICH_IMAGE, _split, _MADE, idle=True),
    _image("that is not waited for", {**RICH_IMAGE, "wait": False}),
]
