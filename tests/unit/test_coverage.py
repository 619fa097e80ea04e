# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call of the service is used by a module, and docs/api-coverage.md says by which."""

from __future__ import annotations

import ast
import functools
import re
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._csbs.v1._proxy import Proxy

from tests.support.modules import MODULES, load_module
from tests.unit.test_imports import FILES, imports, own

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/api-coverage.md").read_text(encoding="utf-8")
DESCRIPTION = yaml.safe_load((ROOT / "tests/emulator/openapi/csbs-v1.yaml").read_text(encoding="utf-8"))
VERBS = ("get", "post", "put", "delete")
#: operation -> method and path
OPERATIONS = {
    about["operationId"]: (verb.upper(), path.removeprefix("/{project_id}"))
    for path, verbs in DESCRIPTION["paths"].items()
    for verb, about in verbs.items()
    if verb in VERBS
}
QUESTION = {"checkpoint_item_id": "i", "target": {"resource_id": "s", "resource_type": "OS::Nova::Server", "volumes": []}}
PROVIDER = "fc4d5750-22e7-4798-8a46-f48f62c4c1da"

#: operation for a backup or a policy -> each way in which the proxy sends it, after which of them it is
TAG_CALLS: dict[str, list[tuple[str, tuple[t.Any, ...]]]] = {
    "list{}TagsOfProject": [("tags_in_project", ())],
    "list{}Tags": [("tags_of", ("r",))],
    "add{}Tag": [("add_tag", ("r", "k", "v"))],
    "change{}Tags": [("set_tags", ("r", [])), ("unset_tags", ("r", []))],
    "delete{}Tag": [("remove_tag", ("r", "k"))],
    "find{}ByTags": [("find_tagged", ()), ("count_tagged", ())],
}
#: operation -> each way in which the proxy sends it: method and arguments
SENT_BY: dict[str, list[tuple[str, tuple[t.Any, ...], dict[str, t.Any]]]] = {
    "listPolicies": [("policies", (), {})],
    "createPolicy": [("create_policy", (), {"name": "p"})],
    "getPolicy": [("get_policy", ("p",), {})],
    "updatePolicy": [("update_policy", ("p",), {"name": "new"})],
    "deletePolicy": [("delete_policy", ("p",), {})],
    "checkResources": [("check_protectable", (["s"],), {}), ("check_restorable", ([QUESTION],), {})],
    "protectResource": [("protect_server", ("s",), {"backup_name": "b"})],
    "runPolicy": [("execute_policy", ("p",), {})],
    "deleteCheckpoint": [("delete_backup", ("c", "i"), {})],
    "listCheckpointItems": [("backups", (), {})],
    "countCheckpointItems": [("count_backups", (), {})],
    "getCheckpointItem": [("get_backup", ("i",), {})],
    "createRestore": [("create_restore", (), {"checkpoint_id": "c"})],
    "getQuotas": [("quotas", (), {})],
    **{
        operation.format(owner.title()): [(method, (owner, *arguments), {}) for method, arguments in ways]
        for owner in ("backup", "policy")
        for operation, ways in TAG_CALLS.items()
    },
}
#: What is made of several calls
COMPOSED = {"change_policy_servers"}


class Sent(Exception):
    """A request that was to be sent; its text is the method and the path."""


class Unwired(Proxy):  # type: ignore[misc]
    """A proxy that sends nothing."""

    def __init__(self) -> None:
        super().__init__(SimpleNamespace(_sdk_connection=None))

    def request(self, url: str, method: str, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        raise Sent(f"{method} {url}")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_proxy_sends_every_call_of_the_description(operation: str) -> None:
    verb, path = OPERATIONS[operation]
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path.replace("{provider_id}", PROVIDER)))
    for method, args, kwargs in SENT_BY[operation]:
        with pytest.raises(Sent) as sent:
            # Lists send nothing before somebody reads them.
            list(getattr(Unwired(), method)(*args, **kwargs))
        assert re.fullmatch(f"{verb} /*{pattern.lstrip('/')}", str(sent.value)), method


def test_every_method_of_the_proxy_is_known() -> None:
    methods = {name for name, value in vars(Proxy).items() if callable(value) and not name.startswith("_")}
    assert methods - COMPOSED == {method for ways in SENT_BY.values() for method, args, kwargs in ways}
    assert set(SENT_BY) == set(OPERATIONS)


# ========== What modules reach ==========
def tree_of(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text(encoding="utf-8"))


def texts(node: ast.AST | None) -> set[str]:
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)} if node else set()


def spoken_to(node: ast.AST, service: str) -> set[str]:
    """The methods that code takes of a thing by that name, such as count_backups of self.csbs."""
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute):
            owner = one.value.attr if isinstance(one.value, ast.Attribute) else getattr(one.value, "id", "")
            if owner.strip("_") == service:
                found.add(one.attr)
    return found


def called(tree: ast.AST) -> tuple[set[str], set[str]]:
    """Methods of the proxy and of the cloud that are named in calls of plans, as the executor looks them up."""
    writes, looks = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Call" and len(node.args) > 1:
            writes |= texts(node.args[1])
            looks |= {text for word in node.keywords if word.arg in ("recover", "meanwhile") for text in texts(word.value)}
    return writes, looks


def methods_in(name: str) -> dict[str, ast.FunctionDef]:
    """The methods of all classes in a file."""
    classes = [top for top in tree_of(name).body if isinstance(top, ast.ClassDef)]
    return {node.name: node for top in classes for node in top.body if isinstance(node, ast.FunctionDef)}


