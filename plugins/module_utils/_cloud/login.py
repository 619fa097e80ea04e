# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login: the authentication options, and the connection that they give."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import typing as t

from .._domain.errors import CloudError, FinalError, InvalidInput
from .._sdk.csbs.service import CsbsService
from .._sdk.guarded import SDK_ERROR, Connection, OpenStackConfig, ksa_exceptions, openstack, sdk_exceptions
from .csbs import CsbsCloud
from .errors import errors_of
from .messages import LOGIN, one_line
from .session import RetryingSession

#: Traceback of the failed import where openstacksdk is missing, else None
MISSING_SDK = SDK_ERROR
#: The authentication options of openstack.cloud, name by name; what of auth and cloud is no secret, _module shows again
AUTH_SPEC: dict[str, t.Any] = {
    "api_timeout": {"type": "int"},
    "auth": {"type": "dict", "no_log": True},
    "auth_type": {"type": "str"},
    "ca_cert": {"type": "str", "aliases": ["cacert"]},
    "client_cert": {"type": "str", "aliases": ["cert"]},
    "client_key": {"type": "str", "no_log": True, "aliases": ["key"]},
    "cloud": {"type": "raw", "no_log": True},
    "interface": {
        "type": "str",
        "default": "public",
        "choices": ["admin", "internal", "public"],
        "aliases": ["endpoint_type"],
    },
    "region_name": {"type": "str"},
    "sdk_log_level": {"type": "str", "default": "INFO", "choices": ["INFO", "DEBUG"]},
    "sdk_log_path": {"type": "str"},
    "validate_certs": {"type": "bool", "aliases": ["verify"]},
}
_INDIRECT = ("cloud", "sdk_log_level", "sdk_log_path")
_OTHER_NAMES = {"validate_certs": "verify", "ca_cert": "cacert", "client_cert": "cert", "client_key": "key"}


class _Config(OpenStackConfig):
    """The SDK's configuration. Older releases lose a token that is given in auth; this keeps it."""

    def magic_fixes(self, config: dict[str, t.Any]) -> t.Any:
        auth = config.get("auth")
        if isinstance(auth, dict) and auth.get("token") and not config.get("token"):
            config["token"] = auth["token"]
        return super().magic_fixes(config)


def connect(params: dict[str, t.Any], patience: float) -> CsbsCloud:
    """Return the Cloud that the authentication options name; patience (seconds) is the time for all its requests.

    Raises InvalidInput for options that break a rule, and CloudError: one clear line for an unknown cloud, wrong
    credentials or an unreachable address.
    """
    given = {
        _OTHER_NAMES.get(key, key): params[key]
        for key in AUTH_SPEC
        if key not in _INDIRECT and params.get(key) is not None
    }
    _check_options(params)
    cloud = params.get("cloud")
    # A whole cloud may be given as a dict, as for openstack.cloud; it then stands before single options.
    given = {**given, **cloud} if isinstance(cloud, dict) else {**given, "cloud": cloud or None}
    _start_log(params)
    with errors_of(LOGIN), _configuring():
        with _noticing_broken_files():
            config = _Config(session_constructor=RetryingSession)
        connection = Connection(config=config.get_one(**given))
        connection.add_service(CsbsService("data-protect"))
        connection.session.set_deadline(patience)
        connection.session.get_token()
        _check_scope(connection)
    return CsbsCloud(connection)


def _check_options(params: dict[str, t.Any]) -> None:
    """Refuse what would only fail inside the SDK."""
    timeout = params.get("api_timeout")
    if timeout is not None and timeout <= 0:
        raise InvalidInput(f"api_timeout: {timeout} is out of range; it must be more than 0 seconds")
    for option in ("ca_cert", "client_cert", "client_key"):
        path = params.get(option)
        if path and not os.path.exists(os.path.expanduser(path)):
            raise InvalidInput(f"{option}: there is no file {path!r}")
    auth = params.get("auth") or {}
    empty = sorted(key for key, value in auth.items() if value in (None, ""))
    if empty:
        raise InvalidInput(f"auth: {', '.join(empty)} has no value; leave it out, or give a value")
    misplaced = sorted(key for key in auth if key in AUTH_SPEC)
    if misplaced:
        raise InvalidInput(
            f"auth: {', '.join(misplaced)} does not belong into auth; it is an option of the module, beside auth"
        )


