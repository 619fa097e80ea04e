# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad values for every option of every module: refused in one line before the first request, or taken as documented."""

from __future__ import annotations

import collections
import re

import pytest

from tests.emulator import Emulator
from tests.laws.scenarios.scenario import BACKED_UP, GIVEN
from tests.support.holds import ALL, chosen
from tests.support.modes import one_mode
from tests.support.modules import MODULES, Args, run_module, run_ok

from .bad_values import CASES, Case
from .conftest import Tried
from .logins import BAD_LOGINS
from .mistakes import MANY
from .module_options import OPTIONS

MOST_CHARACTERS = 800
# Reading all lists of a project takes fewer requests.
MOST_REQUESTS = 40
#: What Python, and not this collection or Ansible, would say
PYTHON = re.compile(
    r"Unexpected|Traceback|codec|invalid literal|has no attribute|Errno|mistake in the module|NoneType|[a-z]Error\b"
)
TRIED = chosen(
    CASES,
    lambda case: (case.option.module, case.option.name),
    lambda case: (case.option.role, case.kind),
)


def problem_of(case: Case, cloud: Emulator) -> str | None:
    """Return what is wrong with the end of a task that is given a value; None when it is as it should be."""
    cloud.journal.clear()
    args = case.args()
    checked = run_module(case.option.module, args, cloud, check=True)
    requests, message = len(cloud.journal.all()), str(checked.get("msg", ""))
    if cloud.journal.writes():
        return "check mode writes"
    if wrong := wrong_words(message):
        return wrong
    if not checked.get("failed") or requests:
        if not case.taken:
            return f"it is not refused, or after {requests} requests: {message}"
        # An ID that no list shows is looked for by itself: a backup must not be taken for gone before it is.
        each = {"csbs_backup": MANY, "csbs_backup_info": 100, "csbs_tag_info": 100}.get(case.option.module, 0)
        most = MOST_REQUESTS + (each if case.option.path in (("ids",), ("resources",)) else 0)
        return f"{requests} requests" if requests > most else None
    if case.taken:
        return f"it is refused: {message}"
    if not all(name in message for name in case.option.path):
        return f"the message does not name the option: {message}"
    real = run_module(case.option.module, args, cloud)
    if cloud.journal.all() or not real.get("failed"):
        return "check mode refuses it, but a run does not"
    return None if real["msg"] == message else f"check mode says {message}, a run says {real['msg']}"


def wrong_words(message: str) -> str | None:
    if found := PYTHON.search(message):
        return f"it says {found.group()}: {message}"
    if "\n" in message or not message.isprintable():
        return f"it is not one line of plain text: {message!r}"
    return f"it has {len(message)} characters" if len(message) > MOST_CHARACTERS else None


@pytest.fixture
def estate(cloud: Emulator) -> Emulator:
    run_ok(*GIVEN, cloud)
    run_ok(*BACKED_UP, cloud)
    return cloud


@one_mode
@pytest.mark.parametrize("module", MODULES)
def test_bad_values_are_refused_before_the_first_request(estate: Emulator, module: str, tried: Tried) -> None:
    kinds: collections.Counter[str] = collections.Counter()
    wrong = []
    for case in TRIED:
        if case.option.module == module:
            kinds[case.kind] += 1
            if problem := problem_of(case, estate):
                wrong.append(f"{case.option.name}, {case.kind}, {case.value!a:.80}: {problem}")
    assert wrong == []
    for kind, times in kinds.items():
        tried("input", module, kind, times)


@one_mode
@pytest.mark.parametrize("module", MODULES)
def test_bad_logins_are_refused_before_the_first_request(estate: Emulator, module: str, tried: Tried) -> None:
    base = next(case for case in CASES if case.option.module == module).args()
    base.pop(next(case for case in CASES if case.option.module == module).option.path[0], None)
    wrong = []
    logins = BAD_LOGINS if ALL else BAD_LOGINS[MODULES.index(module) :: len(MODULES)]
    for login in logins:
        estate.journal.clear()
        given: Args = {**base, **login}
        result = run_module(module, given, estate)
        message = str(result.get("msg", ""))
        # The SDK's login names the kind of a mistake in brackets.
        problem = wrong_words(re.sub(r"\([A-Za-z]+Error\)", "", message)) or (
            None if result.get("failed") else "it is not refused"
        )
        if problem or estate.journal.all() or "s3cret" in message:
            wrong.append(f"{login!a:.80}: {problem or message}")
    assert wrong == []
    tried("input", module, "login", len(logins))


def test_every_option_has_values() -> None:
    """Or a new option would not be tried."""
    of_login = {option.name for option in OPTIONS if option.role == "login"}
    assert {name for login in BAD_LOGINS for name in login} == of_login
    having = {(case.option.module, case.option.name) for case in TRIED}
    assert {(option.module, option.name) for option in OPTIONS if option.role != "login"} <= having
