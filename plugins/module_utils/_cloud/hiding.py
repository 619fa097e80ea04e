# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hides the secrets of this process in text, however they are written there.

An error page or a proxy may echo a request with its token or password, in JSON, in a URL or in HTML. Loaded where text
may hold secrets: in messages about errors, in tracebacks and in the log of the SDK.
"""

from __future__ import annotations

import base64
import functools
import html
import json
import logging
import typing as t
import urllib.parse

from .messages import SECRETS

_STARS = "*" * 8
# How a text may be written inside another one
_WRITINGS: tuple[t.Callable[[str], str], ...] = (
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: repr(text)[1:-1],
    lambda text: urllib.parse.quote(text, safe="", errors="replace"),
    lambda text: urllib.parse.quote(text, errors="replace"),
    lambda text: urllib.parse.quote_plus(text, errors="replace"),
    html.escape,
    lambda text: html.escape(text, quote=False),
    # An answer in UTF-8 that does not say so
    lambda text: text.encode(errors="replace").decode("latin-1"),
)
# An answer in JSON may show a request in JSON in a page in HTML.
_DEPTH = 3


def all_writings() -> set[str]:
    """Return all secrets in all the forms in which a text may hold them."""
    return {form for secret in list(SECRETS) for form in _writings_of(secret)}


@functools.lru_cache(maxsize=64)
def _writings_of(secret: str) -> frozenset[str]:
    found = {secret}
    for dummy in range(_DEPTH):
        found |= {write(form) for form in found for write in _WRITINGS}
    found.add(base64.b64encode(secret.encode(errors="replace")).decode())
    return frozenset(found - {""})


def hidden(text: str) -> str:
    """Return a text with stars in place of every secret."""
    # The longest first: one that is part of another must not leave the rest of that.
    for form in sorted(all_writings(), key=len, reverse=True):
        text = text.replace(form, _STARS)
    return text


def one_line(error: Exception) -> str:
    """Return the text of an exception, without secrets, as one line that ends with a period."""
    text = " ".join(hidden(str(error)).split()) or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


class _HidingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return hidden(super().format(record))


def hide_in_logs() -> None:
    """Let the log files of the SDK hold no secret. Its own logging hides the headers of requests, but no bodies."""
    for name in ("openstack", "keystoneauth"):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.FileHandler) and handler.formatter:
                handler.setFormatter(_HidingFormatter(handler.formatter._fmt))
