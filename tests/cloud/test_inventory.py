# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin against the local cloud: hosts, variables, groups, the cache, failures, and its cost."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.login import AUTH_SPEC
from tests.emulator import Emulator
from tests.support.estate import set_server
from tests.support.inventory import documented_options, members, plugin, read_inventory, variables
from tests.support.modes import one_mode
from tests.support.modules import load_module, run_ok

HOUR = 3600
NIGHTLY = {"name": "nightly", "schedule": {"frequency": "daily", "times": ["02:00"]}}
TEMPLATE = "{{ lookup('pipe', 'id') }}"


@pytest.fixture(autouse=True)
def _still(cloud: Emulator) -> None:
    """Stop the clock: these tests speak of ages, and no schedule may fire meanwhile."""
    cloud.settings(speed=0, list_delay=0)


@pytest.fixture
def read(cloud: Emulator, tmp_path: Path) -> t.Callable[..., t.Any]:
    """Read an inventory with options."""
    return lambda *args, **options: read_inventory(cloud, tmp_path, *args, **options)


def failure(read: t.Callable[..., t.Any], **options: t.Any) -> str:
    """Return why an inventory cannot be read; the command must end with it."""
    with pytest.raises(SystemExit) as ended:
        read(**options)
    assert ended.value.code == 1
    return str(ended.value.__cause__)


def made(cloud: Emulator, server: str, hours: float, **fields: t.Any) -> None:
    """Make a backup so many hours ago."""
    cloud.make_backup(cloud.server(server).id, "made", age=hours * HOUR, **fields)


# ========== Variables and groups ==========
def test_a_host_tells_the_same_as_csbs_protection_info(cloud: Emulator, read: t.Callable[..., t.Any]) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]}, cloud)
    made(cloud, "srv-0001", 1)
    made(cloud, "srv-0002", 30, auto_trigger=True)
    set_server(cloud, "srv-0003", unprotectable="CSBS.6033", metadata={"role": "web"}, tags=["env=prod"])
    found = variables(read(max_age="24h"))
    rows = run_ok("csbs_protection_info", {"max_age": "24h"}, cloud)["servers"]
    own = {"csbs_status", "csbs_metadata", "csbs_tags", "csbs_addresses"}
    for row in rows:
        host = found[row["name"]]
        assert {key: value for key, value in host.items() if key not in own} == {
            f"csbs_{key}": value for key, value in row.items()
        }
    assert len(found) == len(rows) == 6
    assert found["srv-0003"]["csbs_metadata"] == {"role": "web"} and found["srv-0003"]["csbs_tags"] == ["env=prod"]
    assert found["srv-0003"]["csbs_status"] == "ACTIVE"
    address = cloud.server("srv-0003").private_ip
    assert found["srv-0003"]["csbs_addresses"]["internal"][0] == {
        "addr": address,
        "version": 4,
        "type": "fixed",
        "mac": "fa:16:3e:00:00:01",
    }


def test_groups_tell_the_state_the_policy_and_the_age(cloud: Emulator, read: t.Callable[..., t.Any]) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001", "srv-0002"]}, cloud)
    run_ok("csbs_policy", {**NIGHTLY, "name": "week-end", "enabled": False, "servers": ["srv-0003"]}, cloud)
    made(cloud, "srv-0001", 1)
    made(cloud, "srv-0002", 30)
    found = members(read(max_age="24h"))
    assert found == {
        "csbs_protected": {"srv-0001", "srv-0002"},
        "csbs_disabled": {"srv-0003"},
        "csbs_unprotected": {"srv-0003", "srv-0004", "srv-0005", "srv-0006"},
        "csbs_policy_nightly": {"srv-0001", "srv-0002"},
        "csbs_policy_week_end": {"srv-0003"},
        "csbs_stale": {"srv-0002", "srv-0003", "srv-0004", "srv-0005", "srv-0006"},
    }
    summary = run_ok("csbs_protection_info", {"max_age": "24h"}, cloud)["summary"]
    for key in ("protected", "disabled", "stale"):
        assert summary[key] == len(found[f"csbs_{key}"])
    assert summary["unprotected"] + summary["disabled"] == len(found["csbs_unprotected"])


def test_without_an_age_nothing_is_stale_or_compliant(read: t.Callable[..., t.Any]) -> None:
    inventory = read()
    assert "csbs_stale" not in inventory.groups
    assert {host["csbs_compliant"] for host in variables(inventory).values()} == {None}


