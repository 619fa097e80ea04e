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

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud import session  # noqa: E402
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.session import (
    ForeignBody,
    OutOfTime,
    RetryingSession,
    is_repeatable,
)  # noqa: E402
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations.backup import (
    _MAX_CONCURRENCY,
)  # noqa: E402
from tests.support.fakes import Ticks  # noqa: E402

BASE = "https://csbs.eu-de.otc.t-systems.com/v1/p"
CBR = "https://cbr.eu-de.otc.t-systems.com/v3/p"
PROTECT = f"{BASE}/providers/x/resources/s/action"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", f"{BASE}/policies"),
        ("DELETE", f"{BASE}/policies/1"),
        ("post", "https://iam/v3/auth/tokens"),
        ("POST", f"{BASE}/providers/x/resources/action"),
        ("POST", f"{BASE}/csbs_backup/resource_instances/action"),
        ("POST", f"{BASE}/csbs_backup/1/tags"),
        ("POST", f"{BASE}/csbs_backup/1/tags/action?x=1"),
        ("POST", f"{CBR}/vault/resource_instances/action"),
        ("POST", f"{CBR}/vault/1/tags"),
        ("POST", f"{CBR}/vault/1/tags/action"),
        ("POST", f"{CBR}/vaults/1/associatepolicy"),
        ("POST", f"{CBR}/vaults/1/dissociatepolicy"),
        ("PUT", f"{CBR}/vaults/1"),
        ("DELETE", f"{CBR}/backups/1"),
    ],
)
def test_what_has_no_second_effect_may_be_sent_again(method: str, url: str) -> None:
    assert is_repeatable(method, url)


def test_a_whole_list_of_servers_is_never_sent_again() -> None:
    """It was read before the pause: others may have joined the policy since."""
    # The SDK gives the session paths below the catalog's address.
    for url in (f"{BASE}/policies/1", f"{CBR}/policies/1", "policies/1", "/policies/1?x=1"):
        assert not is_repeatable("PUT", url)
        for status in (429, 502, 503, 504):
            assert RetryingSession._seconds_to_retry(status, None, url, "PUT", 1.5) is None


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "vaults/1"), ("POST", "vaults/1/removeresources")], ids=["vault", "servers"]
)
def test_what_takes_backups_along_is_never_sent_again(method: str, path: str) -> None:
    """It was read before the pause that there is no backup."""
    for url in (f"{CBR}/{path}", path, f"/{path}?x=1"):
        assert not is_repeatable(method, url)
        for status in (429, 502, 503, 504):
            assert RetryingSession._seconds_to_retry(status, None, url, method, 1.5) is None


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/policies",
        PROTECT,
        f"{BASE}/providers/x/checkpoints",
        f"{BASE}/restores",
        f"{CBR}/vaults",
        f"{CBR}/vaults/1/addresources",
        f"{CBR}/vaults/1/removeresources",
        f"{CBR}/vaults/1/migrateresources",
        f"{CBR}/policies",
        f"{CBR}/checkpoints",
        f"{CBR}/backups/1/restore",
        "https://ims/v1/cloudimages/wholeimages/action",
    ],
)
def test_what_would_have_a_second_effect_may_not(url: str) -> None:
    assert not is_repeatable("POST", url)


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
    assert RetryingSession._seconds_to_retry(status, response, url, method, 1.5) == pause


def test_a_failure_without_an_answer_has_the_usual_pause() -> None:
    assert RetryingSession._seconds_to_retry(429, None, BASE, "GET", 1.5) == 1.5


def test_every_thread_whose_token_was_refused_logs_in_again() -> None:
    """keystoneauth tells only the first of them that there was a token to drop."""
    plugin = types.SimpleNamespace(invalidate=iter([True, False]).__next__)
    session = RetryingSession(auth=plugin)
    assert [session.invalidate(), session.invalidate()] == [True, True]


