# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings: every kind with its objects and its commands, and no command that does harm."""

from __future__ import annotations

import json
import shlex
import typing as t
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.commands import Commands
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.controls import Controls, Facts, Promise
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.findings import TEXTS, Subjects, find
from tests.support.fakes import SUMMER

HOSTILE = "x'; $(id) {{ 1 }} `id`\n<b>"
CONTROLS = Controls(
    enabled_policy=True,
    min_frequency=timedelta(hours=12),
    min_retention_days=14,
    max_age=timedelta(days=1),
    no_failed_backup=True,
    room=True,
    locked=True,
    restore_tested_within=timedelta(days=90),
)
ROOM = {"result": "pass", "evidence": ""}


def uuid(number: int, kind: str = "a") -> str:
    return f"{kind}{number:07x}-0000-4000-8000-000000000000"


def controls(**results: str) -> dict[str, dict[str, str]]:
    names = ("max_age", "min_frequency", "min_retention_days", "no_failed_backup", "locked", "restore_tested_within")
    return {name: {"result": results.get(name, "pass"), "evidence": f"about {name}"} for name in names}


def server(number: int, **fields: t.Any) -> dict[str, t.Any]:
    results = fields.pop("results", {})
    return {
        "id": uuid(number),
        "name": f"srv-{number}",
        "policy": {"id": uuid(0, "b")},
        "protectable": True,
        "reason": None,
        "last_backup": {"id": uuid(number, "c")},
        "compliant": True,
        "max_age_seconds": 86400,
        "failed_backups": 0,
        "controls": controls(**results),
        **fields,
    }


def policy(number: int, **fields: t.Any) -> dict[str, t.Any]:
    retention = dict.fromkeys(("max_backups", "days", "daily", "weekly", "monthly", "yearly", "timezone"))
    return {
        "id": uuid(number, "b"),
        "service": "csbs",
        "name": f"policy{number}",
        "enabled": True,
        "schedule": {"frequency": "daily"},
        "retention": {**retention, **fields.pop("retention", {})},
        "server_count": 1,
        "longest_gap_seconds": 12 * 3600,
        "retention_days": 14,
        **fields,
    }


def subjects(*servers: dict[str, t.Any], **fields: t.Any) -> Subjects:
    of_server = fields.pop("policy", None)
    failure = fields.pop("failure", "no space")
    policies = fields.pop("policies", [])
    service = fields.pop("service", "csbs")
    facts = Facts(
        protection={},
        promise=Promise(None, None),
        policy=of_server,
        failures=0,
        failure=failure,
        room=ROOM,  # type: ignore[arg-type]
        lock=ROOM,  # type: ignore[arg-type]
        restore_tested="",
        now=SUMMER,
        service=service,
        last_service=service,
        idle=fields.pop("idle", ""),
    )
    usual: dict[str, t.Any] = {
        "controls": CONTROLS,
        "max_age_key": "rpo",
        "restore_tested_key": "tested",
        "commands": Commands(),
        "services": ["csbs"],
        "servers": servers,
        "facts": {row["id"]: facts for row in servers},
        "policies": policies,
        "all_policies": policies,
        "quotas": [],
        "room": ROOM,
        "vaults": [],
        "rooms": [],
        "former": [],
        "held": [],
    }
    return Subjects(**{**usual, **fields})


def found(*servers: dict[str, t.Any], **fields: t.Any) -> dict[str, tuple[list[t.Any], list[str]]]:
    """By kind the objects as (ID, name, detail), and the commands."""
    return {
        finding["kind"]: ([tuple(one.values()) for one in finding["objects"]], finding["commands"])
        for finding in find(subjects(*servers, **fields))
    }


def play(name: str, check: bool = False, **variables: t.Any) -> str:
    text = f"ansible-playbook opentelekomcloud.csbs.{name} -e {shlex.quote(json.dumps(variables))}"
    return text + " --check --diff" if check else text


