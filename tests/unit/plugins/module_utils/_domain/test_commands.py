# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands: one line that a shell and Ansible take as it is meant, and no more IDs than it can hold."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.commands import Commands, in_parts, is_plain

IDS = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(250)]
HOSTILE = [
    "",
    "web-1",
    "$(id)",
    f"{IDS[0]}; id",
    f"{IDS[0]}\n",
    "{{ 1 }}",
    IDS[0].replace("0", "\uff10"),
    IDS[10].upper(),
]


def test_a_playbook() -> None:
    made = Commands().play("backup", {"csbs_max_age": "24h"})
    assert made == """ansible-playbook opentelekomcloud.csbs.backup -e '{"csbs_max_age": "24h"}'"""
    made = Commands("otc").play("prune", {"csbs_keep_daily": 14}, check=True)
    given_back = '{"csbs_cloud": "otc", "csbs_keep_daily": 14}'
    assert made == f"ansible-playbook opentelekomcloud.csbs.prune -e '{given_back}' --check --diff"


def test_a_task() -> None:
    made = Commands().task("csbs_policy", {"name": IDS[0], "enabled": True})
    assert made == (
        f'ansible localhost -m opentelekomcloud.csbs.csbs_policy -a \'{{"name": "{IDS[0]}", "enabled": true}}\''
    )
    made = Commands("otc").task("csbs_backup", {"state": "absent"}, check=True)
    given_back = '{"cloud": "otc", "state": "absent"}'
    assert made == f"ansible localhost -m opentelekomcloud.csbs.csbs_backup -a '{given_back}' --check --diff"


def test_the_client_of_openstack() -> None:
    assert Commands().openstack("image", "show", IDS[0]) == f"openstack image show {IDS[0]}"
    made = Commands("my cloud").openstack("server", "set", "--property", "a b=AGE", IDS[0])
    assert made == f"openstack --os-cloud 'my cloud' server set --property 'a b=AGE' {IDS[0]}"


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (99, [99]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)
def test_ids_in_parts_of_a_hundred(count: int, sizes: list[int]) -> None:
    parts = in_parts(IDS[:count])
    assert [len(part) for part in parts] == sizes
    assert [one for part in parts for one in part] == IDS[:count]
    made = Commands().play_for("backup", IDS[:count], {"csbs_max_age": "3600"})
    assert [json.loads(shlex.split(command)[-1]) for command in made] == [
        {"csbs_servers": part, "csbs_max_age": "3600"} for part in parts
    ]


def test_what_is_no_id_gets_into_no_command() -> None:
    assert in_parts([*HOSTILE, IDS[1]]) == [[IDS[1]]]
    assert in_parts(HOSTILE) == []
    assert Commands().play_for("backup", HOSTILE, {}) == []


@given(st.text(), st.text(), st.booleans())
def test_a_shell_and_json_give_back_whatever_went_in(name: str, value: str, check: bool) -> None:
    made = Commands(name).play("protect", {"csbs_policy": {"name": value}}, check=check)
    words = shlex.split(made)
    assert words[:3] == ["ansible-playbook", "opentelekomcloud.csbs.protect", "-e"]
    assert words[4:] == (["--check", "--diff"] if check else [])
    login = {"csbs_cloud": name} if name else {}
    assert json.loads(words[3]) == {**login, "csbs_policy": {"name": value}}
    assert made.isascii() and made.isprintable()
    assert shlex.split(Commands(name).openstack("image", "show", value))[-1] == value


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("nightly", True),
        ("a-b_C-0001", True),
        ("", False),
        ("a b", False),
        ("a\n", False),
        ("\u00e9", False),
        ("{", False),
    ],
)
def test_plain_names(name: str, plain: bool) -> None:
    assert is_plain(name) is plain


def test_commands_for_a_service_name_it() -> None:
    made = Commands("otc", "cbr")
    assert json.loads(shlex.split(made.play("backup", {}))[-1]) == {"csbs_cloud": "otc", "csbs_service": "cbr"}
    assert json.loads(shlex.split(made.task("csbs_policy", {}))[-1]) == {"cloud": "otc", "service": "cbr"}
    assert json.loads(shlex.split(Commands(service="cbr").task("csbs_policy", {}))[-1]) == {"service": "cbr"}
    assert "cbr" not in made.openstack("server", "show", IDS[0])
