# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module sends each call of the service: the journal proves it, and docs/api-coverage.md says which module."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.limits import TAG_QUERIES
from tests.emulator import Emulator
from tests.laws.scenarios.scenario import FAST, GIVEN, NAMED, Args
from tests.laws.situations import LOOKUPS, SCENARIOS
from tests.support.modules import BOTH_SERVICES, MODULES, load_module, run_ok

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/api-coverage.md").read_text(encoding="utf-8")
SPEED = 3000
#: The description of each service
DESCRIPTIONS = {"csbs": "csbs-v1.yaml", "cbr": "cbr-v3.yaml"}


def calls_of(service: str) -> dict[str, re.Pattern[str]]:
    """Return method and path of each call of a service, as the page has them, each with what it is in the journal."""
    text = (ROOT / "tests/emulator/openapi" / DESCRIPTIONS[service]).read_text(encoding="utf-8")
    paths = {path.removeprefix("/{project_id}"): verbs for path, verbs in yaml.safe_load(text)["paths"].items()}
    return {
        f"{verb.upper()} {path}": re.compile(
            rf"{verb.upper()} /{service}/v\d/[^/]+" + re.sub(r"\{\w+\}", "[^/]+", path)
        )
        for path, verbs in paths.items()
        for verb in verbs
        if verb != "parameters"
    }


CALLS = {service: calls_of(service) for service in DESCRIPTIONS}
POLICY: Args = {"resource_type": "policy", "resources": ["nightly"]}
BACKUP: Args = {"resource_type": "backup", "resources": ["before-0001"]}
SET: Args = {"name": "set", "servers": ["srv-0005", "srv-0006"], "servers_per_policy": 1}
#: One after another, tasks that send all that the page tells of changing modules
BEFORE: list[tuple[str, Args]] = [
    GIVEN,
    ("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0003"]}),
    ("csbs_policy", {"name": "nightly", "description": "Other", "tags": {"team": "web"}}),
    ("csbs_policy", {"name": "nightly", "tags": {"team": "web", "a": "1", "b": "2"}}),
    ("csbs_policy", {"name": "nightly", "tags": {"a": "1", "b": "2"}}),
    ("csbs_tag", {**POLICY, "tags": {"c": "3"}}),
    ("csbs_tag", {**POLICY, "tags": {"d": "4"}, "purge": True}),
    ("csbs_tag", {**POLICY, "tags": {"d": "4"}, "state": "absent"}),
    ("csbs_backup", {**NAMED, "skip_unprotectable": True}),
    ("csbs_tag", {**BACKUP, "tags": {"a": "1"}}),
    ("csbs_tag", {**BACKUP, "tags": {"a": "2", "b": "3"}}),
    ("csbs_tag", {**BACKUP, "tags": {"b": "3"}, "state": "absent"}),
    ("csbs_policy_run", {**FAST, "policy": "nightly", "servers": ["srv-0001"]}),
    ("csbs_image", {**FAST, "backup": "before-0002", "name": "golden"}),
    ("csbs_restore", {**FAST, "backup": "before-0001", "confirm": True}),
    ("csbs_policy_set", {**SET, "schedule": {"frequency": "daily", "times": ["02:00"]}}),
    ("csbs_policy_set", {**SET, "description": "Other"}),
    ("csbs_policy_set", {"name": "set", "state": "absent"}),
]
QUESTIONS: list[tuple[str, Args]] = [
    *LOOKUPS,
    ("csbs_tag_info", {"resource_type": "policy"}),
    ("csbs_tag_info", BACKUP),
    ("csbs_tag_info", {"resource_type": "policy", "tags": {"a": None}}),
]
AFTER: list[tuple[str, Args]] = [
    ("csbs_backup_prune", {**FAST, "servers": ["srv-0001"], "keep_last": 1}),
    ("csbs_backup", {**FAST, "name": "after", "servers": ["srv-0003"]}),
    ("csbs_backup", {**FAST, "name": "after", "state": "absent"}),
    ("csbs_policy", {"name": "nightly", "state": "absent"}),
]


