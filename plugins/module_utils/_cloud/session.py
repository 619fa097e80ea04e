# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP session: retries throttled and failed requests where that is safe, and keeps the task's deadline."""

from __future__ import annotations

import random
import re
import time
import typing as t
import urllib.parse
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from .._domain.backoff import backoff
from .._sdk.guarded import Session, ksa_exceptions
from .answers import BadAnswer, read_json
from .messages import SECRETS

# POST requests that only read: login, checks and tag queries, of CBR those of its vaults
_READING_POST = r"/(auth/tokens|resources/action|resource_instances/action)$"
# POST requests that are idempotent: to set tags, and to give a vault of CBR a policy or take it off
_IDEMPOTENT_POST = r"/(tags|tags/action|associatepolicy|dissociatepolicy)$"
# An update replaces the whole list of servers. A repeated one would send a list that was read before others changed it.
# One of CBR has no servers, but its schedule and retention replace what others may have set, so it is made anew too.
_WHOLE_LIST = r"(^|/)policies/[^/]+$"
# A vault of CBR that goes, and servers that leave one, take every backup along. What is there is read before each try.
_TAKES_BACKUPS_ALONG = {"DELETE": r"(^|/)vaults/[^/]+$", "POST": r"/removeresources$"}
# Headers, and fields of forms, that nobody may see
_SECRETS = ("Authorization", "X-Auth-Token", "X-Subject-Token", "code_verifier", "device_code")
_LEAST_TOKEN = 8
# Calls that the services answer without a body, so that nothing in a body could show whose answer it is
_WITHOUT_BODY = {
    "POST": r"/tags(/action)?$|/backups/[^/]+/restore$",
    "DELETE": r"/tags/[^/]+$|(^|/)(vaults|backups)/[^/]+$",
}
# Other clouds of this kind name the job of a restore.
_JOB = b'"job_id"'
_GATEWAY_STATUSES = (502, 503, 504)
# The statuses that keystoneauth follows
_REDIRECTIONS = (301, 302, 303, 305, 307, 308)
# How often an address that never answered is tried.
_TRIES_WITHOUT_ANSWER = 3
#: Seconds that one request may take, unless api_timeout says otherwise
REQUEST_TIMEOUT = 60.0
# As many calls as a task may send at a time
_MOST_CONNECTIONS = 100
# Seconds that a reading may take after the deadline: it may be the one that finds what was started.
_SECONDS_AFTER_DEADLINE = 10.0
# More readings after the deadline are those of a list without an end.
_MOST_READINGS_AFTER_DEADLINE = 500
# The Date of an answer has no fractions, and an answer takes time: clocks that differ by less than this agree.
_CLOCKS_AGREE = timedelta(seconds=2)


class OutOfTime(ksa_exceptions.ClientException):
    """The task's time is over, so a request that changes something was not sent."""


class ForeignBody(ksa_exceptions.ClientException):
    """An answer with a status of success and a body that cannot be the service's."""


class ForeignRedirect(ksa_exceptions.ClientException):
    """A redirection to another host, or away from https, of a request with a token or a password. None was sent on."""


def is_reading(method: str, url: str) -> bool:
    """Return whether a request changes nothing."""
    return method.upper() in ("GET", "HEAD") or (
        method.upper() == "POST" and bool(re.search(_READING_POST, _path(url)))
    )


def is_repeatable(method: str, url: str) -> bool:
    """Return whether the session may send a request again: it only reads, or it is idempotent."""
    method, path = method.upper(), _path(url)
    if method == "POST":
        return bool(re.search(_READING_POST, path) or re.search(_IDEMPOTENT_POST, path))
    return not must_be_made_anew(method, url)


def must_be_made_anew(method: str, url: str) -> bool:
    """Return whether a request rests on what was read right before it."""
    method = method.upper()
    pattern = _WHOLE_LIST if method == "PUT" else _TAKES_BACKUPS_ALONG.get(method)
    return pattern is not None and bool(re.search(pattern, _path(url)))


def _path(url: str) -> str:
    return url.split("?")[0]