def _start_log(params: dict[str, t.Any]) -> None:
    path = params.get("sdk_log_path")
    if not path:
        return
    verbose = params["sdk_log_level"] == "DEBUG"
    try:
        openstack.enable_logging(debug=verbose, http_debug=verbose, path=path)
    except OSError as error:
        raise InvalidInput(
            f"sdk_log_path: {path!r} cannot be written ({error.strerror or 'no reason is given'})"
        ) from error


@contextlib.contextmanager
def _configuring() -> t.Iterator[None]:
    """Turn what is wrong with options and files into one line that shows no value."""
    try:
        yield
    except (CloudError, sdk_exceptions.SDKException, ksa_exceptions.ClientException):
        raise
    except OSError as error:
        place = f" {error.filename!r}" if error.filename else ""
        reason = f"the file{place} cannot be read ({error.strerror or one_line(error)})."
        raise FinalError(LOGIN, f"{reason} Look at ca_cert, client_cert, client_key and clouds.yaml.") from error
    except Exception as error:
        raise FinalError(
            LOGIN, f"{_describe_mistake(error)} Look at the options auth and cloud, clouds.yaml and the variables OS_*."
        ) from error


@contextlib.contextmanager
def _noticing_broken_files() -> t.Iterator[None]:
    """Raise what is wrong with clouds.yaml. Newer SDKs only log it, go on without the file, and then miss the cloud that is in it."""
    mistakes: list[Exception] = []

    def catch(record: logging.LogRecord) -> bool:
        mistakes.extend(value for value in record.args or () if isinstance(value, Exception))
        return not mistakes

    log = logging.getLogger("openstack.config")
    log.addFilter(catch)
    try:
        yield
    finally:
        log.removeFilter(catch)
    if mistakes:
        raise mistakes[0]


def _describe_mistake(error: Exception) -> str:
    """Return what is wrong with the configuration, in words that hold none of its values."""
    # The authentication plugins are classes of Python, and name options in its words.
    unknown = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if unknown:
        return f"auth: {unknown[1]!r} is no option of this auth_type; check how it is spelt."
    missing = re.search(r"missing \d+ required .*argument.*: (.*)|(\w+) is a required attribute", str(error))
    if missing:
        return f"auth: this auth_type also needs {missing[1] or missing[2]}."
    # YAML's own text shows the line that it cannot read, which may hold a password.
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"{mark.name!r} is not valid YAML (line {mark.line + 1}, column {mark.column + 1})."
    return f"the configuration has another structure than openstacksdk expects ({type(error).__name__})."


def _check_scope(connection: t.Any) -> None:
    """Refuse a login without a project, which sees nothing, and one that leaves open which region's servers are meant."""
    get_access = getattr(connection.session.auth, "get_access", None)
    if get_access is None:
        return
    access = get_access(connection.session)
    if not access.project_id:
        raise FinalError(
            LOGIN,
            "the login names no project. What to do: set project_name with project_domain_name, or project_id, in auth.",
        )
    offers = access.service_catalog.get_endpoints(
        service_type="data-protect", interface=connection.config.get_interface("data-protect")
    )
    regions = sorted({str(one.get("region_id") or one.get("region")) for rows in offers.values() for one in rows})
    if len(regions) > 1 and not connection.config.region_name:
        raise FinalError(
            LOGIN,
            f"the backup service is offered in several regions ({', '.join(regions)}). What to do: choose one with region_name.",
        )
