# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration of Sphinx for the site; build.sh arranges the pages."""

from __future__ import annotations

import posixpath
import re
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
GUIDES = "docs/docsite/rst/"
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))

project = "opentelekomcloud.csbs"
author = "the opentelekomcloud.csbs authors"
copyright = f"2026, {author}"  # noqa: A001  # pylint: disable=redefined-builtin
version = release = GALAXY["version"]

extensions = ["myst_parser", "sphinx_antsibull_ext"]
myst_heading_anchors = 3
myst_enable_extensions = ["html_image"]
nitpicky = True
# No inventory of other sites is read, so that the build needs no network. Links to other sites are plain addresses.
intersphinx_mapping: dict[str, t.Any] = {}
# A guide is in the list of guides and in the index that antsibull-docs writes.
suppress_warnings = ["toc.multiple_toc_parents"]
# The documentation of ansible-core has the variables of its caches; this site has only the collection.
nitpick_ignore_regex = [("envvar", "ANSIBLE_CACHE_.*")]
linkcheck_timeout = 20

html_theme = "furo"
html_title = "opentelekomcloud.csbs"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
# site.css has the colours, because the theme switches between light and dark itself.
antsibull_ext_color_scheme = "none"

LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)")


def point_at_repository(app: t.Any, docname: str, source: list[str]) -> None:
    """Change the links of a page of the clone: to the page of a guide, or to the repository if the target is no page.

    source is changed in place.
    """
    if not docname.startswith("clone/"):
        return

    def target(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(docname), found[1]))
        in_clone = path.removeprefix("clone/")
        if in_clone.startswith(GUIDES):
            return f"](/collection/docsite/{in_clone.removeprefix(GUIDES)})"
        if path.removesuffix(".md") in app.env.found_docs or not (ROOT / in_clone).exists():
            return found[0]
        return f"]({GALAXY['repository']}/blob/main/{in_clone})"

    source[0] = LINK.sub(target, source[0]).replace(f'src="{GUIDES}', 'src="/collection/docsite/')


def setup(app: t.Any) -> None:
    """Sphinx calls this."""
    app.connect("source-read", point_at_repository)
