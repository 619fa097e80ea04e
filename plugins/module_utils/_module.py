# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""The only Ansible input and output: every module is created, carried out and reported here."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._cloud import AUTH_SPEC, Cloud, connect
from ._errors import ActionFailed, CloudError
from ._plan import Outcome, Plan, execute
from ._rules import InvalidInput, check_positive
from ._sdk import SDK_ERROR
from ._tags import QUERIES
from ._wait import Clock

#: Option of every module that changes something
TIMEOUT_SPEC: dict[str, t.Any] = {"timeout": {"type": "int", "default": 3600}}
#: Options of every module that can wait
WAIT_SPEC: dict[str, t.Any] = {
    "poll_interval": {"type": "float", "default": 10},
    **TIMEOUT_SPEC,
    "wait": {"type": "bool", "default": True},
}
#: Options of every module that chooses several servers
FILTERS_SPEC: dict[str, t.Any] = {
    "type": "dict",
    "options": {
        "availability_zone": {"type": "raw"},
        "metadata": {"type": "dict"},
        "name": {"type": "str"},
        "status": {"type": "raw"},
        "tags": {"type": "raw"},
    },
}
#: Options of every info module that looks things up by tag
TAG_QUERY_SPEC: dict[str, t.Any] = {option: {"type": "dict"} for option in QUERIES}
_SECRET_WORDS = ("password", "secret", "token", "passcode", "key")
_INFO_PATIENCE = 120

Wish = t.Any


def create_module(spec: dict[str, t.Any], **kwargs: t.Any) -> AnsibleModule:
    """Return the AnsibleModule of a spec with the authentication options added, or fail when the SDK is missing."""
    module = AnsibleModule(argument_spec={**AUTH_SPEC, **spec}, supports_check_mode=True, **kwargs)
    _hide_secrets_only(module)
    if SDK_ERROR:
        module.fail_json(msg=missing_required_lib("openstacksdk"), exception=SDK_ERROR)
    return module


def _hide_secrets_only(module: AnsibleModule) -> None:
    """Hide what is secret of the options auth and cloud, and nothing else of them.

    Ansible hides every value of such an option in all results: a policy named for the project would come back as stars.
    """
    values = [entry for option in ("auth", "cloud") for entry in _leaves(module.params.get(option))]
    module.no_log_values.difference_update(value for dummy, value in values)
    module.no_log_values.update(value for name, value in values if any(word in name.lower() for word in _SECRET_WORDS))
    if module.params.get("client_key"):
        module.no_log_values.add(module.params["client_key"])


def _leaves(value: t.Any, name: str = "") -> list[tuple[str, str]]:
    """Return the values in nested dicts and lists as text, each with the key nearest to it."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, str(key))]
    if isinstance(value, (list, tuple)):
        return [leaf for inner in value for leaf in _leaves(inner, name)]
    return [(name, str(value))] if value not in (None, "") else []


def converge(
    module: AnsibleModule,
    wish: t.Callable[[dict[str, t.Any], datetime], Wish],
    plan: t.Callable[[Wish, Cloud], Plan],
    finish: t.Callable[[Wish, Cloud, Plan, Outcome, Clock], dict[str, t.Any]],
) -> None:
    """Run a changing module: check the options, read, plan, and unless in check mode act; then exit.

    wish turns options into what is wanted and refuses bad ones, before the first request.
    plan reads, and says what to do. finish waits, reads again and returns the result, and what to warn of as warnings.
    A module with an option confirm does what cannot be undone: without it, it runs in check mode only.
    """
    results: dict[str, t.Any] = {}
    try:
        wanted = wish(module.params, datetime.now(timezone.utc))
        if not module.params.get("confirm", True) and not module.check_mode:
            raise InvalidInput(
                "confirm: false: nothing was done, for this cannot be undone; confirm: true lets it happen, and check mode shows what would"
            )
        timeout = module.params.get("timeout", _INFO_PATIENCE)
        check_positive("timeout", timeout)
        check_positive("poll_interval", module.params.get("poll_interval", 1), zero=True)
        clock = Clock(timeout)
        cloud = connect(module.params, patience=timeout)
        todo = plan(wanted, cloud)
        results = {"changed": todo.changed, **todo.result}
        if module._diff:
            results["diff"] = {"before": todo.before, "after": todo.after}
        if not module.check_mode:
            outcome = execute(todo, cloud, clock)
            results.update(finish(wanted, cloud, todo, outcome, clock))
            for warning in results.pop("warnings", ()):
                module.warn(warning)
    except (ActionFailed, CloudError, InvalidInput) as error:
        _fail(module, error)
    module.exit_json(**results)


def report(
    module: AnsibleModule, wish: t.Callable[[dict[str, t.Any], datetime], Wish], read: t.Callable[[Wish, Cloud], dict[str, t.Any]]
) -> None:
    """Run an info module: check the options, read, exit."""
    results: dict[str, t.Any] = {}
    try:
        wanted = wish(module.params, datetime.now(timezone.utc))
        results = read(wanted, connect(module.params, patience=_INFO_PATIENCE))
    except (ActionFailed, CloudError, InvalidInput) as error:
        _fail(module, error)
    module.exit_json(changed=False, **results)


def _fail(module: AnsibleModule, error: Exception) -> t.NoReturn:
    fields = {}
    if isinstance(error, ActionFailed):
        fields = error.results
    elif isinstance(error, CloudError):
        fields = error.fields()
    module.fail_json(msg=str(error), **fields)
    raise AssertionError("unreachable")
