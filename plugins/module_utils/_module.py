# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_utils is PRIVATE and should only be used by this collection.
# Breaking changes can occur at any time.
"""The only Ansible input and output: every module is created, carried out and reported here."""

from __future__ import annotations

import contextlib
import re
import traceback
import typing as t
from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._cloud import AUTH_SPEC, MISSING_SDK, Cloud, connect
from ._errors import ActionFailed, CloudError
from ._file_lock import file_lock
from ._plan import SECONDS_UNTIL_LISTED, Outcome, Plan, PlanAgain, PlanFailed, Unsettled, execute
from ._rules import InvalidInput, check_positive
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
# What options auth and cloud may show in results. Whatever is not named here may be a secret, and is hidden.
_HARMLESS = re.compile(
    r"(auth_url|auth_type|username|user_id|user_name|(project|tenant|domain|user_domain|project_domain|default_domain)(_name|_id)?"
    r"|application_credential_(id|name)|system_scope|identity_provider(_url)?|protocol|openid_scope|redirect_uri"
    r"|((discovery|access_token|device_authorization|oauth2)_)?endpoint|(oauth2_)?client_id|trust_id|scope|login_timeout|redirect_(host|port)"
    r"|auth_methods|code_challenge_method|access_token_type|profile|cloud|region_name|interface|verify|cacert|cert"
    r"|api_timeout|\w+_api_version|\w+_endpoint_override|\w+_service_type|\w+_interface)"
)
# Seconds that an info module may take.
_INFO_TIMEOUT = 120
# How often a task plans when what it did was lost again, and the pause (seconds) before it does.
_MOST_PLANS = 3
_REPLAN_PAUSE = 2.0
# Seconds in which a failed task may read what it has changed.
_LAST_LOOK = 10

Wish = t.Any


def create_module(spec: dict[str, t.Any], **kwargs: t.Any) -> AnsibleModule:
    """Return the AnsibleModule of a spec with the authentication options added, or fail when the SDK is missing."""
    module = AnsibleModule(argument_spec={**AUTH_SPEC, **spec}, supports_check_mode=True, **kwargs)
    _hide_secrets_only(module)
    if MISSING_SDK:
        module.fail_json(msg=missing_required_lib("openstacksdk"), exception=MISSING_SDK)
    return module


