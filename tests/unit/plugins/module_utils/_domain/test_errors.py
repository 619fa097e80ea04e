# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors: whether trying again is worth it, and what is reported."""

from __future__ import annotations

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
)


def failed(status: int, code: str | None = None) -> CloudError:
    return CloudError("update policy 'nightly'", "it was refused.", code, status, "req-1")


@pytest.mark.parametrize(
    "code", ["CSBS.2003", "CSBS.2004", "CSBS.6005", "CSBS.6015", "CSBS.4000", "CSBS.1001", "CSBS.6030"]
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
    ["BackupService.4008", "CSBS.6000", "CSBS.6003", "CSBS.6004", "CSBS.6007", "CSBS.6033", "CSBS.8007", "CSBS.9006"],
)
@pytest.mark.parametrize("status", [400, 409, 500])
def test_what_is_final_is_not_tried_again_whatever_its_status(code: str, status: int) -> None:
    assert not failed(status, code).retryable


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_a_plain_refusal_is_not_tried_again(status: int) -> None:
    assert not failed(status).retryable


def test_an_error_that_gave_up_is_final_and_says_so() -> None:
    error = failed(409, "CSBS.2003").after_timeout()
    assert not error.retryable
    assert "until the timeout" in str(error) and error.error_code == "CSBS.2003" and error.request_id == "req-1"
