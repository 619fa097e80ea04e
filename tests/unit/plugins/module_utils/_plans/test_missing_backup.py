# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said when no backup is found, and about former servers that have what is missing."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.missing_backup import (
    check_one_former,
    explain_former,
    explain_no_backup,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._plans.restore import RestoreOptions
from tests.support.restores import SERVERS, former, good

Row = dict[str, t.Any]


def at(day: int, month: int = 6) -> datetime:
    return datetime(2026, month, day, tzinfo=timezone.utc)


def rows_of(*rows: Row) -> t.Any:
    return list(rows)


ROWS = rows_of(
    good("old", protected_at="2026-06-01T00:00:00.000000"),
    good("late", protected_at="2026-06-03T00:00:00.000000", created_at="2026-05-01T00:00:00.000000"),
    good("broken", status="error", protected_at="2026-05-02T00:00:00.000000"),
)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (RestoreOptions(backup="b"), "backup: no such backup: 'b'"),
        (RestoreOptions(backup="b", server="web"), "backup: no such backup of server 'web': 'b'"),
        (RestoreOptions(server="web"), "server 'web' (id-web) has no good backup"),
        (
            RestoreOptions(server="web", before=at(31, 5)),
            "server 'web' (id-web) has no good backup of 2026-05-31T00:00:00Z or earlier;"
            " its oldest good backup is of 2026-06-01T00:00:00Z",
        ),
    ],
)
def test_a_backup_that_is_not_there_is_named_as_it_was_asked_for(options: RestoreOptions, text: str) -> None:
    assert explain_no_backup(options, "id-web", ROWS) == text


# ========== Former servers ==========
FORMER = [
    former("a", protected_at="2026-06-01T00:00:00.000000"),
    former("b", protected_at="2026-06-03T00:00:00.000000"),
    former("broken", status="error", protected_at="2026-06-09T00:00:00.000000"),
]


def explain(options: RestoreOptions, *rows: Row) -> str:
    text: str = explain_former(options, t.cast(t.Any, SERVERS), rows_of(*rows))
    return text


@pytest.mark.parametrize(
    ("more", "options", "text"),
    [
        (
            [],
            RestoreOptions(server="web"),
            ". A former server of that name has such backups: id-former (2 good backups, the newest is 'b' of"
            " 2026-06-03T00:00:00Z). What to do to restore from there: write server: id-former, target_server: web",
        ),
        (
            [good("w", protected_at="2026-06-09T00:00:00.000000")],
            RestoreOptions(server="web", before=at(2)),
            ". A former server of that name has such backups: id-former (1 good backup, the newest is 'a' of"
            " 2026-06-01T00:00:00Z). What to do to restore from there: write server: id-former, target_server: web,"
            " with the same before",
        ),
        (
            [former("c", "id-other", protected_at="2026-06-04T00:00:00.000000")],
            RestoreOptions(server="web", target_server="db"),
            ". Former servers of that name have such backups: id-former (2 good backups, the newest is 'b' of"
            " 2026-06-03T00:00:00Z); id-other (1 good backup, the newest is 'c' of 2026-06-04T00:00:00Z)."
            " What to do to restore from there: write server: id-other, target_server: db",
        ),
        (
            [],
            RestoreOptions(backup="a", server="web"),
            ". A former server of that name has such backups: id-former (1 good backup, the newest is 'a' of"
            " 2026-06-01T00:00:00Z). What to do to restore from there: write backup: a, server: id-former,"
            " target_server: web",
        ),
    ],
    ids=["newest", "before", "two", "named"],
)
def test_a_former_server_that_has_what_is_missing_is_named(more: list[Row], options: RestoreOptions, text: str) -> None:
    assert explain(options, *FORMER, *more) == text


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (FORMER, RestoreOptions(server="web", before=at(1, 5))),
        (FORMER, RestoreOptions(backup="c", server="web")),
        ([former("a", "id-db")], RestoreOptions(server="web")),
        ([FORMER[2]], RestoreOptions(server="web")),
        ([], RestoreOptions(server="web")),
    ],
    ids=["too-new", "another-name", "renamed", "failed", "none"],
)
def test_a_former_server_without_what_is_missing_is_not_named(rows: list[Row], options: RestoreOptions) -> None:
    assert explain(options, *rows) == ""


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "server: no such server, and no backup of one: 'lost'"),
        (
            [former("x", "id-l1"), former("x", "id-l2", status="error")],
            "2 former servers had that name: id-l1 .1 good backup, the newest is 'x' of 2026-07-01T06:00:00Z.;"
            " id-l2 .no good backup.. What to do: write one of these IDs",
        ),
        ([former("x", "id-db")], "no server is named 'lost' now.*is now 'db' .id-db.. Write its ID"),
    ],
    ids=["none", "two", "renamed"],
)
def test_a_name_that_is_not_that_of_one_former_server_is_refused(rows: list[Row], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_one_former("lost", t.cast(t.Any, SERVERS), rows_of(*rows))


def test_a_former_server_counts_before_one_that_was_renamed() -> None:
    check_one_former("lost", t.cast(t.Any, SERVERS), rows_of(former("x", "id-l1"), former("x", "id-db")))
