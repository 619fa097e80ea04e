# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What openstacksdk and keystoneauth raise, as the collection's own errors. Loaded when there is an error."""

from __future__ import annotations

import re
import typing as t

from .._domain.errors import CloudError, FinalError, ForeignAnswer, NotStarted, OutcomeUnknown
from .._domain.explain import explain, is_malformed
from .._sdk.guarded import ksa_exceptions, sdk_exceptions
from .catalog import TYPES
from .hiding import hidden, one_line
from .messages import LOGIN, TITLES
from .session import ForeignBody, ForeignRedirect, OutOfTime, is_repeatable, retry_after
from .tls import explain_tls

# What the SDK and keystoneauth call the status of an answer in their exceptions
_STATUS_NAMES = ("http_status", "status_code")


def translate(operation: str, error: Exception, service: str) -> CloudError | None:
    """Return the CloudError of an exception, None for one that is no error of the cloud or its answers.

    operation is what was tried; service is what messages call a service that the catalog lacks.
    """
    if isinstance(error, OutOfTime):
        return NotStarted(operation, "it was not sent: the time of the task (timeout) is over.")
    if isinstance(error, ForeignBody):
        return ForeignAnswer(operation, hidden(str(error)))
    if isinstance(error, ForeignRedirect):
        return FinalError(
            operation,
            f"{error}, and was not followed: the token or the password would go there."
            " What to do: check auth_url, the catalog of the cloud, and what is in between.",
        )
    if isinstance(error, sdk_exceptions.ConfigException):
        # The newest SDK takes a service that the catalog lacks for a mistake in the configuration.
        if "service catalog" in str(error):
            return _no_endpoint(operation, error, service)
        return FinalError(LOGIN, f"{one_line(error)} Look at the option cloud, clouds.yaml and the variables OS_*.")
    if isinstance(error, ksa_exceptions.CatalogException):
        return _no_endpoint(operation, error, service)
    if isinstance(error, ksa_exceptions.Unauthorized):
        malformed = is_malformed(401, getattr(error.response, "text", ""))
        return explain_http(operation if malformed else LOGIN, error)
    if isinstance(error, (sdk_exceptions.HttpException, ksa_exceptions.HttpError)):
        return explain_http(operation, error)
    if isinstance(error, (ksa_exceptions.ConnectionError, ksa_exceptions.DiscoveryFailure)):
        problem = explain_tls(error)
        if problem is None:
            return _unreachable(operation, error, service)
        failure: CloudError = FinalError(operation, problem)
        if getattr(error, "tried_before", False):
            failure = FinalError.with_note(failure, "An earlier try got no answer, and may have had its effect.")
            failure.uncertain = True
        return failure
    if isinstance(
        error,
        (ksa_exceptions.MissingRequiredOptions, ksa_exceptions.NoMatchingPlugin, ksa_exceptions.OptionError),
    ):
        return FinalError(
            LOGIN, f"{one_line(error)} Look at the options auth and auth_type, clouds.yaml and the variables OS_*."
        )
    if isinstance(error, ksa_exceptions.InvalidResponse):
        return ForeignAnswer(operation, "a login without a token")
    if isinstance(error, (sdk_exceptions.SDKException, ksa_exceptions.ClientException)):
        if "endpoint" in str(error).lower() or "catalog" in str(error).lower():
            return _no_endpoint(operation, error, service)
        return FinalError(operation, one_line(error))
    # Before OSError: the JSON errors of requests are both.
    if isinstance(error, (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)):
        return ForeignAnswer(operation, _describe_parse_error(error))
    if isinstance(error, OSError):
        return FinalError(
            operation, f"{one_line(error)} What to do: check the files that ca_cert, client_cert and client_key name."
        )
    return None


def _describe_parse_error(error: Exception) -> str:
    """Return what an answer lacks, without any part of the answer."""
    if isinstance(error, KeyError) and error.args:
        return f"{hidden(repr(error.args[0]))} is missing"
    return "it is no JSON" if isinstance(error, ValueError) else "it has another structure"