def task(module: str, check: bool = False, **args: t.Any) -> str:
    text = f"ansible localhost -m opentelekomcloud.csbs.{module} -a {shlex.quote(json.dumps(args))}"
    return text + " --check --diff" if check else text


def test_nothing_wrong_is_no_finding() -> None:
    assert found(server(1), policies=[policy(1)], quotas=[{"type": "backups", "used_percent": 89}]) == {}
    assert found() == {}


# ========== Servers ==========
def test_never_backed_up() -> None:
    rows = [
        server(1, last_backup=None, compliant=False),
        server(2, last_backup=None, compliant=True),
        server(3, last_backup=None, compliant=None, max_age_seconds=None),
        server(4, last_backup=None, compliant=False, protectable=False, reason="in ERROR"),
        server(5, last_backup=None, compliant=False, max_age_seconds=3600),
    ]
    objects, commands = found(*rows)["never_backed_up"]
    assert [detail for dummy, name, detail in objects] == [
        "there is no good backup",
        "a first backup is in progress",
        *["there is no good backup"] * 3,
    ]
    assert commands == [
        play("backup", csbs_servers=[uuid(1)], csbs_max_age="86400"),
        play("backup", csbs_servers=[uuid(3)]),
        play("backup", csbs_servers=[uuid(5)], csbs_max_age="3600"),
    ]


def test_stale() -> None:
    rows = [
        server(1, compliant=False),
        server(2, compliant=False, max_age_seconds=3600),
        server(3, compliant=False),
        server(4, compliant=False, protectable=False, reason="in ERROR"),
        server(5, compliant=None),
    ]
    assert found(*rows)["stale"] == (
        [(uuid(number), f"srv-{number}", "about max_age") for number in (1, 2, 3, 4)],
        [
            play("backup", csbs_servers=[uuid(1), uuid(3)], csbs_max_age="86400"),
            play("backup", csbs_servers=[uuid(2)], csbs_max_age="3600"),
        ],
    )


def test_failing() -> None:
    rows = [server(1, failed_backups=2), server(2, failed_backups=1, protectable=False, reason="x")]
    assert found(*rows)["failing"] == (
        [(uuid(1), "srv-1", "2 failed: no space"), (uuid(2), "srv-2", "1 failed: no space")],
        [play("backup", csbs_servers=[uuid(1)])],
    )
    objects, dummy = found(server(1, failed_backups=1), failure="")["failing"]
    assert objects == [(uuid(1), "srv-1", "1 failed: the service gives no reason")]


def test_unprotectable() -> None:
    assert found(server(1, protectable=False, reason="in ERROR"))["unprotectable"] == (
        [(uuid(1), "srv-1", "in ERROR")],
        [f"openstack server show {uuid(1)}"],
    )


def test_a_fleet_is_backed_up_a_hundred_at_a_time() -> None:
    rows = [server(number, compliant=False) for number in range(250)]
    objects, commands = found(*rows)["stale"]
    assert len(objects) == 250
    named = [json.loads(shlex.split(command)[-1])["csbs_servers"] for command in commands]
    assert [len(part) for part in named] == [100, 100, 50]
    assert sum(named, []) == [row["id"] for row in rows]


# ========== Servers in no policy ==========
def joined(*policies: dict[str, t.Any], **fields: t.Any) -> t.Any:
    """The policy that servers without one are to join."""
    objects, (command,) = found(server(1, policy=None), policies=list(policies), **fields)["unprotected"]
    assert objects == [(uuid(1), "srv-1", "the server is in no policy")]
    given_back = json.loads(shlex.split(command)[-1])
    assert given_back["csbs_servers"] == [uuid(1)]
    return given_back["csbs_policy"]


NEW = {
    "enabled": True,
    "schedule": {"frequency": "daily", "interval": 1, "times": ["00:00", "12:00"]},
    "retention": {"days": 14},
}


