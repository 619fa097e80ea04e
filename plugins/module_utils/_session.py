# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""The HTTP session: rides out throttling, failing gateways and dropped connections where that is safe."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from ._sdk import Session, ksa_exceptions
from ._wait import intervals

# POSTs that only ask, or that leave things as they are when they are said again.
_REPEATABLE = re.compile(r"/(auth/tokens|resources/action|resource_instances/action|tags|tags/action)$")
_GATEWAY = (502, 503, 504)
_FIRST_TRIES = 3
# Seconds that a request has although the task's time is over: it may be the one that tells what was started.
_GRACE = 30.0
# What an answer's Date, which has no fractions, and its way here can make of clocks that agree.
_CLOCKS_AGREE = timedelta(seconds=2)


def is_repeatable(method, url):
    """Return whether a request may be sent again without a second effect."""
    return method.upper() != "POST" or bool(_REPEATABLE.search(url.split("?")[0]))


class RidingSession(Session):
    """A keystoneauth session that tries again within patience (seconds), and hardly after the moment ends."""

    patience = 120.0
    ends = float("inf")
    #: Sleeps; tests replace it
    doze = staticmethod(time.sleep)
    _answered = False
    _ahead = timedelta(0)

    def request(self, url, method, **kwargs):
        """Send a request as keystoneauth's session does, trying again where that is safe."""
        # The SDK's own retries, on by default in some of its releases, send again what is not safe to be sent again.
        kwargs.update(connect_retries=0, status_code_retries=0)
        now = time.monotonic()
        deadline = now + min(self.patience, max(self.ends - now, _GRACE))
        for count, pause in enumerate(intervals(0.5, factor=2.0), start=1):
            left = deadline - time.monotonic()
            try:
                response = super().request(url, method, **kwargs)
            except ksa_exceptions.HttpError as error:
                self._read_clock(error.response)
                pause = self._pause(error.http_status, error.response, url, method, pause)
                if pause is None or left <= 0:
                    raise
            except ksa_exceptions.ConnectFailure:
                # An address where nobody ever answered is wrong rather than busy.
                if not is_repeatable(method, url) or left <= 0 or (not self._answered and count >= _FIRST_TRIES):
                    raise
            else:
                self._answered = True
                self._read_clock(response)
                pause = self._pause(response.status_code, response, url, method, pause)
                if pause is None or left <= 0:
                    return response
            self.doze(min(pause, max(left, 0)))
        raise AssertionError("unreachable")

    def now(self):
        """Return the time at the cloud as its last answer told it: there backups get their times, and clocks here may be off by hours."""
        return datetime.now(timezone.utc) + self._ahead

    def _read_clock(self, response):
        try:
            ahead = parsedate_to_datetime(response.headers["Date"]) - datetime.now(timezone.utc)
        except (AttributeError, KeyError, TypeError, ValueError):
            return
        self._ahead = ahead if abs(ahead) > _CLOCKS_AGREE else timedelta(0)

    def give(self, patience):
        """Give all requests together patience (seconds), from now on."""
        self.patience, self.ends = patience, time.monotonic() + patience

    def invalidate(self, auth=None):
        """Drop a token that was refused, and say that it is worth logging in again.

        keystoneauth says so to the first of several threads only, and the others would fail with the old token's 401.
        """
        super().invalidate(auth)
        return True

    @staticmethod
    def _pause(status, response, url, method, pause):
        """Return how many seconds to wait before the request is sent again, None when it is not."""
        if status != 429 and not (status in _GATEWAY and is_repeatable(method, url)):
            return None
        after = getattr(response, "headers", {}).get("Retry-After", "")
        return float(after) if after.isdecimal() else pause