def _hide_secrets_only(module: AnsibleModule) -> None:
    """Hide every value of the options auth and cloud that is not known to be harmless.

    Ansible hides every value of such an option in all results: a policy named for the project would come back as stars.
    """
    values = [entry for option in ("auth", "cloud") for entry in _leaves(module.params.get(option))]
    harmless = {value for name, value in values if not name or _HARMLESS.fullmatch(name.lower())}
    secret = {value for name, value in values if name and not _HARMLESS.fullmatch(name.lower())}
    module.no_log_values.difference_update(harmless - secret)
    module.no_log_values.update(secret)
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

    wish turns options into what is wanted and refuses bad ones, before the first request. plan reads, and says what to do.
    finish waits, reads again and returns the result, and what to warn of as warnings; it may raise CloudError,
    ActionFailed, or PlanAgain when what is there is not yet what is wanted. After a failure of an ordered plan finish is
    called once more for what can be told of the changes that stay.
    A module with an option confirm does what cannot be undone: without it, it runs in check mode only.
    """
    task = _Task(module, plan, finish)
    try:
        wanted = wish(module.params, datetime.now(timezone.utc))
        if not module.params.get("confirm", True) and not module.check_mode:
            raise InvalidInput(
                "confirm: false: nothing was done, for this cannot be undone; confirm: true lets it happen, and check mode shows what would"
            )
        timeout = module.params["timeout"]
        check_positive("timeout", timeout)
        check_positive("poll_interval", module.params.get("poll_interval", 1), zero=True)
        clock = Clock(timeout)
        task.run(wanted, connect(module.params, patience=timeout), clock)
    except (ActionFailed, CloudError, InvalidInput) as error:
        fail(module, error, task.changed)
    except Exception as error:  # noqa: BLE001 - users get one clear line, never a traceback
        fail_unexpectedly(module, error, task.changed)
    module.exit_json(**task.results)


class _Task:
    """One run of a changing module, and what is known of it when it fails."""

    def __init__(
        self,
        module: AnsibleModule,
        plan: t.Callable[[Wish, Cloud], Plan],
        finish: t.Callable[[Wish, Cloud, Plan, Outcome, Clock], dict[str, t.Any]],
    ) -> None:
        self._module, self._plan, self._finish = module, plan, finish
        #: Whether something is known to have changed
        self.changed = False
        self.results: dict[str, t.Any] = {}

    def run(self, wanted: Wish, cloud: Cloud, clock: Clock) -> None:
        """Plan and, unless in check mode, act; fill results. Raises ActionFailed, CloudError and InvalidInput."""
        todo = self._planned(wanted, cloud, clock)
        self._show(todo, todo.before)
        if self._module.check_mode:
            return
        with contextlib.ExitStack() as stack:
            if todo.lock:
                # Another task may make the same thing at this moment: look again when it has done so.
                stack.enter_context(file_lock("create", todo.lock, clock.left))
                todo = self._planned(wanted, cloud, clock)
            self._act(wanted, todo, cloud, clock)
        for warning in self.results.pop("warnings", ()):
            self._module.warn(warning)

    def _planned(self, wanted: Wish, cloud: Cloud, clock: Clock) -> Plan:
        """Return the plan; what other tasks are about to settle is waited for."""
        started = clock.elapsed
        while True:
            try:
                return self._plan(wanted, cloud)
            except Unsettled:
                if clock.elapsed - started > SECONDS_UNTIL_LISTED or not clock.sleep(_REPLAN_PAUSE):
                    raise

    def _show(self, todo: Plan, before: t.Any) -> None:
        self.results = {**todo.result, "changed": todo.changed or self.changed}
        if self._module._diff:
            self.results["diff"] = {"before": before, "after": todo.after}

    def _act(self, wanted: Wish, todo: Plan, cloud: Cloud, clock: Clock) -> None:
        before = todo.before
        plans, refused_at = 1, None
        while True:
            self._show(todo, before)
            try:
                outcome = execute(todo, cloud, clock)
                self.changed = self.changed or outcome.changed
                self.results.update(self._finish(wanted, cloud, todo, outcome, clock))
                return
            except PlanFailed as failure:
                taken = failure.error.error_code in todo.replan_on and not failure.outcome.changed
                refused_at = clock.elapsed if refused_at is None else refused_at
                if not taken or clock.elapsed - refused_at > SECONDS_UNTIL_LISTED or not clock.sleep(_REPLAN_PAUSE):
                    raise self._failed(failure, wanted, todo, cloud, clock) from failure
            except PlanAgain as reason:
                plans += 1
                if plans > _MOST_PLANS or not clock.sleep(_REPLAN_PAUSE):
                    self.changed = self._plan(wanted, cloud).before != before
                    text = f"The service accepted the change, but {reason}. What to do: look at it, and run the task again."
                    raise ActionFailed(text, {**self.results, "changed": self.changed}) from reason
            except CloudError as error:
                if self.changed:
                    raise ActionFailed(str(error), {**self.results, **error.fields(), "changed": True}) from error
                raise
            todo = self._planned(wanted, cloud, clock)

    def _failed(self, failure: PlanFailed, wanted: Wish, todo: Plan, cloud: Cloud, clock: Clock) -> ActionFailed:
        """Return the error of an ordered plan, with what can still be read of the changes that stay."""
        self.changed = self.changed or failure.error.applied
        cloud.give(_LAST_LOOK)
        if failure.error.uncertain and not self.changed:
            with contextlib.suppress(CloudError, InvalidInput):
                self.changed = self._plan(wanted, cloud).before != todo.before
        fields: dict[str, t.Any] = {**failure.error.fields(), **failure.outcome.fields(), "changed": self.changed}
        if self.changed:
            # A plan that failed early lacks the answers that finish looks for.
            with contextlib.suppress(ActionFailed, CloudError, LookupError, PlanAgain):
                fields = {**todo.result, **self._finish(wanted, cloud, todo, failure.outcome, clock.renewed(_LAST_LOOK)), **fields}
        return ActionFailed(str(failure.error), fields)


def report(
    module: AnsibleModule, wish: t.Callable[[dict[str, t.Any], datetime], Wish], read: t.Callable[[Wish, Cloud], dict[str, t.Any]]
) -> None:
    """Run an info module: check the options, read, exit."""
    results: dict[str, t.Any] = {}
    try:
        wanted = wish(module.params, datetime.now(timezone.utc))
        results = read(wanted, connect(module.params, patience=_INFO_TIMEOUT))
    except (ActionFailed, CloudError, InvalidInput) as error:
        fail(module, error)
    except Exception as error:  # noqa: BLE001 - users get one clear line, never a traceback
        fail_unexpectedly(module, error)
    module.exit_json(changed=False, **results)


def fail(module: AnsibleModule, error: Exception, changed: bool = False) -> t.NoReturn:
    fields: dict[str, t.Any] = {"changed": changed}
    if isinstance(error, ActionFailed):
        fields.update(error.results)
    elif isinstance(error, CloudError):
        fields.update(error.fields())
    module.fail_json(msg=str(error), **fields)
    raise AssertionError("unreachable")


def fail_unexpectedly(module: AnsibleModule, error: Exception, changed: bool = False) -> t.NoReturn:
    text = " ".join(str(error).split())[:300]
    module.fail_json(
        msg=f"Unexpected error: {type(error).__name__}: {text}. This is a mistake in the module. Please report it with the output of -vvv.",
        exception=traceback.format_exc(),
        changed=changed,
    )
    raise AssertionError("unreachable")