def test_they_join_the_policy_with_most_servers_that_the_controls_allow() -> None:
    best = policy(9, server_count=5)
    others = [
        policy(1, server_count=4),
        policy(2, server_count=99, enabled=False),
        policy(3, server_count=99, longest_gap_seconds=86400),
        policy(4, server_count=99, longest_gap_seconds=None),
        policy(5, server_count=99, retention_days=13),
        policy(6, server_count=99, retention_days=None),
        policy(7, server_count=99, id="no id", name="{{ 1 }}"),
    ]
    assert joined(*others, best) == {"name": "policy9"}
    loose = CONTROLS._replace(min_frequency=None, min_retention_days=None)
    assert joined(policy(3, server_count=9, longest_gap_seconds=None, retention_days=None), best, controls=loose) == {
        "name": "policy3"
    }


def test_they_join_a_set_by_its_name() -> None:
    members = [policy(1, name="fleet-0001", server_count=64), policy(2, name="fleet-0002", server_count=64)]
    assert joined(*members, policy(3, server_count=100)) == {"name": "fleet"}
    paused = [members[0], policy(2, name="fleet-0002", server_count=64, enabled=False)]
    assert joined(*paused, policy(3, server_count=1)) == {"name": "policy3"}


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (("fleet",), "fleet"),
        # A single policy of this name is what the playbook would take for fleet.
        (("fleet-0001", "fleet"), "fleet-0001"),
        (("fleet-0033",), "fleet-0033"),
        (("release-2024",), "release-2024"),
        # Twins
        (("fleet", "fleet"), uuid(0, "b")),
        (("fleet-0001", "fleet-0001"), uuid(0, "b")),
        (("f{{ 1 }}-0001",), uuid(0, "b")),
        (("two words",), uuid(0, "b")),
        # The playbook would take these for the ID of a policy.
        ((uuid(5),), uuid(0, "b")),
        ((f"{uuid(5)}-0001",), f"{uuid(5)}-0001"),
    ],
)
def test_what_a_policy_is_called(names: tuple[str, ...], name: str) -> None:
    policies = [policy(number, name=one, server_count=9 - number) for number, one in enumerate(names)]
    assert joined(*policies) == {"name": name}


def test_a_policy_that_only_its_id_names_takes_no_more_servers_than_it_has_room_for() -> None:
    assert joined(policy(1, name="two words", server_count=63)) == {"name": uuid(1, "b")}
    assert joined(policy(1, name="two words", server_count=64))["name"] == "nightly"
    assert joined(policy(1, server_count=64)) == {"name": "policy1"}


def test_without_a_policy_to_join_they_get_a_new_one_that_the_controls_allow() -> None:
    assert joined() == {"name": "nightly", **NEW}
    none = CONTROLS._replace(min_frequency=None, min_retention_days=None)
    assert joined(controls=none) == {
        "name": "nightly",
        "enabled": True,
        "schedule": {"frequency": "daily", "interval": 1, "times": ["02:00"]},
        "retention": {"days": 14},
    }
    assert joined(controls=CONTROLS._replace(min_retention_days=60))["retention"] == {"days": 60}


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        (["nightly"], "protected1"),
        (["nightly-0001"], "protected1"),
        (["nightly", "protected1"], "protected2"),
        (["weekly"], "nightly"),
    ],
)
def test_a_new_policy_never_has_the_name_of_one_that_exists(taken: list[str], name: str) -> None:
    """The task would change the schedule and the retention of that policy."""
    others = [policy(number, name=one, enabled=False, server_count=0) for number, one in enumerate(taken)]
    # Also when the result has only the policies of some servers.
    objects, (command,) = found(server(1, policy=None), policies=[], all_policies=others)["unprotected"]
    assert json.loads(shlex.split(command)[-1])["csbs_policy"] == {"name": name, **NEW}


def test_who_cannot_be_backed_up_joins_nothing() -> None:
    rows = [server(1, policy=None, protectable=False, reason="in ERROR")]
    assert found(*rows)["unprotected"] == ([(uuid(1), "srv-1", "the server is in no policy")], [])


