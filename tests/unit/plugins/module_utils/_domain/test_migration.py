# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy of CSBS becomes with CBR, and how far it and its servers are."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain import migration
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention import KEYS
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retention_option import parse_retention
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.schedule import format_pattern
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.services import RULES
from tests.support.fakes import SUMMER, policy, server

NO_LONG_TERM = {"day_backups": 0, "week_backups": 0, "month_backups": 0, "year_backups": 0}
SERVER = "11111111-1111-4111-8111-111111111111"
POLICY = "22222222-2222-4222-8222-222222222222"


def plain(name: str = "nightly", **fields: t.Any) -> dict[str, t.Any]:
    """A policy that CBR can have as it is."""
    fields.setdefault("definition", {"max_backups": 14, **NO_LONG_TERM})
    return policy(name, **fields)


def mapped(row: dict[str, t.Any], **decided: t.Any) -> migration.Mapping:
    return migration.map_policy(t.cast("t.Any", row), **decided)


def kept(**limits: t.Any) -> dict[str, t.Any]:
    return {**dict.fromkeys(KEYS), "permanent": False, **limits}


def vault(*tags: tuple[str, str]) -> dict[str, t.Any]:
    return {"id": "v", "tags": [{"key": key, "value": value} for key, value in tags], "members": []}


# ========== The policy ==========
def test_what_both_services_can_have_is_taken_over_without_a_word() -> None:
    target, losses, blockers = mapped(plain(tags=[]))
    assert (losses, blockers) == ([], [])
    assert target == migration.Target("nightly", target.rule, kept(max_backups=14), True, {}, "")
    assert target.rule and format_pattern(target.rule) == ["FREQ=DAILY;BYHOUR=02;BYMINUTE=00"]


@pytest.mark.parametrize(
    ("name", "target"),
    [("nightly", "nightly"), ("n" * 64, "n" * 64), ("n" * 65, "n" * 64), ("tägliche Sicherung", "t-gliche-Sicherung")],
)
def test_a_name_is_cut_and_cleaned_and_that_is_told(name: str, target: str) -> None:
    assert migration.target_name_of(name) == target
    mapping = mapped(plain(name))
    assert mapping.target.name == target
    assert [("target_name" in loss, repr(target) in loss) for loss in mapping.losses] == (
        [] if name == target else [(True, True)]
    )


def test_a_name_that_the_user_decides_is_no_loss() -> None:
    mapping = mapped(plain("n" * 65), target_name="other", others=["n" * 64])
    assert (mapping.target.name, mapping.losses, mapping.blockers) == ("other", [], [])


def test_two_policies_that_get_one_name_are_blocked_until_the_user_decides() -> None:
    (blocker,) = mapped(plain("n" * 65), others=["x", "n" * 64]).blockers
    assert re.search(r"Another policy .* What to do: .*target_name", blocker)
    assert mapped(plain("n" * 65), others=["x", "n" * 64], target_name="x").blockers


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({"max_backups": 14}, kept(max_backups=14)),
        ({"max_backups": "14", "retention_duration_days": "-1"}, kept(max_backups=14)),
        ({"retention_duration_days": 30, "max_backups": -1}, kept(days=30)),
        ({}, kept()),
        ({"permanent": True, "max_backups": 3, "retention_duration_days": 7}, kept()),
        ({"permanent": "true"}, kept()),
        ({"week_backups": 4, "timezone": "UTC+01:00"}, kept(weekly=4, timezone="UTC+01:00")),
        (
            {"max_backups": 7, "month_backups": 12, "timezone": "UTC-03:00"},
            kept(max_backups=7, monthly=12, timezone="UTC-03:00"),
        ),
    ],
)
def test_retention_is_taken_over_in_the_normal_form_of_cbr(
    definition: dict[str, t.Any], expected: dict[str, t.Any]
) -> None:
    mapping = mapped(plain(definition={**NO_LONG_TERM, **definition}))
    assert (mapping.target.retention, mapping.losses, mapping.blockers) == (expected, [], [])
    # As the option retention would say it, so that csbs_policy finds nothing to change afterwards.
    given = {key: value for key, value in expected.items() if value is not None}
    assert parse_retention(given, None, SUMMER, RULES["cbr"]) == expected


@pytest.mark.parametrize(
    "definition",
    [
        {"retention_duration_days": 30, "max_backups": 10},
        {"retention_duration_days": 30, "week_backups": 4, "timezone": "UTC+00:00"},
        {"max_backups": 0},
        {"retention_duration_days": 0},
    ],
)
def test_retention_that_cbr_cannot_have_is_blocked_until_the_user_decides(definition: dict[str, t.Any]) -> None:
    mapping = mapped(plain(definition={**NO_LONG_TERM, **definition}))
    assert mapping.target.retention is None
    assert len(mapping.blockers) == 1 and re.search(
        "retention of the policy .* What to do: .*retention", *mapping.blockers
    )
    decided = mapped(plain(definition={**NO_LONG_TERM, **definition}), retention=kept(days=30))
    assert (decided.target.retention, decided.losses, decided.blockers) == (kept(days=30), [], [])


def test_long_term_counts_that_csbs_does_not_report_are_a_loss_unless_the_user_decides() -> None:
    row = plain(definition={"max_backups": 14})
    assert ["does not report the long-term counts" in loss for loss in mapped(row).losses] == [True]
    assert mapped(row).target.retention == kept(max_backups=14) and not mapped(row).blockers
    assert mapped(row, retention=kept(weekly=4)).losses == []
    # For ever needs no counts.
    assert mapped(plain(definition={"permanent": True})).losses == []