def explain_http(operation: str, error: t.Any) -> CloudError:
    """Return the CloudError of an exception that holds an answer of the cloud."""
    response = getattr(error, "response", None)
    statuses = (getattr(response, "status_code", None), *(getattr(error, name, None) for name in _STATUS_NAMES))
    status = next(filter(None, statuses), None)
    headers = getattr(response, "headers", None) or {}
    request_id = (
        headers.get("X-Request-Id") or headers.get("x-openstack-request-id") or getattr(error, "request_id", None)
    )
    request = getattr(response, "request", None)
    unsafe = request is not None and not is_repeatable(str(request.method), str(request.url))
    # A token may end in mid-task, and the next login may fail.
    login = operation == LOGIN or (request is not None and str(request.url).endswith("/auth/tokens"))
    return explain(
        LOGIN if login else operation,
        status,
        hidden(getattr(response, "text", None) or ""),
        request_id and hidden(request_id),
        unsafe,
        login,
        retry_after(response),
    )


def _unreachable(operation: str, error: Exception, service: str) -> CloudError:
    answered = isinstance(error, ksa_exceptions.DiscoveryFailure) and "connection" not in str(error).lower()
    if operation == LOGIN and answered:
        return _no_endpoint(operation, error, service)
    return OutcomeUnknown(
        operation,
        f"the cloud cannot be reached, does not answer in time, or closed the connection ({one_line(error)[:300]})"
        " What to do: check the address and the network.",
    )


def _no_endpoint(operation: str, error: Exception, service: str) -> CloudError:
    if operation == LOGIN:
        return FinalError(
            operation,
            f"there is no login service at auth_url ({one_line(error)})"
            " What to do: check auth_url, such as https://iam.example.com/v3.",
        )
    # The newest SDK finds out with the first request only.
    named = re.search(r"\b(data-protect|cbr)\b", str(error))
    offered = next((TITLES[name] for name in TYPES if named and TYPES[name] == named[1]), service)
    return FinalError(
        operation,
        f"the catalog of this project has no service of that kind in this region and interface ({hidden(str(error))})."
        f" What to do: check region_name and interface, and that {offered} is offered there.",
    )


def explain_absence(service: str, place: str, regions: t.Iterable[str], other: str | None, choice: bool) -> CloudError:
    """Return the error for a backup service (csbs, cbr) that the catalog lacks at a place.

    regions have it; other is the other backup service if that one is offered; choice says whether the task may use it.
    """
    listed = ", ".join(sorted(regions))
    instead = (
        "" if other is None else f"{f', or set service: {other}' if choice else ''}. {TITLES[other]} is offered there"
    )
    return FinalError(
        "find the backup service",
        f"the catalog of this project has no {TITLES[service]} in {place}."
        f"{f' It is offered in: {listed}.' if listed else ''}"
        f" What to do: check region_name and interface{instead}.",
    )


def explain_mistake(error: Exception) -> str:
    """Return the mistake in options or files that an exception of the configuration means, without any value."""
    if isinstance(error, OSError):
        place = f" {error.filename!r}" if error.filename else ""
        reason = f"the file{place} cannot be read ({error.strerror or one_line(error)})."
        return f"{reason} Look at ca_cert, client_cert, client_key and clouds.yaml."
    return f"{_describe_mistake(error)} Look at the options auth and cloud, clouds.yaml and the variables OS_*."


def _describe_mistake(error: Exception) -> str:
    """Return the mistake in the configuration, in words that hold none of its values."""
    # The authentication plugins are Python classes, and their errors name options as Python does.
    unknown = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if unknown:
        return f"auth: {unknown[1]!r} is no option of this auth_type; check its spelling."
    missing = re.search(r"missing \d+ required .*argument.*: (.*)|(\w+) is a required attribute", str(error))
    if missing:
        return f"auth: this auth_type also needs {missing[1] or missing[2]}."
    # YAML's own text shows the line that it cannot read, which may hold a password.
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"{mark.name!r} is not valid YAML (line {mark.line + 1}, column {mark.column + 1})."
    return f"the configuration has another structure than openstacksdk expects ({type(error).__name__})."