# ========== Policies ==========
def test_policy_disabled() -> None:
    policies = [policy(1, enabled=False, server_count=2), policy(2, enabled=False, server_count=0), policy(3)]
    assert found(policies=policies) == {
        "policy_disabled": (
            [(uuid(1, "b"), "policy1", "2 servers")],
            [task("csbs_policy", name=uuid(1, "b"), enabled=True)],
        )
    }
    assert found(policies=[policy(1, enabled=False)])["policy_disabled"][0][0][2] == "1 server"


@pytest.mark.parametrize(
    ("hours", "times"),
    [
        (1, [f"{hour:02d}:00" for hour in range(24)]),
        (5, ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]),
        *((hours, [f"{hour:02d}:00" for hour in range(0, 24, hours)]) for hours in (2, 3, 6, 8)),
        (12, ["00:00", "12:00"]),
        (23, ["00:00", "12:00"]),
        (24, ["00:00"]),
        (200, ["00:00"]),
    ],
)
def test_schedule_too_rare(hours: int, times: list[str]) -> None:
    rows = [server(1, results={"min_frequency": "fail"}), server(2, results={"min_frequency": "fail"})]
    asked = CONTROLS._replace(min_frequency=timedelta(hours=hours))
    schedule = {"frequency": "daily", "interval": 1, "times": times}
    one = policy(1, retention={"days": 14})
    assert found(*rows, policy=one, controls=asked) == {
        "schedule_too_rare": (
            [(uuid(1, "b"), "policy1", "about min_frequency")],
            [task("csbs_policy", name=uuid(1, "b"), schedule=schedule)],
        )
    }
    # More runs push old backups out.
    counted = policy(1, retention={"max_backups": 4})
    assert found(*rows, policy=counted, controls=asked)["schedule_too_rare"][1] == [
        task("csbs_policy", check=True, name=uuid(1, "b"), schedule=schedule)
    ]


def test_a_disabled_policy_runs_too_rarely_only_because_it_is_disabled() -> None:
    rare = server(1, results={"min_frequency": "fail"})
    assert found(rare, policy=policy(1, enabled=False)) == {}
    assert found(rare, policy=None) == {}


@pytest.mark.parametrize("enabled", [True, False])
def test_retention_too_short(enabled: bool) -> None:
    short = server(1, results={"min_retention_days": "fail"})
    assert found(short, policy=policy(1, enabled=enabled)) == {
        "retention_too_short": (
            [(uuid(1, "b"), "policy1", "about min_retention_days")],
            [task("csbs_policy", check=True, name=uuid(1, "b"), retention={"days": 14})],
        )
    }


def test_a_longer_retention_keeps_the_long_term_counts_that_are_known() -> None:
    short = server(1, results={"min_retention_days": "fail"})
    counts = {"max_backups": 3, "monthly": 12, "timezone": "UTC+01:00"}
    kept = {"days": 14, "monthly": 12, "timezone": "UTC+01:00"}
    assert found(short, policy=policy(1, retention=counts))["retention_too_short"][1] == [
        task("csbs_policy", check=True, name=uuid(1, "b"), retention=kept)
    ]


def test_policy_full() -> None:
    full = {"server_count": 64}
    policies = [
        policy(1, **full),
        policy(2, server_count=63),
        policy(3, enabled=False, **full),
        policy(4, name="a-0001", **full),
        policy(5, name="a-0002", **full),
        policy(6, name="b-0001", **full),
        policy(7, name="b-0002", server_count=1),
    ]
    assert found(policies=policies)["policy_full"] == (
        [
            (uuid(1, "b"), "policy1", "64 of 64 servers"),
            (uuid(4, "b"), "a-0001", "64 of 64 servers"),
            (uuid(5, "b"), "a-0002", "64 of 64 servers"),
        ],
        [
            play("protect", csbs_servers=["NEW-SERVER"], csbs_policy={"name": "policy1"}),
            play("protect", csbs_servers=["NEW-SERVER"], csbs_policy={"name": "a"}),
        ],
    )