def test_a_group_that_a_play_may_name_exists_without_hosts(cloud: Emulator, read: t.Callable[..., t.Any]) -> None:
    cloud.reset(servers=0)
    assert {"csbs_protected", "csbs_disabled", "csbs_unprotected", "csbs_stale"} <= set(read(max_age="1h").groups)


@one_mode
def test_policies_whose_names_give_one_group_share_it(
    cloud: Emulator, read: t.Callable[..., t.Any], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, server in (("a-b", "srv-0001"), ("a_b", "srv-0002")):
        run_ok("csbs_policy", {**NIGHTLY, "name": name, "servers": [server]}, cloud)
    assert members(read())["csbs_policy_a_b"] == {"srv-0001", "srv-0002"}
    assert "Several policies share the group csbs_policy_a_b" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        ({"servers": ["srv-0002"]}, {"srv-0002"}),
        ({"server_filters": {"name": "srv-000[34]"}}, {"srv-0003", "srv-0004"}),
        ({"servers": ["srv-0001"], "server_filters": {"name": "srv-0003"}}, {"srv-0001", "srv-0003"}),
        ({"server_filters": {"name": "nothing-*"}}, set()),
    ],
)
@one_mode
def test_servers_are_chosen_as_in_the_modules(
    read: t.Callable[..., t.Any], options: dict[str, t.Any], hosts: set[str]
) -> None:
    assert set(read(**options).hosts) == hosts


def test_the_login_options_are_those_of_the_modules() -> None:
    """Names, types, aliases, choices and defaults; so are the options of csbs_protection_info."""
    documented = documented_options()
    spec = {**AUTH_SPEC, **load_module("csbs_protection_info").ARGUMENT_SPEC}
    kept = ("type", "aliases", "choices", "default", "elements")
    assert {name: {key: documented[name][key] for key in kept if key in documented[name]} for name in spec} == {
        name: {key: option[key] for key in kept if key in option} for name, option in spec.items()
    }


# ========== Names ==========
@one_mode
def test_servers_of_one_name_all_appear(cloud: Emulator, read: t.Callable[..., t.Any]) -> None:
    twin = cloud.add_server("srv-0001")
    first = next(server.id for server in cloud.state.servers.values() if server.name == "srv-0001")
    found = variables(read())
    assert {f"srv-0001_{first}", f"srv-0001_{twin.id}"} <= set(found) and len(found) == 7
    assert found[f"srv-0001_{twin.id}"]["csbs_id"] == twin.id


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "all", "ungrouped", "csbs_protected", "mine"])
@one_mode
def test_a_server_never_takes_the_name_of_a_group_or_of_this_machine(
    cloud: Emulator, read: t.Callable[..., t.Any], name: str
) -> None:
    server = cloud.add_server(name)
    inventory = read(groups={"mine": "true"}, compose={"mark": "csbs_id"})
    assert variables(inventory)[f"{name}_{server.id}"]["mark"] == server.id
    assert {key for group in inventory.groups.values() for key in group.vars} == set()
    assert len(members(inventory)["mine"]) == 7


@pytest.mark.parametrize("name", [TEMPLATE, "{% raw %}", "<script>alert(1)</script>", "with blanks", "ü 🙂"])
@one_mode
def test_nothing_from_the_cloud_is_evaluated(
    cloud: Emulator, read: t.Callable[..., t.Any], tmp_path: Path, name: str
) -> None:
    cloud.add_server(name, metadata={"role": name, name: "key"}, tags=[name])
    cache = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    for options in ({}, cache, cache):
        inventory = read(
            strict=True,
            compose={"label": "csbs_name", "both": "csbs_name ~ (csbs_tags | join)"},
            keyed_groups=[{"key": "csbs_metadata.role | default('none')", "prefix": "role"}],
            **options,
        )
        host = inventory.hosts[name]
        templar = Templar(DataLoader(), variables=host.get_vars())
        for expression in (
            "inventory_hostname",
            "csbs_name",
            "csbs_tags[0]",
            "csbs_metadata.role",
            "label",
            "csbs_metadata | dict2items | map(attribute='key') | reject('eq', 'role') | first",
        ):
            assert templar.template(trusted("{{ " + expression + " }}")) == name, expression
        assert templar.template(trusted("{{ both }}")) == name * 2
        assert all(set(group) <= set(group.replace("{", "").replace("<", "")) for group in inventory.groups)