class Wire:
    """A session whose time passes only when it sleeps or when a request takes long; answers are given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: t.Any, takes: float = 0.0) -> None:
        self.ticks, self.answers, self.takes = Ticks(), list(answers), takes
        self.timeouts: list[float] = []
        monkeypatch.setattr(session.time, "monotonic", lambda: self.ticks.time)
        monkeypatch.setattr(RetryingSession, "sleep", staticmethod(self.ticks.sleep_for))
        monkeypatch.setattr(session.Session, "request", lambda session, *args, **kwargs: self.send(**kwargs))
        self.session = RetryingSession()

    def send(self, timeout: float, **kwargs: t.Any) -> t.Any:
        self.timeouts.append(timeout)
        self.ticks.time += self.takes
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def answered(status: int, body: bytes = b"", **headers: str) -> t.Any:
    return types.SimpleNamespace(status_code=status, headers=headers, content=body)


@pytest.mark.parametrize(("before", "least", "most"), [(0, 3000, 3600), (3500, 30, 100), (3598, 0, 10), (7200, 0, 10)])
def test_requests_share_the_time_of_the_task(
    before: float, least: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A throttled request at the end of a task must not have the whole timeout once more."""
    wire = Wire(monkeypatch, answered(503))
    wire.session.set_deadline(3600)
    wire.ticks.time += before
    assert wire.session.request(BASE, "GET").status_code == 503
    assert least <= wire.ticks.time - before <= most


@pytest.mark.parametrize(
    ("timeout", "own", "expected"),
    [(3600, None, 60), (20, None, 20), (3600, 5, 5), (3, 5, 3), (3600, 300, 300)],
)
def test_no_request_hangs_for_longer_than_a_minute_or_the_task_has_left(
    timeout: float, own: float | None, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(monkeypatch, answered(200))
    wire.session.timeout = own
    wire.session.set_deadline(timeout)
    wire.session.request(BASE, "GET")
    assert wire.timeouts == [expected]


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", PROTECT),
        ("PUT", f"{BASE}/policies/1"),
        ("DELETE", f"{BASE}/policies/1"),
        ("POST", f"{BASE}/csbs_backup/1/tags"),
        ("POST", f"{CBR}/vaults/1/removeresources"),
        ("POST", f"{CBR}/vaults/1/associatepolicy"),
        ("DELETE", f"{CBR}/vaults/1"),
    ],
)
def test_nothing_that_changes_something_is_sent_after_the_deadline(
    method: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire(monkeypatch, answered(200))
    wire.session.set_deadline(10)
    wire.ticks.time += 10
    with pytest.raises(OutOfTime):
        wire.session.request(url, method)
    assert wire.timeouts == []
    assert wire.session.request(BASE, "GET").status_code == 200
    assert wire.session.request(f"{CBR}/vault/resource_instances/action", "POST").status_code == 200


def test_pauses_are_never_the_same_for_two_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = []
    for dummy in range(2):
        wire = Wire(monkeypatch, answered(429, **{"Retry-After": "4"}), answered(200))
        wire.session.request(BASE, "GET")
        pauses += wire.ticks.sleeps
    assert len(set(pauses)) == 2 and all(4 <= pause <= 5 for pause in pauses)


@pytest.mark.parametrize("body", [b"<html>proxy</html>", b" \n<!DOCTYPE html>", b"OK", b"null"])
def test_a_success_whose_body_is_no_object_is_not_the_services(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch, answered(200, body, **{"Content-Type": "text/html; charset=utf-8"}))
    with pytest.raises(ForeignBody, match="text/html instead of JSON"):
        wire.session.request(f"{BASE}/policies/1", "DELETE")
    assert wire.session.request(BASE, "GET", authenticated=False), "keystoneauth judges version discovery itself"


@pytest.mark.parametrize("body", [b"", b"{}", b"  [1]"])
def test_json_and_nothing_are_left_to_who_asked(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Wire(monkeypatch, answered(200, body)).session.request(BASE, "GET").content == body


@pytest.mark.parametrize(
    ("ahead", "headers", "seen"),
    [(7200, {}, 7200), (-7200, {}, -7200), (1, {}, 0), (7200, {"Date": "soon"}, 0), (7200, {"Date": None}, 0)],
    ids=["slow-here", "fast-here", "agreeing", "no-date", "empty"],
)
def test_the_time_is_that_of_the_cloud(
    ahead: int, headers: dict[str, t.Any], seen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = datetime.now(timezone.utc)
    answer = types.SimpleNamespace(
        status_code=200, headers={"Date": format_datetime(here + timedelta(seconds=ahead), usegmt=True), **headers}
    )
    monkeypatch.setattr(session.Session, "request", lambda *args, **kwargs: answer)
    riding = RetryingSession()
    riding.request(BASE, "GET")
    assert abs(riding.now() - here - timedelta(seconds=seen)) < timedelta(seconds=60)


def test_as_many_connections_stay_open_as_calls_may_be_sent_at_a_time() -> None:
    adapter = RetryingSession().session.get_adapter(BASE)
    pool = adapter.poolmanager.connection_from_url(BASE)
    assert pool.pool.maxsize >= _MAX_CONCURRENCY
    assert pool.conn_kw["socket_options"], "keystoneauth keeps the connections alive"