def test_a_set_has_room_also_in_a_policy_without_any_of_the_chosen_servers() -> None:
    members = [policy(1, name="a-0001", server_count=64), policy(2, name="a-0002", server_count=1)]
    assert found(policies=members[:1], all_policies=members) == {}
    both = [members[0], policy(2, name="a-0002", server_count=64)]
    objects, commands = found(policies=both[:1], all_policies=both)["policy_full"]
    assert ([name for dummy, name, detail in objects], len(commands)) == (["a-0001"], 1)


# ========== Evidence ==========
def test_restore_not_tested() -> None:
    untested = {"restore_tested_within": "unknown"}
    rows = [
        server(1, results=untested, last_backup=None),
        server(2, results={"restore_tested_within": "fail"}),
        server(3, results=untested),
        server(4),
    ]
    objects, commands = found(*rows)["restore_not_tested"]
    assert objects == [(uuid(number), f"srv-{number}", "about restore_tested_within") for number in (1, 2, 3)]
    assert commands == [
        play("restore", check=True, csbs_backup=uuid(2, "c"), csbs_target_server="TEST-SERVER"),
        f"openstack server set --property tested=YYYY-MM-DD {uuid(2)}",
    ]
    assert found(rows[0])["restore_not_tested"][1] == []


def test_a_control_that_is_not_asked_for_makes_no_finding() -> None:
    assert found(server(1, controls={}), policy=policy(1)) == {}


def test_not_locked() -> None:
    assert found(server(1, results={"locked": "fail"})) == {"not_locked": ([(uuid(1), "srv-1", "about locked")], [])}


def test_not_judged() -> None:
    unknown = {"locked": "unknown", "max_age": "unknown", "restore_tested_within": "unknown"}
    rows = [
        server(1, results=unknown, compliant=None),
        server(2, results={"max_age": "unknown"}),
        server(3, results={"no_failed_backup": "unknown"}, last_backup=None),
        server(4, results={"no_failed_backup": "unknown"}),
    ]
    assert found(*rows)["not_judged"] == (
        [
            (uuid(1), "srv-1", "about max_age; about locked"),
            (uuid(2), "srv-2", "about max_age"),
            (uuid(4), "srv-4", "about no_failed_backup"),
        ],
        # Only the promise of the first one cannot be read.
        [f"openstack server set --property rpo=AGE {uuid(1)}"],
    )


# ========== The project ==========
THIN = play("prune", check=True, csbs_server_filters={"name": "*"}, csbs_keep_daily=14)


def test_no_room() -> None:
    lacking = {"result": "fail", "evidence": "backups: 0 free"}
    assert found(room=lacking) == {"no_room": ([(None, "quotas", "backups: 0 free")], [THIN])}
    assert found(room={"result": "unknown", "evidence": "?"}) == {}
    assert found(room=None) == {}


@pytest.mark.parametrize(("percent", "near"), [(None, False), (0, False), (89, False), (90, True), (120, True)])
def test_quota_nearly_used(percent: int | None, near: bool) -> None:
    quota = {
        "service": "csbs",
        "name": None,
        "type": "backup_capacity",
        "used": 9,
        "quota": 10,
        "unit": "GB",
        "used_percent": percent,
    }
    expected = ([(None, "backup_capacity", f"9 of 10 GB, {percent} %")], [THIN])
    assert found(quotas=[quota]) == ({"quota_nearly_used": expected} if near else {})


def test_former_servers() -> None:
    ids = [uuid(number, "c") for number in range(150)]
    former = [
        {"id": uuid(1), "name": "old", "backups": 149, "size_mb": 20, "backup_ids": {"csbs": ids[:149]}},
        {"id": uuid(2), "name": None, "backups": 1, "size_mb": 3, "backup_ids": {"csbs": [ids[149], "$(id)"]}},
    ]
    assert found(former=former) == {
        "former_server": (
            [(uuid(1), "old", "149 backups, 20 MB"), (uuid(2), None, "1 backup, 3 MB")],
            [
                task("csbs_backup", check=True, state="absent", ids=ids[:100]),
                task("csbs_backup", check=True, state="absent", ids=ids[100:]),
            ],
        )
    }


