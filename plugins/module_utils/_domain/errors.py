# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors: input that breaks a rule, and what the cloud refuses or fails at."""

from __future__ import annotations

import json
import typing as t

from .error_codes import CODES, FINAL_CODES, RETRYABLE_CODES, RETRYABLE_STATUSES, STATUSES, TROUBLE_CODES


class InvalidInput(ValueError):
    """An option that breaks a rule; the text names the option, the value and the rule."""


class Unsettled(InvalidInput):
    """Input that is refused for a state of the cloud that other tasks are about to end; it is worth planning again."""


# Codes of the gateway in front of the service. It knows addresses, and no objects of the service.
_GATEWAY_CODES = ("APIGW.",)


class CloudError(Exception):
    """Something that the cloud refused or failed at.

    act is what was tried, in words; reason is the message without the act. retry_after is the pause (seconds) that the
    service asks for, None where it asks for none.
    """

    #: Whether something that the task did before, or with this call, is known to stay in the cloud
    applied = False
    #: Whether this call may have had its effect although it failed
    uncertain = False
    #: Whether this call was never sent
    not_sent = False

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
        if self.error_code in RETRYABLE_CODES:
            return True
        final = self.error_code in FINAL_CODES or (
            str(self.error_code).startswith("CSBS.9") and self.error_code not in TROUBLE_CODES
        )
        return self.status in RETRYABLE_STATUSES and not final

    def fields(self) -> dict[str, t.Any]:
        """Return what a failed task reports beside msg."""
        return {"error_code": self.error_code, "status": self.status, "request_id": self.request_id}

    @classmethod
    def with_note(cls, other: CloudError, note: str) -> CloudError:
        """Return another error with a note added to its reason."""
        error = cls(
            other.operation,
            f"{other.reason} {note}".strip(),
            other.error_code,
            other.status,
            other.request_id,
            other.retry_after,
        )
        error.applied, error.uncertain, error.not_sent = other.applied, other.uncertain, other.not_sent
        return error

    def after_timeout(self, note: str = "") -> CloudError:
        """Return the error to report when the time for retries is over."""
        return FinalError.with_note(self, f"It was tried until the timeout. {note}".strip())


class FinalError(CloudError):
    """An error that is final, whatever its code."""

    retryable = False


class NotStarted(FinalError):
    """A call that was not sent, because the task's time was over or a call that it needs failed."""

    not_sent = True


class ForeignAnswer(FinalError):
    """An answer that the service does not document: a proxy's page, or a body without what must be in it."""

    uncertain = True

    def __init__(self, operation: str, what: str) -> None:
        super().__init__(
            operation,
            f"the answer is not what the service documents ({what}). It may come from a proxy or a login page in between."
            " What to do: check the address of the service and the network, and run the task again.",
        )


class OutcomeUnknown(CloudError):
    """The connection or a gateway failed while a call was under way."""

    uncertain = True


class NotFound(CloudError):
    """The service itself says that it has no such object. A gateway's 404 is not that."""


class TaskFailed(Exception):
    """A task that failed after it had done something; results are what it reports besides msg."""

    def __init__(self, msg: str, results: dict[str, t.Any]) -> None:
        super().__init__(msg)
        self.results = results


def explain(
    operation: str,
    status: int | None,
    body: t.Any,
    request_id: str | None,
    unsafe: bool = False,
    login: bool = False,
    retry_after: float | None = None,
) -> CloudError:
    """Return the typed error for an answer of the cloud; body is text or parsed JSON.

    unsafe says that the call may have had an effect although a gateway answered for the service; login, that Keystone was
    asked for a token. retry_after is the pause (seconds) that the answer asks for.
    """
    body = _parse_body(body)
    code, message = _read_body(body)
    # A gateway may write the request's ID into the body only.
    request_id = request_id or str(body.get("request_id") or "") or None
    # Keystone tells of a credential or user that is gone by other statuses than 401.
    told_as = 401 if login and message and status in (403, 404) else status
    meaning, remedy = (
        CODES.get(code or "")
        or STATUSES.get(told_as or 0)
        or ("the service failed", "run the task again later, or ask the provider")
    )
    origin = ", ".join(part for part in (code, f"HTTP {status}" if status else None) if part)
    said = f" The service says: {message.rstrip('.')}." if message else ""
    reason = f"{meaning} ({origin}).{said} What to do: {remedy}."
    kind = CloudError
    if told_as == 404:
        kind = NotFound if _names_an_object(code, body) else FinalError
    elif unsafe and status in (502, 503, 504) and (code in TROUBLE_CODES or not str(code).startswith("CSBS.")):
        kind = OutcomeUnknown
    return kind(operation, reason, code, status, request_id, retry_after)


def _names_an_object(code: str | None, body: dict[str, t.Any]) -> bool:
    """Return whether a 404 is the service's own: it has a code of the service, or it is Nova's or Cinder's."""
    if code is None:
        return "itemNotFound" in body
    return not code.startswith(_GATEWAY_CODES) and code not in TROUBLE_CODES


def _parse_body(body: t.Any) -> dict[str, t.Any]:
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return {}
    return body if isinstance(body, dict) else {}


def _read_body(body: dict[str, t.Any]) -> tuple[str | None, str]:
    if "error_code" in body or "error_msg" in body:
        return body.get("error_code") or None, str(body.get("error_msg") or "")
    for inner in (body, *body.values()):
        if isinstance(inner, dict) and "message" in inner:
            # The image service has codes such as IMG.0001 here, and passes on those of the backup service; others have numbers.
            code = inner.get("code")
            return code if isinstance(code, str) and "." in code else None, str(inner["message"])
    return None, ""
