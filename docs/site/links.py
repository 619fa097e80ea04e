# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check every link, picture and anchor within the built site: python docs/site/links.py FOLDER

The check needs no network. It prints what is broken, and then exits with 1.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup


def broken(site: Path) -> list[str]:
    """Return a line for each broken link within the site."""
    pages = {
        page: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser") for page in sorted(site.rglob("*.html"))
    }
    anchors = {page: {tag["id"] for tag in soup.find_all(id=True)} for page, soup in pages.items()}
    found = []
    for page, soup in pages.items():
        for tag in soup.find_all(["a", "img", "link", "script"]):
            url = urlsplit(tag.get("href") or tag.get("src") or "")
            if url.scheme or url.netloc or not (url.path or url.fragment):
                continue
            target = Path(os.path.normpath(page.parent / unquote(url.path))) if url.path else page
            # Only pages have anchors that can be looked up.
            if not target.is_file() or (
                url.fragment and target in anchors and unquote(url.fragment) not in anchors[target]
            ):
                found.append(f"{page.relative_to(site)}: {url.geturl()}")
    return found


if __name__ == "__main__":
    lines = broken(Path(sys.argv[1]))
    print("\n".join(lines))
    sys.exit(1 if lines else 0)