def test_held_by_image() -> None:
    held = [{"id": uuid(1), "name": "b", "server": {"name": "web"}, "images": [uuid(2), "$(id)"]}]
    assert found(held=held) == {
        "held_by_image": (
            [(uuid(1), "b", f"web: image {uuid(2)}, $(id)")],
            [f"openstack image show {uuid(2)}"],
        )
    }


# ========== Hostile texts, and harm ==========
def everything(text: str) -> Subjects:
    """A project in which everything is wrong, and every text of the cloud is the same."""
    bad = {name: "fail" for name in controls()}
    of_server = policy(1, id=text, name=text, retention_days=1, longest_gap_seconds=9**9)
    usual: dict[str, t.Any] = {"name": text, "results": bad, "failed_backups": 1}
    backup = {"id": text, "name": text, "server": {"name": text}, "images": [text]}
    rows = [
        server(1, **{**usual, "id": text, "last_backup": backup, "compliant": False}),
        server(2, **{**usual, "id": text, "last_backup": None, "compliant": False, "policy": None}),
        server(3, **{**usual, "last_backup": backup, "compliant": None, "protectable": False, "reason": text}),
    ]
    return subjects(
        *rows,
        policy=of_server,
        failure=text,
        policies=[
            policy(2, id=text, name=text, enabled=False),
            policy(3, id=text, name=text, server_count=64),
            policy(4, name=f"{text}-0001", server_count=64),
        ],
        quotas=[
            {"service": "csbs", "name": None, "type": text, "used": 9, "quota": 10, "unit": text, "used_percent": 90}
        ],
        room={"result": "fail", "evidence": text},
        vaults=[{"id": text, "name": text, "policy": None, "size_gb": 1, "used_mb": 1, "server_count": 0}],
        former=[{"id": text, "name": text, "backups": 1, "size_mb": 1, "backup_ids": {"csbs": [text]}}],
        held=[backup],
    )


def check_commands(findings: list[dict[str, t.Any]], *forbidden: str) -> None:
    for command in (command for finding in findings for command in finding["commands"]):
        assert command.isprintable()
        assert not any(text in command for text in forbidden), command
        words = shlex.split(command)
        if words[0] == "openstack":
            assert words[1:3] in (["server", "show"], ["server", "set"], ["image", "show"])
            continue
        assert words[0] in ("ansible-playbook", "ansible")
        (values,) = (word for word in words if word.startswith("{"))
        assert json.loads(values)
        # What deletes or overwrites only shows what it would do.
        harmful = (
            "restore" in words[1] or "prune" in words[1] or "absent" in values or '"retention": {"days": 14}' in values
        )
        if harmful and '"enabled": true' not in values:
            assert words[-2:] == ["--check", "--diff"], command


def test_everything_at_once_comes_in_the_order_of_reports() -> None:
    kinds = [finding["kind"] for finding in find(everything(HOSTILE))]
    assert kinds == [kind for kind in TEXTS if kind != "not_judged"]


def test_no_text_of_the_cloud_gets_into_a_command() -> None:
    check_commands(find(everything(HOSTILE)), "$(id)", "{{", "`", "<b>")


@given(st.text(min_size=1))
def test_commands_are_clean_whatever_the_cloud_says(text: str) -> None:
    check_commands(find(everything("\ue000" + text)), "\ue000", "\\ue000")


def test_only_a_name_of_a_policy_that_is_a_plain_word_is_in_a_command() -> None:
    findings = find(everything("plain"))
    check_commands(findings)
    named = {finding["kind"]: finding["commands"] for finding in findings if "plain" in str(finding["commands"])}
    assert named == {"policy_full": [play("protect", csbs_servers=["NEW-SERVER"], csbs_policy={"name": "plain-0001"})]}


def test_a_full_policy_without_a_clear_name_gets_no_command() -> None:
    twins = [policy(number, name="twin", server_count=64) for number in (1, 2)]
    objects, commands = found(policies=twins)["policy_full"]
    assert (len(objects), commands) == (2, [])


