# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors: whether trying again is worth it, and what is reported."""

from __future__ import annotations

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    Outdated,
)


def failed(status: int, code: str | None = None) -> CloudError:
    return CloudError("update policy 'nightly'", "it was refused.", code, status, "req-1")


@pytest.mark.parametrize(
    "code",
    [
        *("CSBS.2003", "CSBS.2004", "CSBS.6005", "CSBS.6015", "CSBS.4000", "CSBS.1001", "CSBS.6030"),
        *("BackupService.0002", "BackupService.2002", "BackupService.2010", "BackupService.6125"),
        *("BackupService.6130", "BackupService.6134", "BackupService.6203", "BackupService.6216"),
    ],
)
@pytest.mark.parametrize("status", [400, 409, 500])
def test_what_is_busy_is_worth_trying_again_whatever_its_status(code: str, status: int) -> None:
    assert failed(status, code).retryable


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("code", [None, "APIGW.0308"])
def test_a_gateway_out_of_breath_is_worth_trying_again(status: int, code: str | None) -> None:
    assert failed(status, code).retryable


@pytest.mark.parametrize(
    "code",
    [
        *("CSBS.6000", "CSBS.6003", "CSBS.6004", "CSBS.6007", "CSBS.6033", "CSBS.8007", "CSBS.9006"),
        *("BackupService.4008", "BackupService.6001", "BackupService.6101", "BackupService.6114"),
        *("BackupService.6204", "BackupService.6220", "BackupService.7108", "BackupService.9900"),
    ],
)
@pytest.mark.parametrize("status", [400, 409, 500])
def test_what_is_final_is_not_tried_again_whatever_its_status(code: str, status: int) -> None:
    assert not failed(status, code).retryable


@pytest.mark.parametrize("code", ["BackupService.9910", "BackupService.9998", "BackupService.9999"])
def test_trouble_of_the_service_is_worth_trying_again_behind_a_gateway_only(code: str) -> None:
    assert failed(503, code).retryable and not failed(500, code).retryable


@pytest.mark.parametrize(
    ("code", "unclear"), [("BackupService.6112", True), ("BackupService.7101", True), ("BackupService.6125", False)]
)
def test_what_may_pass_or_last_is_worth_a_few_tries(code: str, unclear: bool) -> None:
    error = failed(400, code)
    assert error.retryable and error.unclear is unclear


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_a_plain_refusal_is_not_tried_again(status: int) -> None:
    assert not failed(status).retryable


def test_an_error_that_gave_up_is_final_and_says_so() -> None:
    error = failed(409, "CSBS.2003").after_timeout()
    assert not error.retryable
    assert "until the timeout" in str(error) and error.error_code == "CSBS.2003" and error.request_id == "req-1"


def test_a_call_that_others_have_made_outdated_was_not_sent_and_is_not_tried_again() -> None:
    error = Outdated("delete policy 'nightly'", "it has servers.")
    assert error.outdated and error.not_sent and error.not_joined
    assert not error.retryable and not failed(409).outdated


def test_an_error_with_a_note_is_known_to_be_what_it_was() -> None:
    error = Outdated("update policy 'nightly'", "it is full.", "CSBS.2003", 409, "req-1", 4.0)
    error.applied, error.uncertain, error.not_joined = True, True, False
    noted = FinalError.with_note(error, "Put back: web.")
    assert str(noted) == "Could not update policy 'nightly': it is full. Put back: web."
    assert (noted.outdated, noted.not_sent, noted.applied, noted.uncertain, noted.not_joined) == (
        True,
        True,
        True,
        True,
        False,
    )
    assert (noted.fields(), noted.retry_after) == (error.fields(), 4.0)