def trusted(text: str) -> str:
    """Return a template of the user."""
    try:
        from ansible.template import trust_as_template
    except ImportError:
        return text
    return trust_as_template(text)


@one_mode
def test_sources_of_two_projects_keep_servers_of_one_name_apart(cloud: Emulator, read: t.Callable[..., t.Any]) -> None:
    other = cloud.add_server("srv-0001", project_id=cloud.other_project_id)
    both = read("a.csbs.yml")
    auth = {**cloud.clouds()["clouds"]["local"]["auth"], "project_name": "other"}
    read("b.csbs.yml", into=both, auth=auth)
    found = variables(both)
    assert found["srv-0001"]["csbs_id"] != other.id and found[f"srv-0001_{other.id}"]["csbs_id"] == other.id
    read("a.csbs.yml", into=both)
    assert len(both.hosts) == 7, "the same server is the same host"


# ========== Options for hosts ==========
@one_mode
def test_the_user_chooses_ansible_host(cloud: Emulator, read: t.Callable[..., t.Any]) -> None:
    address = cloud.server("srv-0001").private_ip
    assert "ansible_host" not in variables(read())["srv-0001"]
    found = variables(read(ansible_host_from=[{"type": "floating"}, {"network": "internal", "version": 4}]))
    assert found["srv-0001"]["ansible_host"] == address
    assert "ansible_host" not in variables(read(ansible_host_from=[{"version": 6}]))["srv-0001"]
    composed = read(ansible_host_from=[{}], compose={"ansible_host": "csbs_name ~ '.example.com'"})
    assert variables(composed)["srv-0001"]["ansible_host"] == "srv-0001.example.com"


@one_mode
def test_constructed_variables_and_groups(cloud: Emulator, read: t.Callable[..., t.Any]) -> None:
    set_server(cloud, "srv-0001", metadata={"role": "web"})
    inventory = read(
        compose={"role": "csbs_metadata.role | default('none')"},
        groups={"webs": "role == 'web'"},
        keyed_groups=[{"key": "role", "prefix": "role"}, {"key": "role", "separator": "_"}],
        leading_separator=False,
    )
    assert variables(inventory)["srv-0001"]["role"] == "web"
    found = members(inventory)
    assert found["webs"] == found["role_web"] == found["web"] == {"srv-0001"} and len(found["role_none"]) == 5


@one_mode
def test_strict_decides_whether_a_wrong_expression_fails(read: t.Callable[..., t.Any]) -> None:
    wrong = {"compose": {"a": "nothing.at_all"}}
    assert "a" not in variables(read(**wrong))["srv-0001"]
    assert "Could not set a for host srv-0001" in failure(read, strict=True, **wrong)


@one_mode
def test_options_may_be_templates(read: t.Callable[..., t.Any]) -> None:
    found = read(servers=["{{ 'srv-' ~ '0001' }}"], timeout="{{ 60 * 2 }}", server_filters={"name": "{{ 'srv-0002' }}"})
    assert set(found.hosts) == {"srv-0001", "srv-0002"}


# ========== The cache ==========
@pytest.fixture
def cached(read: t.Callable[..., t.Any], tmp_path: Path) -> t.Callable[..., t.Any]:
    """Read an inventory through a cache."""
    options = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    return lambda *args, **more: read(*args, **{**options, **more})


def test_a_cached_inventory_is_equal_and_needs_no_request(
    cloud: Emulator, read: t.Callable[..., t.Any], cached: t.Callable[..., t.Any]
) -> None:
    run_ok("csbs_policy", {**NIGHTLY, "servers": ["srv-0001"]}, cloud)
    made(cloud, "srv-0001", 1)
    cloud.add_server(TEMPLATE, tags=[TEMPLATE])
    more = {"max_age": "24h", "ansible_host_from": [{}], "compose": {"label": "csbs_name"}}
    plain = read(**more)
    first = cached(**more)
    cloud.journal.clear()
    second = cached(**more)
    assert list(cloud.journal) == []
    assert variables(plain) == variables(first) == variables(second)
    assert members(plain) == members(first) == members(second)


@one_mode
def test_flushing_the_cache_reads_again(cloud: Emulator, cached: t.Callable[..., t.Any]) -> None:
    cached()
    cloud.add_server("new")
    assert "new" not in cached().hosts
    assert "new" in cached(flush=True).hosts
    assert "new" in cached().hosts, "what was read is kept"


