# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csbs_migration_info: its options, the order of its readings, and which servers it tells of."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.migration import Decision
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.vault_option import VaultOptions
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._operations import migration_info
from tests.support.fakes import Cloud, backup, policy, server

PARAMS: dict[str, t.Any] = {"policies": None, "servers": None, "decisions": None, "vault": None, "max_age": "24h"}
FLEET = [server("web"), server("db"), server("app")]


class VaultCloud(Cloud):
    """CBR that is only data: policies have one vault each."""

    def vaults_with_tags(self) -> list[dict[str, t.Any]]:
        self.asked.append(("vaults", None))
        return [vault for row in self.all_policies for vault in row["vaults"]]

    def with_sizes(self, servers: t.Iterable[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
        chosen = list(servers)
        self.asked.append(("sizes", sorted(one["name"] for one in chosen)))
        return [{**one, "disks_gb": 40} for one in chosen]


def options_of(**params: t.Any) -> migration_info.MigrationInfoOptions:
    return migration_info.parse_options({**PARAMS, **params})


def read(csbs: Cloud, cbr: Cloud | None = None, **params: t.Any) -> t.Any:
    return migration_info.read(options_of(**params), t.cast("t.Any", [csbs, cbr or VaultCloud()]))


def names(rows: t.Iterable[dict[str, t.Any]]) -> list[str]:
    return [row["name"] for row in rows]


# ========== Options ==========
def test_nothing_given_is_the_whole_project_with_usual_vaults() -> None:
    assert options_of() == (None, None, {}, VaultOptions(), timedelta(hours=24))


def test_decisions_are_in_normal_form_by_policy() -> None:
    given = [{"policy": "nightly", "target_name": None, "retention": {"days": 30}}, {"policy": "p", "target_name": "q"}]
    decisions = options_of(decisions=given).decisions
    assert decisions["p"] == Decision("q", None)
    assert decisions["nightly"].target_name is None
    assert {key: value for key, value in decisions["nightly"].retention.items() if value} == {"days": 30}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"max_age": "soon"}, "max_age"),
        ({"vault": {"size_gb": 1}}, "vault.size_gb"),
        ({"servers": [""]}, "servers"),
        ({"decisions": [{"policy": " "}]}, "decisions.policy"),
        ({"decisions": [{"policy": "p", "target_name": "a b"}]}, "decisions.target_name"),
        ({"decisions": [{"policy": "p", "retention": {"max_backups": 0}}]}, "retention.max_backups"),
        ({"decisions": [{"policy": "p"}, {"policy": " p "}]}, "there twice"),
    ],
)
def test_what_breaks_a_rule_is_refused(params: dict[str, t.Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        options_of(**params)


# ========== Readings ==========
def test_csbs_is_read_first_then_the_marks_then_the_members() -> None:
    """So a server that moves meanwhile is never in none of them."""
    asked: list[tuple[str, t.Any]] = []
    csbs, cbr = Cloud(FLEET, [policy(servers=["web", "db"])], [backup("b", "web")]), VaultCloud()
    csbs.asked = cbr.asked = asked
    read(csbs, cbr)
    assert asked == [
        ("servers", None),
        ("policies", None),
        ("vaults", None),
        ("policies", None),
        # Only of servers that are to move.
        ("sizes", ["db", "web"]),
        ("backups", {}),
        ("backups", {}),
    ]


def test_policies_come_by_name_and_servers_are_those_of_the_chosen_policies() -> None:
    csbs = Cloud(
        FLEET, [policy("weekly", ["db"]), policy("nightly", ["web"])], [backup("b", "db"), backup("b", "gone")]
    )
    found = read(csbs)
    assert names(found["policies"]) == ["nightly", "weekly"]
    assert names(found["servers"]) == ["app", "db", "web"]
    assert names(row["server"] for row in found["backups"]) == ["db", "gone"]
    found = read(csbs, policies=["weekly"])
    assert (names(found["policies"]), names(found["servers"])) == (["weekly"], ["db"])
    assert names(row["server"] for row in found["backups"]) == ["db"]
    found = read(csbs, policies=["weekly"], servers=["web"])
    assert (names(found["policies"]), names(found["servers"]), found["backups"]) == (["weekly"], ["web"], [])


def test_unknown_and_ambiguous_policies_are_refused() -> None:
    csbs = Cloud(FLEET, [policy("twin", id="p1"), policy("twin", id="p2")])
    for option, given in (("policies", lambda ref: [ref]), ("decisions", lambda ref: [{"policy": ref}])):
        with pytest.raises(InvalidInput, match=f"{option}(.policy)?: CSBS has no such policy: 'x'"):
            read(csbs, **{option: given("x")})
        with pytest.raises(InvalidInput, match="policy 'twin' is ambiguous"):
            read(csbs, **{option: given("twin")})
    assert read(csbs, decisions=[{"policy": "p1", "target_name": "one"}])["policies"][0]["target"]["name"] == "one"