#: The same for CBR
CBR_POLICY: Args = {
    "name": "nightly",
    "schedule": {"frequency": "daily", "times": ["02:00"]},
    "servers": ["srv-0001", "srv-0002"],
    "tags": {"team": "platform"},
}
CBR: list[tuple[str, Args]] = [
    # Servers without backups simply leave, and a vault without backups is deleted with its policy.
    *[
        (module, args)
        for module in ("csbs_policy", "csbs_policy_set")
        for args in (
            {**CBR_POLICY, "name": "brief"},
            {"name": "brief", "servers": ["srv-0001"], "purge_servers": True},
            {"name": "brief", "state": "absent"},
        )
    ],
    ("csbs_policy", CBR_POLICY),
    ("csbs_policy", {"name": "nightly", "tags": {"team": "web"}, "enabled": False}),
    ("csbs_policy", {"name": "nightly", "tags": {"team": "web", "a": "1", "b": "2"}}),
    ("csbs_policy", {"name": "nightly", "tags": {"a": "1", "b": "2"}}),
    ("csbs_tag", {**POLICY, "tags": {"c": "3"}}),
    ("csbs_tag", {**POLICY, "tags": {"d": "4", "e": "5"}, "purge": True}),
    ("csbs_tag", {**POLICY, "tags": {"d": "4"}, "state": "absent"}),
    ("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0003", "srv-0004", "srv-0005"]}),
    ("csbs_backup", {**FAST, "name": "before", "servers": ["srv-0001", "srv-0002"]}),
    ("csbs_backup", {**FAST, "name": "by-hand", "servers": ["srv-0006"], "vault": "by-hand"}),
    ("csbs_policy_run", {**FAST, "policy": "nightly", "servers": ["srv-0003"]}),
    ("csbs_image", {**FAST, "backup": "before-0002", "name": "golden"}),
    ("csbs_restore", {**FAST, "backup": "before-0001", "confirm": True}),
    ("csbs_policy_set", {**CBR_POLICY, "name": "set", "servers": ["srv-0003", "srv-0006"]}),
    ("csbs_policy_set", {"name": "set", "enabled": False}),
    ("csbs_backup", {**FAST, "name": "again", "servers": ["srv-0001"]}),
    ("csbs_policy", {"name": "nightly", "servers": ["srv-0001", "srv-0004"], "purge_servers": True}),
    ("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0004"], "state": "absent"}),
    ("csbs_policy_server", {"policy": "nightly", "servers": ["srv-0003"]}),
    *[
        (module, args)
        for module, args in [*QUESTIONS, *AFTER[:-1]]
        # Backups of CBR have no tags. What works with both services needs policies of CSBS.
        if args.get("resource_type") != "backup"
        and (module != "csbs_backup_info" or not {*TAG_QUERIES} & {*args})
        and module not in BOTH_SERVICES
    ],
    ("csbs_policy_set", {"name": "set", "state": "absent"}),
    ("csbs_policy", {"name": "nightly", "state": "absent"}),
]


def sent(service: str) -> dict[str, set[str]]:
    """Return the calls that each module sends; one without a task above sends those of its first scenario."""
    found: dict[str, set[str]] = {module: set() for module in MODULES}
    with Emulator(mode="live", servers=6, sparse_items=True, speed=SPEED, list_delay=0.1) as cloud:

        def see(dummy: str, path: str, body: t.Any) -> None:
            # A move lasts until the task asks how it goes, however slow this machine is.
            if path.endswith("/migrateresources"):
                cloud.settings(speed=0)
            elif path.endswith("/operation-logs"):
                cloud.settings(speed=SPEED)

        cloud.watchers.append(see)

        def run(module: str, args: Args) -> None:
            cloud.journal.clear()
            run_ok(module, args if module in BOTH_SERVICES else {"service": service, **args}, cloud)
            for entry in cloud.journal.select(service=service):
                found[module] |= {
                    call
                    for call, pattern in CALLS[service].items()
                    if pattern.fullmatch(f"{entry['method']} {entry['path']}")
                }

        for module, args in BEFORE + QUESTIONS + AFTER if service == "csbs" else CBR:
            run(module, args)
        for scenario in SCENARIOS:
            if not found[scenario.module] and (service == "csbs" or scenario.module in BOTH_SERVICES):
                cloud.reset(servers=6)
                for given in scenario.given:
                    if callable(given):
                        given(cloud, scenario.service)
                    else:
                        run_ok(*given, cloud)
                run(scenario.module, scenario.args)
                if scenario.module in BOTH_SERVICES:
                    run("csbs_migration_info", {})
    return found


