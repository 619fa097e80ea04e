# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The typed error, with a message in words, for an answer that refuses a call."""

from __future__ import annotations

import json
import re
import typing as t

from .error_codes import CODES, STATUSES
from .errors import CloudError, FinalError, NotFound, OutcomeUnknown
from .printable import without_controls
from .retries import TROUBLE_CODES

#: Codes of the gateway in front of the service. It knows addresses but no objects of the service.
_GATEWAY_CODES = ("APIGW.",)
#: What the codes of the backup services begin with
_SERVICE_CODES = ("CSBS.", "BackupService.")
#: Codes of a 404 that is not about the object that the call addresses, but about a policy, server or disk in its body
_OF_OTHER_OBJECTS = ("BackupService.6002", "BackupService.6302", "BackupService.7000", "BackupService.7100")
#: What a gateway says, with the status of a refused token, of an address with an ID that is none
_MALFORMED = "malformed request url"
_NO_ID = ("a part of the address is not an ID", "check the IDs that the task names; names are not taken everywhere")
# An answer is not trusted to be one of the service: this is the form of a code, and how long its words may be.
_CODE = r"[\w.-]{1,64}"
_MOST_WORDS = 500
_UNKNOWN = ("the service failed", "run the task again later, or ask the provider")


def explain(
    operation: str,
    status: int | None,
    body: t.Any,
    request_id: str | None,
    unsafe: bool = False,
    login: bool = False,
    retry_after: float | None = None,
) -> CloudError:
    """Return the error for an answer of the cloud; body is text or parsed JSON.

    unsafe says that the call may have had an effect although a gateway answered instead of the service. login says that
    Keystone was asked for a token. retry_after is the pause in seconds that the answer asks for.
    """
    body = _parse_body(body)
    code, message = _read_body(body)
    # Keystone reports a credential or user that no longer exists with 403 or 404.
    meant_status = 401 if login and message and status in (403, 404) else status
    meaning, remedy = CODES.get(code or "") or STATUSES.get(meant_status or 0) or _UNKNOWN
    if is_malformed(status, message):
        meaning, remedy = _NO_ID
    origin = ", ".join(part for part in (code, f"HTTP {status}" if status else None) if part)
    said = f" The service says: {message.rstrip('.')}." if message else ""
    return _class_of(meant_status, code, body, unsafe)(
        operation,
        f"{meaning} ({origin}).{said} What to do: {remedy}.",
        code,
        status,
        # A gateway may write the request's ID into the body only.
        request_id or _code(body.get("request_id")),
        retry_after,
    )


def is_malformed(status: int | None, message: str) -> bool:
    """Return whether a gateway refuses an address for an ID in it, which it says as it says that a token is bad."""
    return status == 401 and _MALFORMED in message.lower()


def _class_of(status: int | None, code: str | None, body: dict[str, t.Any], unsafe: bool) -> type[CloudError]:
    if status == 404:
        return NotFound if _names_an_object(code, body) else FinalError
    said_by_service = str(code).startswith(_SERVICE_CODES) and code not in TROUBLE_CODES
    if unsafe and status in (502, 503, 504) and not said_by_service:
        return OutcomeUnknown
    return CloudError


def _names_an_object(code: str | None, body: dict[str, t.Any]) -> bool:
    """Return whether a 404 is about the object of the call: it has such a code, or comes from Nova or Cinder."""
    if code is None:
        return "itemNotFound" in body
    return not code.startswith(_GATEWAY_CODES) and code not in TROUBLE_CODES and code not in _OF_OTHER_OBJECTS


def _parse_body(body: t.Any) -> dict[str, t.Any]:
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return {}
    return body if isinstance(body, dict) else {}


def _read_body(body: dict[str, t.Any]) -> tuple[str | None, str]:
    """Return the code and the message of an error; the services write them in different places."""
    if "error_code" in body or "error_msg" in body:
        return _code(body.get("error_code")), _words(body.get("error_msg"))
    for part in (body, *body.values()):
        if isinstance(part, dict) and "message" in part:
            # The image service writes IMG.0001 or a code of the backup service here; OpenStack services write a status.
            code = _code(part.get("code"))
            return code if code and "." in code else None, _words(part["message"])
    return None, ""


def _code(value: t.Any) -> str | None:
    return value if isinstance(value, str) and value and re.fullmatch(_CODE, value) else None


def _words(value: t.Any) -> str:
    return without_controls(" ".join(str(value or "").split())[:_MOST_WORDS])
