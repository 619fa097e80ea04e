# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with one request, and what a task then owes its user."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.error_codes import CODES
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retries import RETRYABLE_CODES

HTML: dict[str, t.Any] = {"body": "<html><body>Please log in</body></html>", "content_type": "text/html"}
#: Services whose errors have codes of their own, and how these begin
PREFIXES = {"csbs": "CSBS.", "cbr": "BackupService.", "ims": "IMG."}


@dataclass(frozen=True)
class Kind:
    """A fault of the local cloud.

    group is its column in the matrix; those of a group meet the requests in turn. A task must overcome it when passes
    is true: it is about one moment, and what was meant by the request can be found out. writes_only says that it means
    nothing for a request that only reads, and foreign that it is an answer with a status of success that is not the
    service's.
    """

    name: str
    group: str
    fault: t.Mapping[str, t.Any]
    passes: bool = False
    writes_only: bool = False
    foreign: bool = False


def _kinds() -> t.Iterator[Kind]:
    yield Kind("429", "429", {"status": 429}, passes=True)
    yield Kind("429 with Retry-After", "429", {"status": 429, "retry_after": 1}, passes=True)
    for status in (502, 503, 504):
        yield Kind(f"{status}", "502 to 504", {"status": status}, passes=True)
    for status in (502, 503, 504):
        yield Kind(f"{status} after the effect", "502 to 504, done", {"status": status, "effect": True}, True, True)
    yield Kind("refused", "refused", {"refuse": 0.3}, passes=True)
    for name, verb in (("drop", "dropped"), ("hang", "hung")):
        yield Kind(f"{verb} before the effect", verb, {name: "before"}, passes=True)
        yield Kind(f"{verb} after the effect", f"{verb}, done", {name: "after"}, passes=True, writes_only=True)
    cut = {"status": 200, "body": '{"policies": [{"id": "'}
    for name, group, fault in (
        ("JSON that is cut off", "cut JSON", cut),
        ("an empty object", "empty JSON", {"status": 200, "body": "{}"}),
        ("a page of HTML", "HTML", {"status": 200, **HTML}),
    ):
        yield Kind(name, group, fault, foreign=True)
        yield Kind(f"{name} after the effect", "foreign, done", {**fault, "effect": True}, False, True, foreign=True)
    yield Kind("404 of a gateway", "404", {"status": 404})
    yield Kind("404 with HTML", "404", {"status": 404, **HTML})
    yield Kind("404 with an empty object", "404", {"status": 404, "body": "{}"})
    yield Kind("token expired", "token", {"expire_tokens": True}, passes=True)
    yield Kind("500 without a code", "500", {"status": 500, "body": "oops", "content_type": "text/plain"})


KINDS = tuple(_kinds())
GROUPS = tuple(dict.fromkeys(kind.group for kind in KINDS))


def _codes(service: str) -> list[str]:
    """Return the business codes of a service; what comes from an image job is in no answer of a request."""
    prefix = PREFIXES.get(service)
    return sorted(code for code in CODES if prefix and code.startswith(prefix))


def retryable_codes(service: str) -> list[Kind]:
    """Return an error for each code of a service that says that the same call succeeds later."""
    found = [code for code in _codes(service) if code in RETRYABLE_CODES]
    return [Kind(code, "busy codes", {"status": 500, "error_code": code}) for code in found]


def final_codes(service: str) -> list[Kind]:
    """Return an error for each other code of a service."""
    found = [code for code in _codes(service) if code not in RETRYABLE_CODES]
    return [Kind(code, "final codes", {"status": 500, "error_code": code}) for code in found]
