# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws docs/docsite/rst/images/prune.svg, a calendar of what csbs_backup_prune keeps, by its own rules: python docs/site/prune_picture.py

tests/unit/test_docs.py fails when the picture is not what this would draw.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.keep_rules import (
    Point,
    Rules,
    reasons_to_keep,
)

PICTURE = Path(__file__).resolve().parents[2] / "docs/docsite/rst/images/prune.svg"
RULES = Rules(daily=7, weekly=4, monthly=12)
NEWEST = datetime(2026, 6, 30, 2, tzinfo=timezone.utc)
MONTHS = 6
CELL, LEFT, TOP = 23, 120, 78

HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 312" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="15">
  <!--
    Copyright (c) 2026, the opentelekomcloud.csbs authors
    GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
    SPDX-License-Identifier: GPL-3.0-or-later

    Made by docs/site/prune_picture.py; change it there.
  -->
  <title>What csbs_backup_prune keeps of one backup each night</title>
  <style>
    .paper { fill: #ffffff; stroke: #d0d7de }
    text { fill: #1f2328 }
    .small { font-size: 12px; fill: #57606a }
    .gone { fill: none; stroke: #b6bec8 }
    .daily { fill: #2f8f4e }
    .weekly { fill: #3a78b5 }
    .monthly { fill: #b5651d }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #161b22; stroke: #30363d }
      text { fill: #e6edf3 }
      .small { fill: #a2acb8 }
      .gone { stroke: #4b535d }
    }
  </style>
  <rect class="paper" x="0.5" y="0.5" width="879" height="311" rx="8"/>
"""


def text(x: float, y: float, words: str, style: str = "", anchor: str = "start") -> str:
    """Return words at a place."""
    kind = f' class="{style}"' if style else ""
    return f'  <text{kind} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{words}</text>\n'


def square(x: float, y: float, reasons: list[str]) -> str:
    """Return the square of a backup: empty when it goes, else striped in the colours of its reasons."""
    size = CELL - 4
    if not reasons:
        return f'  <rect class="gone" x="{x:g}" y="{y:g}" width="{size}" height="{size}" rx="3"/>\n'
    part = size / len(reasons)
    return "".join(
        f'  <rect class="{reason}" x="{x:g}" y="{y + number * part:g}" width="{size}" height="{part:g}"/>\n'
        for number, reason in enumerate(reasons)
    )


def page() -> str:
    """Return the picture as it should be."""
    first = datetime(NEWEST.year, NEWEST.month - MONTHS + 1, 1, NEWEST.hour, tzinfo=timezone.utc)
    nights = [first + timedelta(days=number) for number in range((NEWEST - first).days + 1)]
    reasons = reasons_to_keep([Point(night.isoformat(), night) for night in nights], RULES)
    kept = sum(1 for why in reasons.values() if why)
    out = [
        HEAD,
        text(
            24,
            36,
            f"One backup each night, {len(nights)} in all, thinned with keep_daily: 7, keep_weekly: 4, keep_monthly: 12",
        ),
    ]
    out += [text(LEFT + CELL * (day - 0.5) - 2, TOP - 10, str(day), "small", "middle") for day in range(1, 32)]
    for row in range(MONTHS):
        out.append(
            text(LEFT - 16, TOP + CELL * row + 15, first.replace(month=first.month + row).strftime("%B"), "", "end")
        )
    for night in nights:
        out.append(
            square(LEFT + CELL * (night.day - 1), TOP + CELL * (night.month - first.month), reasons[night.isoformat()])
        )
    x, y = LEFT, TOP + CELL * MONTHS + 24
    for rule in ("daily", "weekly", "monthly"):
        count = sum(1 for why in reasons.values() if rule in why)
        out += [square(x, y, [rule]), text(x + 28, y + 15, f"{rule}: {count}")]
        x += 130
    out += [square(x, y, []), text(x + 28, y + 15, f"goes: {len(nights) - kept}")]
    out.append(
        text(
            LEFT,
            y + 52,
            f"{kept} stay, each with its reasons. The oldest one stays while a count is not used up.",
            "small",
        )
    )
    return "".join(out) + "</svg>\n"


if __name__ == "__main__":
    PICTURE.write_text(page(), encoding="utf-8")
