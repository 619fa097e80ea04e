# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The call that starts a restore: what the backup shows when its answer is lost, and what is never sent twice."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.restores import Restores
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    ForeignAnswer,
    OutcomeUnknown,
)
from tests.support.restores import ITEM, ShowingCloud, seen

LOST = OutcomeUnknown("restore it", "the connection was closed.")


class RestoreService:
    """The backup service, as far as it restores."""

    def __init__(self, answer: t.Any) -> None:
        self.answer = answer
        self.sent: list[dict[str, t.Any]] = []

    def create_restore(self, **arguments: t.Any) -> t.Any:
        self.sent.append(arguments)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def restored(restore_id: str | None) -> t.Any:
    """Return the service's answer to the call."""
    return types.SimpleNamespace(id=restore_id)


def start(looks: list[t.Any], answer: t.Any) -> tuple[t.Any, RestoreService]:
    """Start a restore of a backup that the cloud shows like this, one look before the call and one after it."""
    cloud, service = t.cast(t.Any, ShowingCloud(looks)), RestoreService(answer)
    return Restores(cloud, service).create("restore it", "rec", {"checkpoint_item_id": ITEM}), service


def test_the_answer_is_the_id_of_the_restore() -> None:
    row, service = start([seen()], restored("restore-1"))
    assert row == {"id": "restore-1"}
    assert service.sent == [{"checkpoint_id": "rec", "parameters": {"checkpoint_item_id": ITEM}}]


@pytest.mark.parametrize(
    "now", [seen("restoring"), seen("waiting_restore"), seen(updated_at="2"), seen(op="restore", reason="no")]
)
def test_a_restore_has_begun_when_the_backup_shows_it_right_after_a_lost_answer(now: t.Any) -> None:
    row, service = start([seen(), now], LOST)
    assert row == {"id": None} and len(service.sent) == 1


@pytest.mark.parametrize("now", [seen(), None])
def test_an_answer_stays_lost_when_the_backup_shows_nothing(now: t.Any) -> None:
    with pytest.raises(OutcomeUnknown, match="it may have: check the backup"):
        start([seen(), now], LOST)


@pytest.mark.parametrize("answer", [restored(None), ForeignAnswer("restore it", "text/html instead of JSON")])
def test_an_answer_without_an_id_counts_as_lost(answer: t.Any) -> None:
    assert start([seen(), seen("restoring")], answer)[0] == {"id": None}
    with pytest.raises(OutcomeUnknown):
        start([seen()], answer)


def test_a_reading_that_fails_after_a_lost_answer_ends_the_task() -> None:
    """A later reading could miss a restore that has ended meanwhile, and the restore would be sent a second time."""
    with pytest.raises(
        FinalError, match="connection was closed.*could not be read.*no: out of order.*not sent again.*What to do"
    ) as raised:
        start([seen(), CloudError("read backup", "no: out of order.", "CSBS.2003", 409)], LOST)
    assert not raised.value.retryable


@pytest.mark.parametrize("before", [seen("restoring"), seen("waiting_restore")])
def test_an_answer_that_is_lost_while_another_restore_goes_on_is_not_guessed(before: t.Any) -> None:
    with pytest.raises(FinalError, match="not known whether this one began.*not sent again"):
        start([before, seen("restoring")], LOST)


@pytest.mark.parametrize(
    ("before", "words"),
    [(None, "no longer exists"), (seen("error"), "is now error"), (seen("deleting"), "is now deleting")],
)
def test_a_backup_that_became_unusable_while_the_task_waited_is_not_restored(before: t.Any, words: str) -> None:
    cloud, service = t.cast(t.Any, ShowingCloud([before])), RestoreService(restored("restore-1"))
    with pytest.raises(FinalError, match=words):
        Restores(cloud, service).create("restore it", "rec", {"checkpoint_item_id": ITEM})
    assert service.sent == []


def test_a_refusal_is_passed_on_and_nothing_is_looked_for() -> None:
    refusal = CloudError("restore it", "no", "CSBS.6024", 400)
    with pytest.raises(CloudError) as raised:
        start([seen(), seen("restoring")], refusal)
    assert raised.value is refusal