@one_mode
def test_another_choice_is_not_answered_from_the_cache(cloud: Emulator, cached: t.Callable[..., t.Any]) -> None:
    assert len(cached().hosts) == 6
    assert len(cached(servers=["srv-0001"]).hosts) == 1
    assert "csbs_stale" in members(cached(max_age="1h"))


@one_mode
def test_a_failure_is_not_hidden_by_what_was_kept_before(
    cloud: Emulator, read: t.Callable[..., t.Any], cached: t.Callable[..., t.Any]
) -> None:
    cached()
    cloud.faults.add(path="/policies", status=403, error_msg="no right", times=2)
    assert "no right" in failure(cached, flush=True)
    assert "no right" in failure(cached), "the next command fails too, although it may use the cache"
    assert len(cached().hosts) == 6, "a failure is not kept"


@one_mode
def test_bad_options_fail_also_with_a_cache(cached: t.Callable[..., t.Any]) -> None:
    cached()
    assert "max_age" in failure(cached, max_age="soon")


# ========== Failures ==========
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"max_agee": "24h"}, "there is no option max_agee"),
        ({"server_filters": {"colour": "x"}}, "there is no option server_filters.colour"),
        ({"server_filters": {}}, "server_filters: no filter is set"),
        ({"max_age": "soon"}, "max_age: 'soon' is not an age"),
        ({"timeout": 0}, "timeout: 0 is out of range"),
        ({"timeout": "soon"}, "timeout"),
        ({"ansible_host_from": [{"version": 5}]}, "version must be one of: 4, 6"),
        ({"ansible_host_from": [{"networks": "a"}]}, "there is no option ansible_host_from.networks"),
        ({"cloud": "{{ nothing }}"}, "cloud: 'nothing' is undefined"),
        ({"api_timeout": -1}, "api_timeout"),
    ],
)
@one_mode
def test_bad_options_are_refused_before_the_first_request(
    cloud: Emulator, read: t.Callable[..., t.Any], options: dict[str, t.Any], told: str
) -> None:
    cloud.journal.clear()
    text = failure(read, **options)
    assert told in text and "\n" not in text
    assert list(cloud.journal) == []


@one_mode
def test_an_unknown_server_is_never_an_empty_inventory(read: t.Callable[..., t.Any]) -> None:
    assert "servers: no such server: 'nobody'" in failure(read, servers=["nobody"])


@pytest.mark.parametrize(
    "path", ["/auth/tokens", "/servers/detail", "/policies", "/resources/action", "/checkpoint_items"]
)
@one_mode
def test_a_refusal_at_any_reading_fails_the_whole_inventory(
    cloud: Emulator, read: t.Callable[..., t.Any], path: str
) -> None:
    cloud.faults.add(path=path, status=403, error_msg="no right", times=-1)
    assert failure(read).startswith("Could not ")


@one_mode
def test_a_foreign_answer_fails_the_whole_inventory(cloud: Emulator, read: t.Callable[..., t.Any]) -> None:
    cloud.faults.add(path="/servers/detail", body="<html>Log in</html>", content_type="text/html", times=-1)
    assert "not what the service documents" in failure(read)


@one_mode
def test_passing_trouble_is_ridden_out(cloud: Emulator, read: t.Callable[..., t.Any]) -> None:
    cloud.faults.add(path="/servers/detail", status=503, times=1)
    cloud.faults.add(path="/checkpoint_items", status=429, retry_after=0, times=1)
    assert len(read().hosts) == 6


@pytest.mark.parametrize(
    ("name", "own"), [("csbs.yml", True), ("prod.csbs.yaml", True), ("csbs.json", False), ("other.yml", False)]
)
def test_the_name_of_the_file_says_whose_it_is(tmp_path: Path, name: str, own: bool) -> None:
    path = tmp_path / name
    path.write_text("")
    assert plugin().verify_file(str(path)) is own
    assert not plugin().verify_file(str(tmp_path / "absent" / name))


# ========== Cost ==========
def test_requests_grow_with_pages_and_not_with_servers(cloud: Emulator, read: t.Callable[..., t.Any]) -> None:
    counts = []
    for servers in (3, 900, 2100):
        cloud.reset(servers=servers)
        cloud.journal.clear()
        assert len(read().hosts) == servers
        assert cloud.journal.writes() == []
        counts.append(len(list(cloud.journal)))
    assert counts[0] == counts[1]
    # Two more pages of servers, and two more checks of 1,000 servers.
    assert counts[2] == counts[1] + 4
