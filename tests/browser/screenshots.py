# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the pictures of the report in the documentation: `.venv/bin/python -m tests.browser.screenshots`.

The page is that of the fleet of the demo, with more servers and after four weeks.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from tests.browser.chromium import ROOT, launched, opened
from tests.emulator import Emulator
from tests.emulator.seeds import DEMO
from tests.support.modules import run_ok
from tests.support.plays import play

IMAGES = ROOT / "docs/docsite/rst/images"
START = datetime(2026, 2, 1, 9)
DAYS = 29
MORE = [
    {"name": f"{role}-{number}", "metadata": {"role": role, "env": "prod"}, "disks": [{"size": size}]}
    for role, size, numbers in (("web", 20, range(4, 17)), ("app", 40, range(3, 9)), ("db", 200, range(3, 6)))
    for number in numbers
]
POLICIES = [
    ("nightly", ["web", "app"], {"frequency": "daily", "times": ["02:00"], "timezone": "UTC"}, {"days": 35}),
    (
        "databases",
        ["db"],
        {"frequency": "daily", "times": ["01:00", "13:00"], "timezone": "UTC"},
        {"days": 21, "monthly": 12, "timezone": "UTC"},
    ),
]
VARIABLES = {
    "csbs_max_age": "24h",
    "csbs_controls": {"min_frequency": "24h", "min_retention_days": 14},
}


def live(cloud: Emulator) -> None:
    """Let four weeks pass, in which some things go wrong."""
    for name, roles, schedule, retention in POLICIES:
        filters = [{"metadata": {"role": role}, "status": "ACTIVE"} for role in roles]
        servers = [
            server["id"]
            for one in filters
            for server in run_ok("csbs_protection_info", {"server_filters": one}, cloud)["servers"]
            if server["name"] not in {"web-16", "app-8"}
        ]
        run_ok("csbs_policy", {"name": name, "schedule": schedule, "retention": retention, "servers": servers}, cloud)
    for day in range(DAYS):
        for name, days in (("db-2", {20, 21, 22, 27, 28}), ("app-1", {11}), ("web-7", {26, 27, 28})):
            if day in days:
                cloud.change_server(cloud.server(name).id, fail_next_backup="the snapshot timed out")
        cloud.clock.advance(86400)
    old = cloud.add_server("web-0")
    cloud.make_backup(old.id, "last", age=86400 * 12)
    cloud.remove_server(old.id)


def main() -> None:
    """Write the pictures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Emulator(mode="live", speed=0, list_delay=0, start=START, seed=[*DEMO, *MORE]) as cloud,
    ):
        live(cloud)
        code, output = play(cloud, Path(folder), "report", {**VARIABLES, "csbs_report_path": folder})
        assert code == 0, output
        with launched() as browser:
            for scheme in ("light", "dark"):
                with opened(browser, Path(folder, "protection.html"), color_scheme=scheme) as found:
                    charts = found.page.locator("#charts").bounding_box()
                    assert charts
                    top = {"x": 0, "y": 0, "width": 1200, "height": charts["y"] + charts["height"] + 24}
                    found.page.screenshot(path=IMAGES / f"report-{scheme}.png", full_page=True, clip=top)


if __name__ == "__main__":
    main()
