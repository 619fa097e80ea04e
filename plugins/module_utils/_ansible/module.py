# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AnsibleModule of every module: its options and its secrets."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleFallbackNotFound, AnsibleModule, missing_required_lib

from .._cloud.login import AUTH_SPEC, MISSING_SDK, values_in
from .._cloud.messages import SECRETS

# Numbers that need no closer look are smaller.
_DIGITS = 10
_USUAL = 10 ** (_DIGITS - 1)


def _from_environment(name: str) -> str:
    """Return an environment variable; one that is empty is as if not set."""
    value = os.environ.get(name)
    if not value:
        raise AnsibleFallbackNotFound
    return value


#: Option of every module that works with one backup service
SERVICE_SPEC: dict[str, t.Any] = {
    "service": {
        "type": "str",
        "default": "csbs",
        "choices": ["cbr", "csbs"],
        "fallback": (_from_environment, ["CSBS_SERVICE"]),
    }
}


class _Module(AnsibleModule):  # type: ignore[misc]
    """An AnsibleModule that refuses what Ansible cannot read, and whose refusals are short, however long a value is."""

    _made = False

    def _load_params(self) -> None:
        super()._load_params()
        if not _is_usual({"type": "dict", "options": self.argument_spec}, self.params):
            # Loaded here, because most tasks have usual options.
            from .._domain.raw_options import check_raw_options

            check_raw_options(self.argument_spec, self.params)

    def fail_json(self, msg: str, **kwargs: t.Any) -> t.NoReturn:
        if not self._made:
            from .refusal import hide_unknown, shortened, visible

            hide_unknown(self)
            msg = shortened(visible(msg))
        super().fail_json(msg, **kwargs)
        raise AssertionError("unreachable")


def _is_usual(option: dict[str, t.Any], value: t.Any) -> bool:
    """Return whether a value needs no closer look; option is its argument spec."""
    kind = option.get("type")
    if isinstance(value, str):
        if kind in ("float", "int"):
            return value.isdecimal() and len(value) < _DIGITS
        return value.isprintable() and "dict" not in (kind, option.get("elements"))
    if isinstance(value, dict):
        inner = option.get("options") or {}
        return (kind != "str" and "auth" not in value or "cloud" in inner) and all(
            _is_usual({}, key) and _is_usual(inner.get(key, {}), one) for key, one in value.items()
        )
    if isinstance(value, (list, tuple)):
        each = {**option, "type": option.get("elements")}
        return kind not in ("dict", "str") and all(_is_usual(each, one) for one in value)
    if isinstance(value, bool):
        return kind not in ("dict", "float", "int")
    return value is None or (kind != "dict" and -_USUAL < value < _USUAL)


def create_module(spec: dict[str, t.Any], with_service: bool = True, **kwargs: t.Any) -> AnsibleModule:
    """Return the AnsibleModule of a spec with the options of login and service, or fail when the SDK is missing.

    with_service is False for a module that works with both services at once: it has no option service.
    """
    common = {**AUTH_SPEC, **SERVICE_SPEC} if with_service else AUTH_SPEC
    try:
        module = _Module(argument_spec={**common, **spec}, supports_check_mode=True, **kwargs)
    except (ArithmeticError, ValueError) as error:
        # Loaded here, because most tasks have usual options.
        from .refusal import refuse

        refuse(error)
    module._made = True
    _hide_secrets_only(module)
    if MISSING_SDK:
        module.fail_json(msg=missing_required_lib("openstacksdk"), exception=MISSING_SDK)
    return module


def _hide_secrets_only(module: AnsibleModule) -> None:
    """Hide every value of the options auth and cloud that is not known to be harmless.

    Ansible hides every value of such an option in all results: the name of a policy that is called like the project
    would come back as stars.
    """
    shown, secret = values_in([module.params.get("auth"), module.params.get("cloud")])
    SECRETS.clear()
    SECRETS.update(module.no_log_values - shown, secret)
    if module.params.get("client_key"):
        SECRETS.add(module.params["client_key"])
    # One set, so that Ansible also hides the secrets that the login finds in files, and the tokens that it gets.
    module.no_log_values = SECRETS
