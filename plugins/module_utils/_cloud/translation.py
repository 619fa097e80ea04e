# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What openstacksdk and keystoneauth raise, as the collection's own errors."""

from __future__ import annotations

import contextlib
import typing as t

from .._domain.errors import CloudError, FinalError, ForeignAnswer, NotStarted, OutcomeUnknown, explain
from .._sdk.guarded import ksa_exceptions, sdk_exceptions
from .session import ForeignBody, OutOfTime, is_repeatable, retry_after

LOGIN = "log in to the cloud"
_BACKUP = "Cloud Server Backup Service (data-protect)"
_OFFERED = {"find the backup service": _BACKUP, "find the image service": "Image Management Service (ims or image)"}


@contextlib.contextmanager
def errors_of(operation: str) -> t.Iterator[None]:
    """Turn whatever the SDK or keystoneauth raises inside into a CloudError that names the act."""
    try:
        yield
    except CloudError:
        raise
    except OutOfTime as error:
        raise NotStarted(operation, "it was not sent: the time of the task (timeout) is over.") from error
    except ForeignBody as error:
        raise ForeignAnswer(operation, str(error)) from error
    except sdk_exceptions.ConfigException as error:
        # The newest SDK takes a service that the catalog lacks for a mistake in the configuration.
        if "service catalog" in str(error):
            raise _no_endpoint(operation, error) from error
        raise FinalError(
            LOGIN, f"{one_line(error)} Look at the option cloud, clouds.yaml and the variables OS_*."
        ) from error
    except ksa_exceptions.CatalogException as error:
        raise _no_endpoint(operation, error) from error
    except ksa_exceptions.Unauthorized as error:
        raise explain_exception(LOGIN, error) from error
    except (sdk_exceptions.HttpException, ksa_exceptions.HttpError) as error:
        raise explain_exception(operation, error) from error
    except ksa_exceptions.SSLError as error:
        reason = f"no secure connection can be made ({one_line(error)[:300]})"
        raise FinalError(
            operation, f"{reason} What to do: check ca_cert, client_cert, client_key and validate_certs."
        ) from error
    except (ksa_exceptions.ConnectionError, ksa_exceptions.DiscoveryFailure) as error:
        raise _unreachable(operation, error) from error
    except (
        ksa_exceptions.MissingRequiredOptions,
        ksa_exceptions.NoMatchingPlugin,
        ksa_exceptions.OptionError,
    ) as error:
        raise FinalError(
            LOGIN, f"{one_line(error)} Look at the options auth and auth_type, clouds.yaml and the variables OS_*."
        ) from error
    except (sdk_exceptions.SDKException, ksa_exceptions.ClientException) as error:
        if "endpoint" in str(error).lower() or "catalog" in str(error).lower():
            raise _no_endpoint(operation, error) from error
        raise FinalError(operation, one_line(error)) from error
    # Before OSError: the JSON errors of requests are both.
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ForeignAnswer(operation, _describe_parse_error(error)) from error
    except OSError as error:
        raise FinalError(
            operation, f"{one_line(error)} What to do: check the files that ca_cert, client_cert and client_key name."
        ) from error


def one_line(error: Exception) -> str:
    """Return the text of an exception as one line that ends with a period."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _describe_parse_error(error: Exception) -> str:
    """Return what an answer lacks, without any part of the answer."""
    if isinstance(error, KeyError) and error.args:
        return f"{error.args[0]!r} is missing"
    return "it is no JSON" if isinstance(error, ValueError) else "it has another structure"


def explain_exception(operation: str, error: t.Any) -> CloudError:
    response = getattr(error, "response", None)
    status = (
        getattr(response, "status_code", None)
        or getattr(error, "http_status", None)
        or getattr(error, "status_code", None)
    )
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
        getattr(response, "text", ""),
        request_id,
        unsafe,
        login,
        retry_after(response),
    )


def _unreachable(operation: str, error: Exception) -> CloudError:
    if (
        operation == LOGIN
        and isinstance(error, ksa_exceptions.DiscoveryFailure)
        and "connection" not in str(error).lower()
    ):
        return _no_endpoint(operation, error)
    return OutcomeUnknown(
        operation,
        f"the cloud cannot be reached, does not answer in time, or closed the connection ({one_line(error)[:300]})"
        " What to do: check the address and the network.",
    )


def _no_endpoint(operation: str, error: Exception) -> CloudError:
    if operation == LOGIN:
        return FinalError(
            operation,
            f"there is no login service at auth_url ({one_line(error)}) What to do: check auth_url, such as https://iam.example.com/v3.",
        )
    # The newest SDK finds out with the first request only.
    offered = _BACKUP if "data-protect" in str(error) else _OFFERED.get(operation, "the service")
    return FinalError(
        operation,
        f"the catalog of this project has no service of that kind in this region and interface ({error})."
        f" What to do: check region_name and interface, and that {offered} is offered there.",
    )