SERVICE = "module_utils/_csbs/"
EDGE = "module_utils/_cloud.py"
CLOUD, PROXY = methods_in(EDGE), methods_in(f"{SERVICE}v1/_proxy.py")


def files_of(names: t.Iterable[str]) -> set[str]:
    return {one.replace(".", "/") + ".py" for one in names} & set(FILES)


def closed(start: set[str], among: dict[str, ast.FunctionDef]) -> set[str]:
    """Methods of a class and those that they use of it in turn."""
    seen: set[str] = set()
    ahead = [name for name in start if name in among]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += spoken_to(among[name], "self") & set(among)
    return seen


@functools.lru_cache(maxsize=None)
def reached_by(module: str) -> frozenset[str]:
    """The methods of the proxy that the files behind a module use."""
    files: set[str] = set()
    ahead = {f"modules/{module}.py"}
    while ahead:
        name = ahead.pop()
        files.add(name)
        # What the cloud has at hand for all modules counts only as far as it is used.
        ahead |= {one for one in files_of(own(imports(name))) - files if one != EDGE and not one.startswith(SERVICE)}
    direct, readings = set(), set()
    for name in files:
        tree = tree_of(name)
        writes, looks = called(tree)
        direct |= writes | spoken_to(tree, "csbs")
        readings |= looks | spoken_to(tree, "cloud")
    for name in files_of(own(imports(EDGE))) - files:
        # A call of a plan may go to a helper of the cloud's, which has a method of that name.
        for method in set(methods_in(name)) & direct:
            direct |= spoken_to(methods_in(name)[method], "csbs")
            readings |= spoken_to(methods_in(name)[method], "cloud")
    for name in closed(readings, CLOUD):
        direct |= spoken_to(CLOUD[name], "csbs")
    return frozenset(closed(direct, PROXY))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_call_of_the_service_is_used_by_a_module(operation: str) -> None:
    reached = set().union(*map(reached_by, MODULES))
    unused = [method for method, args, kwargs in SENT_BY[operation] if method not in reached]
    assert unused == [], f"no module uses {', '.join(unused)}"


def test_what_no_module_uses_would_be_seen() -> None:
    """Or the law above would pass whatever it is asked."""
    assert "quotas" in reached_by("csbs_quota_info")
    assert not {"quotas", "create_restore", "count_backups"} & reached_by("csbs_tag")
    assert "get_policy" in reached_by("csbs_policy") and "update_policy" in closed({"change_policy_servers"}, PROXY)


@pytest.mark.parametrize("module", ["csbs_tag", "csbs_tag_info"])
def test_tags_are_those_of_both_kinds_of_resources(module: str) -> None:
    """The proxy has one method for the calls of both; which of them is sent is up to this option."""
    assert load_module(module).ARGUMENT_SPEC["resource_type"]["choices"] == ["backup", "policy"]


# ========== docs/api-coverage.md ==========
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
#: `csbs_backup` (`name`, `state: absent`)
USES = re.compile(r"`(csbs_\w+)`(?: \(([^)]*)\))?")


def calls_in_page() -> dict[str, list[str]]:
    """Method and path of each call that the page names, and the modules beside it."""
    calls = {}
    for row in ROWS:
        found = re.fullmatch(r"`((?:GET|POST|PUT|DELETE) /\S+)`", row[0])
        if found:
            calls[found[1]] = [module for module, options in USES.findall(row[-1])]
    return calls


def test_the_page_names_every_call_and_no_other() -> None:
    assert set(calls_in_page()) == {f"{verb} {path}" for verb, path in OPERATIONS.values()}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_modules_beside_a_call_can_send_it(operation: str) -> None:
    modules = calls_in_page()[" ".join(OPERATIONS[operation])]
    methods = {method for method, args, kwargs in SENT_BY[operation]}
    assert modules and [module for module in modules if not methods & reached_by(module)] == []


def spec_has(spec: dict[str, t.Any], option: str) -> bool:
    """Whether a spec has an option, or a part of one written like schedule.times, and the value written after a colon."""
    name, dummy, value = option.partition(": ")
    head, dummy, rest = name.partition(".")
    if head not in spec:
        return False
    if rest:
        return spec_has(spec[head].get("options", {}), f"{rest}: {value}" if value else rest)
    return not value or value in {"bool": ("true", "false")}.get(spec[head]["type"], spec[head].get("choices", [value]))


def test_the_page_names_only_modules_and_options_that_exist() -> None:
    wrong = []
    for module, listed in USES.findall(PAGE):
        if module not in MODULES:
            wrong.append(module)
            continue
        spec = load_module(module).ARGUMENT_SPEC
        wrong += [f"{module}: {option}" for option in re.findall("`([^`]+)`", listed) if not spec_has(spec, option)]
    assert wrong == []


@pytest.mark.parametrize(("kind", "folder"), [("role", "roles"), ("playbook", "playbooks")])
def test_the_page_names_only_roles_and_playbooks_that_exist(kind: str, folder: str) -> None:
    named = set(re.findall(rf"\b{kind}s? `(\w+)`", PAGE))
    assert named and named <= {path.stem for path in (ROOT / folder).iterdir()}


def test_the_page_names_every_module() -> None:
    assert {module for module, options in USES.findall(PAGE)} == set(MODULES)