# ========== docs/api-coverage.md ==========
#: For each service, method and path of each call that the page names, and what is told of it
ROWS = {
    service: re.findall(
        r"^\| `((?:GET|POST|PUT|DELETE) /\S+)` \|.*\| (.*) \|$",
        PAGE.partition(f"\n## Calls of {service.upper()}\n")[2].partition("\n## ")[0],
        re.MULTILINE,
    )
    for service in DESCRIPTIONS
}
#: Options that change nothing of what is done
HOW_ONLY = {"concurrency", "poll_interval", "timeout", "wait"}
#: `csbs_backup` (`name`, `state: absent`)
USES = re.compile(r"`(csbs_\w+)`(?: \(([^)]*)\))?")
#: What is told of a call that no module sends
UNUSED = "not used: "


@pytest.mark.parametrize("service", DESCRIPTIONS)
def test_every_call_of_the_service_is_used_by_a_module(service: str) -> None:
    """One test for these facts, since finding out what is sent takes seconds."""
    found = sent(service)
    unused = {call for call, told in ROWS[service] if told.startswith(UNUSED)}
    assert {call for call in CALLS[service] if not any(call in calls for calls in found.values())} == unused, (
        "no module sends these"
    )
    assert [
        (call, module)
        for call, told in ROWS[service]
        if call not in unused
        for module, options in USES.findall(told)
        if call not in found[module]
    ] == [], "not sent"


@pytest.mark.parametrize("service", DESCRIPTIONS)
def test_the_page_names_every_call_and_no_other(service: str) -> None:
    assert sorted(call for call, told in ROWS[service]) == sorted(CALLS[service])
    assert [call for call, told in ROWS[service] if not told.startswith(UNUSED) and not USES.search(told)] == []


def test_every_call_of_csbs_is_used() -> None:
    assert [call for call, told in ROWS["csbs"] if told.startswith(UNUSED)] == []


def spec_has(spec: dict[str, t.Any], option: str) -> bool:
    """Return whether a spec has an option, or a part of one such as schedule.times, and the value after a colon."""
    name, dummy, value = option.partition(": ")
    for part in name.split("."):
        if part not in spec:
            return False
        found, spec = spec[part], spec[part].get("options", {})
    return not value or value in {"bool": ("true", "false")}.get(found["type"], found.get("choices", [value]))


def test_the_page_names_every_module_with_all_its_options_and_no_others() -> None:
    specs = {module: load_module(module).ARGUMENT_SPEC for module in MODULES}
    named = [(module, option) for module, options in USES.findall(PAGE) for option in re.findall("`([^`]+)`", options)]
    assert {module for module, options in USES.findall(PAGE)} == set(MODULES)
    assert [(module, option) for module, option in named if not spec_has(specs[module], option)] == [], "not there"
    tops = {(module, re.split("[.:]", option)[0]) for module, option in named}
    assert {(module, option) for module, spec in specs.items() for option in set(spec) - HOW_ONLY} - tops == set(), (
        "not on the page"
    )


@pytest.mark.parametrize(("kind", "folder"), [("role", "roles"), ("playbook", "playbooks")])
def test_the_page_names_only_roles_and_playbooks_that_exist(kind: str, folder: str) -> None:
    named = set(re.findall(rf"\b{kind}s? `(\w+)`", PAGE))
    assert named and named <= {path.stem for path in (ROOT / folder).iterdir()}
