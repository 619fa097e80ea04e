# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login: the authentication options, and the connection that they make."""

from __future__ import annotations

import contextlib
import logging
import re
import typing as t
from urllib.parse import urlsplit

from .._domain.errors import CloudError, FinalError, InvalidInput
from .._domain.services import rules_of, services_of
from .._sdk.guarded import SDK_ERROR, Connection, OpenStackConfig, ksa_exceptions, openstack, sdk_exceptions
from .catalog import TYPES, is_offered, regions_of
from .errors import errors_of
from .messages import LOGIN, SECRETS
from .session import RetryingSession

if t.TYPE_CHECKING:
    from .._domain.cloud import Cloud
    from .both_clouds import BothClouds

#: Traceback of the failed import where openstacksdk is missing, else None
MISSING_SDK = SDK_ERROR
#: The authentication options of openstack.cloud, name by name
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
# What a login may show. Everything else may be a secret, and is hidden.
_HARMLESS = (
    r"(auth_url|auth_type|username|user_id|user_name"
    r"|(project|tenant|domain|user_domain|project_domain|default_domain)(_name|_id)?"
    r"|application_credential_(id|name)|system_scope|identity_provider(_url)?|protocol|openid_scope|redirect_uri"
    r"|((discovery|access_token|device_authorization|oauth2)_)?endpoint|(oauth2_)?client_id|trust_id|scope"
    r"|login_timeout|redirect_(host|port)|auth_methods|code_challenge_method|access_token_type|profile|cloud"
    r"|region_name|interface|verify|cacert|cert"
    r"|api_timeout|\w+_api_version|\w+_endpoint_override|\w+_service_type|\w+_interface)"
)
_SECRET_BESIDE_AUTH = "assertion|auth_url|code|endpoint|otp|pass|secret|token"
# A password in an address, such as that of a proxy
_IN_ADDRESS = re.compile(r"://[^/?#\s:]*:([^/?#\s]+)@")
#: What is shorter is hidden only if it is an option: everything that holds it by chance would become unreadable.
LEAST_SECRET = 6
# Options that are no settings of a cloud
_NO_SETTINGS = ("cloud", "sdk_log_level", "sdk_log_path")
# What the SDK calls some of the options
_NAMES_IN_SDK = {"validate_certs": "verify", "ca_cert": "cacert", "client_cert": "cert", "client_key": "key"}


def connect(params: dict[str, t.Any], seconds: float) -> Cloud:
    """Log in with the authentication options and return the cloud of the service that the option service names.

    seconds is the time for all its requests.

    Raises InvalidInput for options that break a rule, and CloudError: one clear line for an unknown cloud, wrong
    credentials or an address that cannot be reached.
    """
    service = rules_of(params).service
    return _cloud_of(service, log_in(params, seconds, service))


def connect_all(params: dict[str, t.Any], seconds: float) -> list[Cloud]:
    """Log in once, as connect does, and return a cloud for each service that the options services or service name."""
    services = services_of(params)
    connection = log_in(params, seconds, *services)
    return [_cloud_of(service, connection) for service in services]


def connect_both(params: dict[str, t.Any], seconds: float) -> BothClouds:
    """Log in once, as connect does, and return the cloud with both services. Raises CloudError where one is missing."""
    connection = log_in(params, seconds, *TYPES)
    # Loaded here, because few tasks speak with both.
    from .both_clouds import BothClouds

    return BothClouds(connection)


def _cloud_of(service: str, connection: Connection) -> Cloud:
    # Loaded here, because a task loads the files of its services only.
    if service == "cbr":
        from .cbr import CbrCloud

        return CbrCloud(connection)
    from .csbs import CsbsCloud

    return CsbsCloud(connection)


def log_in(params: dict[str, t.Any], seconds: float, *services: str) -> Connection:
    """Log in to use these backup services, as connect does, and return the connection, which has none of them yet."""
    # A module has done so already, but an inventory has not.
    SECRETS.update(values_in([params.get("auth"), params.get("cloud")])[1])
    _check_options(params)
    _start_log(params)
    with errors_of(LOGIN), _errors_of_configuration():
        with _errors_of_files():
            config = _Config(session_constructor=RetryingSession)
        cloud = config.get_one(**_settings(params))
        _settle_certificates(cloud.config, params)
        connection = Connection(config=cloud)
        session: t.Any = connection.session
        session.set_deadline(seconds)
        session.get_token()
        _check_scope(connection, services)
    return connection


def values_in(login: t.Any) -> tuple[set[str], set[str]]:
    """Return as text the values in nested dicts and lists that may be shown, and those that may be secrets."""
    values = _leaves(login)
    # Without a name, a value is the name of a cloud, or else a whole cloud as text.
    harmless = [bool(re.fullmatch(_HARMLESS, name.lower())) if name else "{" not in value for name, value in values]
    shown = {value for (dummy, value), fits in zip(values, harmless) if fits}
    secret = {value for (dummy, value), fits in zip(values, harmless) if not fits}
    secret.update(password for value in shown for password in _IN_ADDRESS.findall(value))
    return shown - secret, secret


