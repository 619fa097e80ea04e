# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which refused calls are sent again."""

from __future__ import annotations

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retries import (
    FINAL_CODES,
    RETRYABLE_CODES,
    TROUBLE_CODES,
    UNCLEAR_CODES,
    is_retryable,
)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("CSBS.1001", 400, True),
        ("BackupService.6125", 400, True),
        ("BackupService.6112", 400, True),
        (None, 503, True),
        (None, 400, False),
        ("CSBS.9001", 429, False),
        ("BackupService.9900", 503, False),
        ("BackupService.9998", 503, True),
        ("BackupService.6101", 409, False),
    ],
)
def test_what_is_busy_or_overloaded_is_tried_again(code: str | None, status: int, expected: bool) -> None:
    assert is_retryable(code, status) is expected


def test_a_code_is_treated_in_one_way() -> None:
    groups = (RETRYABLE_CODES, UNCLEAR_CODES, FINAL_CODES, TROUBLE_CODES)
    assert len(frozenset().union(*groups)) == sum(map(len, groups))
