# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of plugins are checked like those of modules, and caches are kept apart without a secret."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.plugin_utils._options import cache_key, checked_options, plain

DOCUMENTED = {
    "region_name": {"type": "str"},
    "validate_certs": {"type": "bool", "aliases": ["verify"]},
    "timeout": {"type": "integer", "default": 600},
    "interface": {"type": "str", "choices": ["public", "internal"], "default": "public"},
    "servers": {"type": "list", "elements": "raw"},
    "server_filters": {"type": "dict", "suboptions": {"name": {"type": "str"}, "status": {"type": "raw"}}},
}


def test_options_have_their_types_defaults_and_first_names() -> None:
    given = {"verify": "no", "timeout": "30", "servers": ["a"], "server_filters": {"name": "web-*"}}
    assert checked_options(DOCUMENTED, given) == {
        "region_name": None,
        "validate_certs": False,
        "timeout": 30,
        "interface": "public",
        "servers": ["a"],
        "server_filters": {"name": "web-*", "status": None},
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"max_agee": "24h"}, "there is no option max_agee"),
        ({"server_filters": {"colour": "x"}}, "there is no option server_filters.colour"),
        ({"timeout": "soon"}, "'timeout'.*int"),
        ({"interface": "other"}, "interface must be one of: public, internal"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(given: dict[str, t.Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        checked_options(DOCUMENTED, given)


def test_plain_values_have_no_types_of_ansible() -> None:
    class Noted(str):
        __slots__ = ()

    class Secret:
        def __str__(self) -> str:
            return "decrypted"

    found = plain({Noted("a"): [Noted("b"), Secret(), 1, True, None, 0.5]})
    assert found == {"a": ["b", "decrypted", 1, True, None, 0.5]}
    assert next(iter(found)).__class__ is str and found["a"][0].__class__ is str


PARAMS: dict[str, t.Any] = {
    "cloud": None,
    "auth": {"auth_url": "https://iam", "project_name": "a", "password": "x"},
    "region_name": None,
    "interface": "public",
    "servers": None,
    "server_filters": None,
    "max_age": None,
    "service": "csbs",
    "services": None,
}


@pytest.mark.parametrize(
    "other",
    [
        {"cloud": "other"},
        {"cloud": {"auth": {"project_name": "b"}}},
        {"cloud": {"region_name": "eu-nl"}},
        {"auth": {"auth_url": "https://iam", "project_name": "b", "password": "x"}},
        {"region_name": "eu-nl"},
        {"max_age": "24h"},
        {"servers": ["web-1"]},
        {"server_filters": {"name": "web-*"}},
        {"service": "cbr"},
        {"services": ["csbs", "cbr"]},
        {"services": ["cbr", "csbs"]},
    ],
)
def test_another_project_or_choice_of_servers_has_a_cache_of_its_own(other: dict[str, t.Any]) -> None:
    assert cache_key({**PARAMS, **other}) != cache_key(PARAMS)


def test_the_cloud_of_the_environment_has_a_cache_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLOUD", "one")
    one = cache_key(PARAMS)
    monkeypatch.setenv("OS_CLOUD", "two")
    assert cache_key(PARAMS) != one


def test_no_secret_is_in_the_name_of_a_cache() -> None:
    for cloud in (None, {"auth": {"password": "x", "token": "x"}}):
        params = {**PARAMS, "cloud": cloud}
        other = {**params, "auth": {**PARAMS["auth"], "password": "y"}}
        if cloud:
            other["cloud"] = {"auth": {"password": "y", "token": "y"}}
        assert cache_key(other) == cache_key(params)