class RetryingSession(Session):
    """A keystoneauth session with retries and one deadline for all requests of a task."""

    #: Seconds for one request and its retries
    request_seconds = 120.0
    #: The deadline of all requests, in the time of time.monotonic
    deadline = float("inf")
    #: Sleeps some seconds; tests replace it
    sleep = staticmethod(time.sleep)
    _answered = False
    _late = 0
    _ahead = timedelta(0)

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Make a session as keystoneauth does, which keeps the connections of all calls that are sent at a time."""
        super().__init__(*args, **kwargs)
        adapters: set[t.Any] = set(self.session.adapters.values())
        for adapter in adapters:
            # By default it keeps ten and closes all others, so that most calls would have to connect anew.
            adapter.init_poolmanager(connections=10, maxsize=_MOST_CONNECTIONS)

    def request(self, url: str, method: str, **kwargs: t.Any) -> t.Any:  # type: ignore[override]
        """Send a request as keystoneauth's session does, and retry it where that is safe.

        Raises OutOfTime for a request that would change something after the deadline, ForeignBody for an answer that
        cannot be the service's, ForeignRedirect, and what keystoneauth raises.
        """
        # The SDK's own retries, on by default in some of its releases, repeat requests that are not safe to repeat.
        kwargs.update(connect_retries=0, status_code_retries=0)
        if kwargs.get("redirect") is not False:
            kwargs["hooks"] = {"response": self._stay}
        _keep_secret(kwargs.get("headers"))
        _keep_secret(kwargs.get("data"))
        reading = is_reading(method, url)
        started = time.monotonic()
        if started > self.deadline:
            self._late += 1
            if self._late > _MOST_READINGS_AFTER_DEADLINE:
                raise OutOfTime("the time of the task is over")
        left_of_task = max(self.deadline - started, _SECONDS_AFTER_DEADLINE if reading else 0.0)
        deadline = started + min(self.request_seconds, left_of_task)
        for tries, pause in enumerate(backoff(0.5, factor=2.0), start=1):
            left = deadline - time.monotonic()
            if left <= 0 and not reading:
                raise OutOfTime("the time of the task is over")
            kwargs["timeout"] = max(min(self.timeout or REQUEST_TIMEOUT, left), 0.1)
            wait: float | None
            try:
                response = super().request(url, method, **kwargs)
            except ksa_exceptions.HttpError as error:
                self._learn_from(error.response)
                wait = self._seconds_to_retry(error.http_status, error.response, url, method, pause)
                if wait is None or not self._can_wait(wait, deadline):
                    raise
            except ksa_exceptions.ConnectionError as error:
                # An address that never answered is wrong rather than busy, and a certificate does not change.
                never_answered = not self._answered and tries >= _TRIES_WITHOUT_ANSWER
                hopeless = never_answered or _fails_in_tls(error)
                wait = pause
                # What was sent before may have had its effect.
                t.cast("t.Any", error).tried_before = tries > 1 and not reading
                if not is_repeatable(method, url) or hopeless or not self._can_wait(wait, deadline):
                    raise
            else:
                self._answered = True
                self._learn_from(response)
                wait = self._seconds_to_retry(response.status_code, response, url, method, pause)
                if wait is None or not self._can_wait(wait, deadline):
                    # Only version discovery is asked without a token, and keystoneauth judges it itself.
                    return response if kwargs.get("authenticated") is False else _checked(response, method, url)
            # Jitter: requests that are throttled together must not come back together.
            self.sleep(min(wait * random.uniform(1.0, 1.25), max(deadline - time.monotonic(), 0.0)))
        raise AssertionError("unreachable")

    def get_auth_headers(self, auth: t.Any = None) -> t.Any:
        """Return the headers that log a request in, and keep them secret."""
        headers = super().get_auth_headers(auth)
        _keep_secret(headers)
        return headers

    def _stay(self, response: t.Any, **dummy: t.Any) -> None:
        """Refuse to follow an answer to another host: keystoneauth would send the token, or the password, there."""
        old, headers = response.request.url, response.request.headers
        if response.status_code not in _REDIRECTIONS or "Location" not in response.headers:
            return
        new = urllib.parse.urljoin(old, response.headers["Location"])
        secret = response.request.body or any(name in headers for name in ("Authorization", "X-Auth-Token"))
        if secret and self.session.should_strip_auth(old, new):
            raise ForeignRedirect(f"{_origin(old)} redirects to {_origin(new)}")

    @staticmethod
    def _can_wait(seconds: float, deadline: float) -> bool:
        return time.monotonic() + seconds < deadline

    def now(self) -> datetime:
        """Return the time at the cloud, from its last answer. It dates the backups, and the clock here may be off."""
        return datetime.now(timezone.utc) + self._ahead

    def _learn_from(self, response: t.Any) -> None:
        for part in (getattr(response, "request", None), response):
            _keep_secret(getattr(part, "headers", None))
        try:
            ahead = parsedate_to_datetime(response.headers["Date"]) - datetime.now(timezone.utc)
        except (AttributeError, KeyError, TypeError, ValueError):
            return
        self._ahead = ahead if abs(ahead) > _CLOCKS_AGREE else timedelta(0)

    def set_deadline(self, seconds: float) -> None:
        """Set the deadline of all requests to seconds from now."""
        self.request_seconds, self.deadline = seconds, time.monotonic() + seconds

    def seconds_left(self) -> float:
        """Return the seconds until the deadline, 0 when it is over."""
        return max(self.deadline - time.monotonic(), 0.0)

    def invalidate(self, auth: t.Any = None) -> bool:
        """Drop a token that was refused, and return True: it is worth logging in again.

        keystoneauth says so to the first of several threads only, and the others would fail with the old token's 401.
        """
        super().invalidate(auth)
        return True

    @staticmethod
    def _seconds_to_retry(status: int, response: t.Any, url: str, method: str, pause: float) -> float | None:
        """Return how many seconds to wait before the request is repeated, None when it is not repeated."""
        if status == 429:
            # A throttled request had no effect.
            if must_be_made_anew(method, url):
                return None
        elif status not in _GATEWAY_STATUSES or not is_repeatable(method, url):
            return None
        asked = retry_after(response)
        return pause if asked is None else asked


def _fails_in_tls(error: Exception) -> bool:
    # Loaded here, because most tasks see no error.
    from .tls import is_final

    return is_final(error)


def _origin(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def retry_after(response: t.Any) -> float | None:
    """Return the pause (seconds) that an answer asks for, None where it asks for none."""
    value = (getattr(response, "headers", None) or {}).get("Retry-After") or ""
    return float(value) if value.isascii() and value.isdecimal() else None


def _keep_secret(given: t.Any) -> None:
    """Remember the tokens in headers or a form: no message and no log may show them."""
    if isinstance(given, str):
        given = dict(re.findall(r"(\w+)=([^&]*)", given))
    for name in _SECRETS if isinstance(given, t.Mapping) else ():
        token = str(given.get(name) or "").rpartition(" ")[2]
        # A hostile answer must not hide words.
        if len(token) >= _LEAST_TOKEN:
            SECRETS.add(token)


def _checked(response: t.Any, method: str, url: str) -> t.Any:
    """Return an answer whose JSON is read; raises ForeignBody for one of success that cannot be the service's."""
    content = getattr(response, "content", b"")
    if response.status_code < 300 and content:
        pattern = _WITHOUT_BODY.get(method.upper())
        if pattern and re.search(pattern, _path(url)) and _JOB not in content:
            raise ForeignBody("a body where the service sends none")
        if content.lstrip()[:1] not in (b"{", b"["):
            kind = response.headers.get("Content-Type") or "no content type"
            raise ForeignBody(f"{kind.split(';')[0]} instead of JSON")
        try:
            answer = read_json(content)
        except BadAnswer as error:
            raise ForeignBody(str(error)) from error
        # The answer is read and checked once, for all who ask for its JSON.
        response.json = lambda **dummy: answer
    return response
