# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors: input that breaks a rule, and what the cloud refuses or fails at.

This file is loaded by every task. What explains an error in words is in explain.py and error_codes.py, which only
failing tasks load.
"""

from __future__ import annotations

import typing as t


class InvalidInput(ValueError):
    """An option that breaks a rule; the text names the option, the value and the rule."""


class Unsettled(InvalidInput):
    """Input that is refused for a state of the cloud that other tasks are about to end; planning again may help."""


class CloudError(Exception):
    """A call that the cloud refused or failed at.

    operation says what was tried, in words; reason is the message without it. retry_after is the pause in seconds that
    the service asks for, None where it asks for none.
    """

    #: Whether something that the task did before, or with this call, is known to stay in the cloud
    applied = False
    #: Whether this call may have had its effect although it failed
    uncertain = False
    #: Whether this call was never sent
    not_sent = False
    #: Whether others have changed what the call rests on, so that planning again may help
    outdated = False
    #: Whether the servers that the call adds to a policy are not there, whatever else of it stays
    not_joined = False

    def __init__(
        self,
        operation: str,
        reason: str,
        error_code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"Could not {operation}: {reason}")
        self.operation, self.reason = operation, reason
        self.error_code, self.status, self.request_id = error_code, status, request_id
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later: the object is busy or the service is overloaded."""
        # Loaded here, because most tasks see no error.
        from .retries import is_retryable

        return is_retryable(self.error_code, self.status)

    @property
    def unclear(self) -> bool:
        """Whether the error may end within moments or never, so that a few tries show which."""
        from .retries import UNCLEAR_CODES

        return self.error_code in UNCLEAR_CODES

    def fields(self) -> dict[str, t.Any]:
        """Return what a failed task reports besides msg."""
        return {"error_code": self.error_code, "status": self.status, "request_id": self.request_id}

    @classmethod
    def with_note(cls, other: CloudError, note: str) -> CloudError:
        """Return a copy of another error, as one of this class, with a note added to its reason."""
        error = cls(
            other.operation,
            f"{other.reason} {note}".strip(),
            other.error_code,
            other.status,
            other.request_id,
            other.retry_after,
        )
        error.applied, error.uncertain, error.not_sent = other.applied, other.uncertain, other.not_sent
        error.outdated, error.not_joined = other.outdated, other.not_joined
        return error

    def after_timeout(self, note: str = "") -> CloudError:
        """Return the error to report when the time for retries is over."""
        return FinalError.with_note(self, f"It was tried until the timeout. {note}".strip())


class FinalError(CloudError):
    """An error that no retry can help, whatever its code."""

    retryable = False


class NotStarted(FinalError):
    """A call that was not sent, because the task's time was over or a call that it needs failed."""

    not_sent = True


class Outdated(FinalError):
    """A call that was not sent, because others have changed what it rests on since the task read it."""

    not_sent = True
    outdated = True
    not_joined = True


class ForeignAnswer(FinalError):
    """An answer that the service does not document: a proxy's page, or a body without a required field."""

    uncertain = True

    def __init__(self, operation: str, what: str) -> None:
        super().__init__(
            operation,
            f"the answer is not what the service documents ({what}). It may come from a proxy or a login page in"
            " between. What to do: check the address of the service and the network, and run the task again.",
        )


class OutcomeUnknown(CloudError):
    """The connection or a gateway failed while a call was under way."""

    uncertain = True


class NotFound(CloudError):
    """The service itself says that it has no such object. A gateway's 404 is not a NotFound."""


class TaskFailed(Exception):
    """A task that failed after it changed something; results are what it reports besides msg."""

    def __init__(self, msg: str, results: dict[str, t.Any]) -> None:
        super().__init__(msg)
        self.results = results