# ========== Services ==========
def test_commands_name_the_service_unless_only_csbs_is_judged() -> None:
    stale = server(1, compliant=False)
    for services, named in ((["csbs"], {}), (["csbs", "cbr"], {"csbs_service": "csbs"})):
        objects, commands = found(stale, services=services)["stale"]
        assert commands == [play("backup", **named, csbs_servers=[uuid(1)], csbs_max_age="86400")]
    objects, commands = found(stale, services=["cbr"], service="cbr")["stale"]
    assert commands == [play("backup", csbs_service="cbr", csbs_servers=[uuid(1)], csbs_max_age="86400")]


def test_a_server_that_no_service_can_back_up_yet_is_in_no_command() -> None:
    row = server(1, last_backup=None, compliant=False)
    assert found(row, services=["cbr"], service=None)["never_backed_up"] == (
        [(uuid(1), "srv-1", "there is no good backup, and the server is in no vault")],
        [],
    )


@pytest.mark.parametrize("services", [["csbs", "cbr"], ["cbr", "csbs"]])
def test_servers_in_no_policy_join_one_of_the_successor(services: list[str]) -> None:
    policies = [policy(1, server_count=50), policy(2, service="cbr", server_count=3)]
    objects, commands = found(server(1, policy=None), services=services, policies=policies, idle="in vault 'v'")[
        "unprotected"
    ]
    assert objects == [(uuid(1), "srv-1", "in vault 'v'")]
    joining = {"csbs_service": "cbr", "csbs_servers": [uuid(1)], "csbs_policy": {"name": "policy2"}}
    assert commands == [play("protect", **joining)]


def test_a_policy_without_a_limit_of_servers_is_never_full_and_no_set() -> None:
    policies = [policy(1, service="cbr", name="nightly-0001", server_count=300)]
    assert "policy_full" not in found(services=["cbr"], policies=policies)
    objects, commands = found(server(1, policy=None), services=["cbr"], service="cbr", policies=policies)["unprotected"]
    assert '"csbs_policy": {"name": "nightly-0001"}' in commands[0]


def test_vaults_without_room_are_thinned_out_in_their_own_service() -> None:
    vault = {"id": uuid(1, "d"), "name": "nightly"}
    rooms = [(vault, {"result": "fail", "evidence": "full"}), (vault, {"result": "pass", "evidence": ""})]
    thin = {"csbs_service": "cbr", "csbs_server_filters": {"name": "*"}, "csbs_keep_daily": 14}
    assert found(services=["csbs", "cbr"], rooms=rooms) == {
        "no_room": ([(uuid(1, "d"), "nightly", "full")], [play("prune", check=True, **thin)])
    }


def test_no_backup_is_deleted_for_a_limit_of_policies() -> None:
    quota = {"service": "cbr", "type": "policies", "name": None, "used": 31, "quota": 32, "unit": None}
    assert found(services=["cbr"], quotas=[{**quota, "used_percent": 96}]) == {
        "quota_nearly_used": ([(None, "policies", "31 of 32, 96 %")], [])
    }


def test_idle_vaults() -> None:
    usual = {"size_gb": 100, "used_mb": 1025, "server_count": 1}
    vaults = [
        {**usual, "id": uuid(1, "d"), "name": "a", "policy": None},
        {**usual, "id": uuid(2, "d"), "name": "b", "policy": {"id": "p", "name": "nightly"}, "server_count": 0},
        {**usual, "id": uuid(3, "d"), "name": "c", "policy": {"id": "p", "name": "nightly"}},
    ]
    assert found(services=["cbr"], vaults=vaults) == {
        "idle_vault": (
            [
                (uuid(1, "d"), "a", "100 GB, 2 GB used, no policy, 1 server"),
                (uuid(2, "d"), "b", "100 GB, 2 GB used, policy nightly, 0 servers"),
            ],
            [],
        )
    }