def test_a_time_zone_that_csbs_does_not_report_is_a_loss() -> None:
    mapping = mapped(plain(definition={**NO_LONG_TERM, "day_backups": 7}))
    assert ["time zone" in loss for loss in mapping.losses] == [True]
    assert mapping.target.retention == kept(daily=7, timezone="UTC+00:00")


@pytest.mark.parametrize(
    "pattern", [None, "", "FREQ=MONTHLY;BYHOUR=2;BYMINUTE=0", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30", "x"]
)
def test_a_schedule_that_cbr_cannot_have_is_blocked(pattern: str | None) -> None:
    mapping = mapped(plain(pattern=pattern))
    assert mapping.target.rule is None
    assert ["schedule of the policy" in blocker and "What to do: " in blocker for blocker in mapping.blockers] == [True]


@pytest.mark.parametrize("length", [3, 64, 65, 255])
def test_a_description_goes_to_the_vaults_and_that_is_told(length: int) -> None:
    mapping = mapped(plain(description="d" * length))
    assert mapping.target.description == "d" * min(length, 64)
    assert ["cut to 64 characters" in loss for loss in mapping.losses] == [length > 64]


def test_tags_go_to_the_vaults_and_not_to_backups() -> None:
    tags = [{"key": "team", "value": "db"}, {"key": SERVER, "value": "x"}, {"key": "a b", "value": ""}]
    mapping = mapped(plain(tags=tags))
    assert mapping.target.tags == {"team": "db"}
    assert [re.search(r"backups of CBR have no tags|the tag (\S+)", loss)[0][:9] for loss in mapping.losses] == [  # type: ignore[index]
        "the tag 1",
        "the tag a",
        "backups o",
    ]


def test_a_disabled_policy_stays_disabled_and_that_is_told() -> None:
    mapping = mapped(plain(enabled=False))
    assert mapping.target.enabled is False
    assert ["disabled" in loss and "enabled: true" in loss for loss in mapping.losses] == [True]


def test_every_sentence_says_what_to_do() -> None:
    row = plain(
        "n" * 65,
        pattern="x",
        description="d" * 65,
        enabled=False,
        definition={"max_backups": 3, "retention_duration_days": 4},
        tags=[{"key": "team", "value": "db"}, {"key": "a b", "value": ""}],
    )
    mapping = mapped(row, others=["n" * 64])
    assert (len(mapping.losses), len(mapping.blockers)) == (5, 3)
    assert all(". What to do: " in sentence for sentence in (*mapping.losses, *mapping.blockers))


# ========== Who is where ==========
def test_marks_are_the_tags_whose_keys_are_ids() -> None:
    vaults = [vault(("team", "db"), (SERVER, POLICY)), {**vault(), "tags": None}]
    assert migration.marks_of(t.cast("t.Any", vaults)) == {SERVER: POLICY}


@pytest.mark.parametrize(
    ("in_csbs", "in_cbr", "marked", "state"),
    [
        (False, False, False, "none"),
        (False, False, True, "moving"),
        # A mark that was left over says nothing.
        (True, False, True, "csbs"),
        (False, True, True, "cbr"),
        # It moved between the two readings.
        (True, True, False, "cbr"),
    ],
)
def test_where_a_server_is(in_csbs: bool, in_cbr: bool, marked: bool, state: str) -> None:
    assert migration.server_state(in_csbs, in_cbr, marked) == state


@pytest.mark.parametrize(
    ("vaults", "left", "over", "moving", "state"),
    [
        (None, 3, 0, 0, "csbs"),
        (None, 0, 0, 0, "csbs"),
        # A run was killed between the policy and its vault.
        (0, 3, 0, 0, "csbs"),
        (1, 3, 0, 0, "prepared"),
        (1, 2, 1, 0, "moving"),
        (1, 2, 0, 1, "moving"),
        (1, 0, 2, 1, "moving"),
        (1, 0, 3, 0, "moved"),
        (0, 0, 0, 0, "moved"),
    ],
)
def test_how_far_a_policy_is(vaults: int | None, left: int, over: int, moving: int, state: str) -> None:
    target = None if vaults is None else {"vaults": [vault()] * vaults}
    assert migration.policy_state(t.cast("t.Any", target), left, over, moving) == state


def test_servers_of_a_policy_are_left_on_the_way_over_or_gone() -> None:
    servers = t.cast("t.Any", {row["id"]: row for row in map(server, ("web", "db", "mail", "app"))})
    theirs = {**vault(), "members": [{"id": "id-web"}]}
    loose = {**vault(), "members": [{"id": "id-app"}]}
    old, current = policy(servers=["mail", "gone", "web"]), {**policy(servers=["web"]), "vaults": [theirs]}
    marks = {"id-db": old["id"], "id-app": old["id"], "id-mail": old["id"], "id-x": old["id"], "id-y": "pol-other"}
    who = migration.who_moves(*t.cast("t.Any", (old, current, [theirs, loose], marks, servers, {"id-mail", "id-gone"})))
    found = [[row["name"] for row in rows] for rows in who]
    # One that is in both has moved between the readings, one in a vault without a policy is not on the way any more.
    assert found == [["mail"], ["db"], ["web"], ["gone"]] and who.all == [*who.left, *who.on_the_way, *who.over]


def test_members_of_its_own_are_those_that_never_came_from_csbs() -> None:
    target = t.cast("t.Any", policy(servers=["a", "b"]))
    assert migration.own_members(target, {"id-a"}) == [{"id": "id-b", "name": "b"}]
    assert migration.own_members(target, {"id-a", "id-b"}) == []
    assert migration.own_members(None, set()) == []
