# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages in the headless Chromium of the machine, and axe-core, which ./dev takes out of its package."""

from __future__ import annotations

import contextlib
import shutil
import typing as t
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]


def axe() -> str:
    """Return the script of axe-core, of the version that ./dev names."""
    return next((ROOT / ".cache").glob("axe-core-*/package/axe.min.js")).read_text(encoding="utf-8")


def chromium() -> str | None:
    """Return where Chromium is."""
    return shutil.which("chromium")


@contextlib.contextmanager
def launched() -> t.Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        # Root, as in containers, may not use the sandbox.
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Opened(t.NamedTuple):
    """A page, and what it did by itself: requests, dialogs, and messages on the console."""

    page: Page
    requests: list[str]
    noise: list[str]


@contextlib.contextmanager
def opened(browser: Browser, file: Path, **options: t.Any) -> t.Iterator[Opened]:
    """Open a file as a page; options are those of a browser context."""
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
    page = context.new_page()
    found = Opened(page, [], [])
    page.on("request", lambda request: found.requests.append(request.url))
    page.on("console", lambda message: found.noise.append(message.text))
    page.on("pageerror", lambda error: found.noise.append(str(error)))
    page.on("dialog", lambda dialog: (found.noise.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.goto(file.as_uri())
    try:
        yield found
    finally:
        context.close()