def _leaves(value: t.Any, name: str = "") -> list[tuple[str, str]]:
    """Return the values in nested dicts and lists as text, each with the key nearest to it."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, str(key))]
    if isinstance(value, (list, tuple)):
        return [leaf for inner in value for leaf in _leaves(inner, name)]
    return [(name, str(value))] if value not in (None, "") else []


def _settings(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the options as the SDK takes them."""
    given = {
        _NAMES_IN_SDK.get(option, option): params[option]
        for option in AUTH_SPEC
        if option not in _NO_SETTINGS and params.get(option) is not None
    }
    cloud = params.get("cloud")
    # A whole cloud may be given as a dict, as for openstack.cloud; it then goes before single options.
    return {**given, **cloud} if isinstance(cloud, dict) else {**given, "cloud": cloud or None}


class _Config(OpenStackConfig):
    """The SDK's configuration, whose secrets get hidden. Older releases lose a token in auth; this keeps it."""

    def magic_fixes(self, config: dict[str, t.Any]) -> t.Any:
        auth = config.get("auth")
        # All that options, files and variables say is in one place here; what variables say is beside auth.
        beside = {name: value for name, value in config.items() if re.search(_SECRET_BESIDE_AUTH, name.lower())}
        SECRETS.update(secret for secret in values_in([auth, beside])[1] if len(secret) >= LEAST_SECRET)
        if isinstance(auth, dict) and auth.get("token") and not config.get("token"):
            config["token"] = auth["token"]
        return super().magic_fixes(config)


def _settle_certificates(settings: dict[str, t.Any], params: dict[str, t.Any]) -> None:
    if any(settings.get(name) for name in ("cacert", "cert", "key")) or isinstance(settings.get("verify"), str):
        # Loaded here, because most clouds need no files.
        from .certificates import settle_certificates

        settle_certificates(settings, params)


def _check_options(params: dict[str, t.Any]) -> None:
    """Refuse what would only fail inside the SDK."""
    timeout = params.get("api_timeout")
    if timeout is not None and timeout <= 0:
        raise InvalidInput(f"api_timeout: {timeout} is out of range; it must be more than 0 seconds")
    auth = params.get("auth") or {}
    empty = sorted(key for key, value in auth.items() if value in (None, ""))
    if empty:
        raise InvalidInput(f"auth: {', '.join(empty)} has no value; leave it out, or give a value")
    misplaced = sorted(key for key in auth if key in AUTH_SPEC)
    if misplaced:
        raise InvalidInput(
            f"auth: {', '.join(misplaced)} does not belong in auth; it is an option of the module, beside auth"
        )
    if "auth_url" in auth:
        _check_address(str(auth["auth_url"]))


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise InvalidInput(f"auth: auth_url {address!r} is not an address; write it like https://iam.example.com/v3")


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
    # Loaded here, because few tasks keep a log.
    from .hiding import hide_in_logs

    hide_in_logs()


@contextlib.contextmanager
def _errors_of_configuration() -> t.Iterator[None]:
    """Turn every mistake in options and files into one line that shows no value."""
    try:
        yield
    except (CloudError, InvalidInput, sdk_exceptions.SDKException, ksa_exceptions.ClientException):
        raise
    except Exception as error:
        # Loaded here, because most tasks see no error.
        from .translation import explain_mistake

        raise FinalError(LOGIN, explain_mistake(error)) from error


@contextlib.contextmanager
def _errors_of_files() -> t.Iterator[None]:
    """Raise mistakes in clouds.yaml. Newer SDKs only log them, go on without the file, and then miss its clouds."""
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


def _check_scope(connection: t.Any, services: t.Collection[str]) -> None:
    """Refuse a login that does not say where to work: without a project, a service, or a choice of several regions."""
    get_access = getattr(connection.session.auth, "get_access", None)
    if get_access is None:
        return
    if not get_access(connection.session).project_id:
        raise FinalError(
            LOGIN,
            "the login names no project."
            " What to do: set project_name with project_domain_name, or project_id, in auth.",
        )
    regions = sorted({region for service in services for region in regions_of(connection, service)})
    if len(regions) > 1 and not connection.config.region_name:
        raise FinalError(
            LOGIN,
            f"the backup service is offered in several regions ({', '.join(regions)})."
            " What to do: choose one with region_name.",
        )
    for service in services:
        if not is_offered(connection, service):
            raise _absence(connection, service, services)


def _absence(connection: t.Any, service: str, services: t.Collection[str]) -> CloudError:
    # Loaded here, because most tasks see no error.
    from .translation import explain_absence

    config = connection.config
    region, interface = config.get_region_name(TYPES[service]), config.get_interface(TYPES[service])
    place = f"region {region!r} with interface {interface!r}" if region else f"interface {interface!r}"
    other = next((other for other in TYPES if other != service and is_offered(connection, other)), None)
    return explain_absence(service, place, regions_of(connection, service), other, choice=other not in services)
