# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests may be sent again, and after how long."""

from __future__ import annotations

import types
import typing as t
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

pytest.importorskip("openstack")

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils import _session  # noqa: E402

from tests.unit.plugins.module_utils.fakes import Ticks  # noqa: E402

BASE = "https://csbs.eu-de.otc.t-systems.com/v1/p"
PROTECT = f"{BASE}/providers/x/resources/s/action"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", f"{BASE}/policies"),
        ("PUT", f"{BASE}/policies/1"),
        ("DELETE", f"{BASE}/policies/1"),
        ("post", "https://iam/v3/auth/tokens"),
        ("POST", f"{BASE}/providers/x/resources/action"),
        ("POST", f"{BASE}/csbs_backup/resource_instances/action"),
        ("POST", f"{BASE}/csbs_backup/1/tags"),
        ("POST", f"{BASE}/csbs_backup/1/tags/action?x=1"),
    ],
)
def test_what_has_no_second_effect_may_be_sent_again(method: str, url: str) -> None:
    assert _session.is_repeatable(method, url)


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/policies",
        PROTECT,
        f"{BASE}/providers/x/checkpoints",
        f"{BASE}/restores",
        "https://ims/v1/cloudimages/wholeimages/action",
    ],
)
def test_what_would_have_a_second_effect_may_not(url: str) -> None:
    assert not _session.is_repeatable("POST", url)


@pytest.mark.parametrize(
    ("status", "after", "method", "url", "pause"),
    [
        (200, "5", "GET", BASE, None),
        (500, "", "GET", BASE, None),
        (429, "", "POST", PROTECT, 1.5),
        (429, "7", "POST", PROTECT, 7),
        (429, "0", "GET", BASE, 0),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", "GET", BASE, 1.5),
        (429, "\u00b2", "GET", BASE, 1.5),
        (502, "", "GET", BASE, 1.5),
        (503, "3", "DELETE", BASE, 3),
        (504, "", "POST", f"{BASE}/providers/x/resources/action", 1.5),
        (502, "", "POST", PROTECT, None),
        (503, "3", "POST", f"{BASE}/policies", None),
        (504, "", "POST", f"{BASE}/restores", None),
    ],
)
def test_a_request_is_sent_again_only_where_that_is_safe(
    status: int, after: str, method: str, url: str, pause: float | None
) -> None:
    response = types.SimpleNamespace(headers={"Retry-After": after} if after else {})
    assert _session.RidingSession._pause(status, response, url, method, 1.5) == pause


def test_a_failure_without_an_answer_has_the_usual_pause() -> None:
    assert _session.RidingSession._pause(429, None, BASE, "GET", 1.5) == 1.5


def test_every_thread_whose_token_was_refused_logs_in_again() -> None:
    """keystoneauth tells only the first of them that there was a token to drop."""
    plugin = types.SimpleNamespace(invalidate=iter([True, False]).__next__)
    session = _session.RidingSession(auth=plugin)
    assert [session.invalidate(), session.invalidate()] == [True, True]


@pytest.mark.parametrize(("before", "least", "most"), [(0, 3600, 3660), (3500, 100, 160), (3590, 30, 60), (7200, 30, 60)])
def test_requests_share_the_time_of_the_task(before: float, least: float, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A throttled request at the end of a task must not have the whole timeout once more."""
    ticks = Ticks()
    monkeypatch.setattr(_session.time, "monotonic", lambda: ticks.time)
    monkeypatch.setattr(_session.RidingSession, "doze", staticmethod(ticks.doze))
    answer = types.SimpleNamespace(status_code=503, headers={})
    monkeypatch.setattr(_session.Session, "request", lambda *args, **kwargs: answer)
    session = _session.RidingSession()
    session.give(3600)
    ticks.time += before
    assert session.request(BASE, "GET") is answer
    assert least <= ticks.time - before <= most


@pytest.mark.parametrize(
    ("ahead", "headers", "seen"),
    [(7200, {}, 7200), (-7200, {}, -7200), (1, {}, 0), (7200, {"Date": "soon"}, 0), (7200, {"Date": None}, 0)],
    ids=["slow-here", "fast-here", "agreeing", "no-date", "empty"],
)
def test_the_time_is_that_of_the_cloud(ahead: int, headers: dict[str, t.Any], seen: int, monkeypatch: pytest.MonkeyPatch) -> None:
    here = datetime.now(timezone.utc)
    answer = types.SimpleNamespace(status_code=200, headers={"Date": format_datetime(here + timedelta(seconds=ahead), usegmt=True), **headers})
    monkeypatch.setattr(_session.Session, "request", lambda *args, **kwargs: answer)
    session = _session.RidingSession()
    session.request(BASE, "GET")
    assert abs(session.now() - here - timedelta(seconds=seen)) < timedelta(seconds=60)
