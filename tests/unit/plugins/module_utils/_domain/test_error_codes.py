# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of codes."""

from __future__ import annotations

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.error_codes import CODES, STATUSES
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    FINAL_CODES,
    RETRYABLE_CODES,
    TROUBLE_CODES,
)

MET = [
    "CSBS.0001",
    "CSBS.1001",
    "CSBS.2003",
    "CSBS.2004",
    "CSBS.3000",
    "CSBS.3001",
    "CSBS.4000",
    "CSBS.5001",
    "CSBS.6000",
    "CSBS.6003",
    "CSBS.6004",
    "CSBS.6005",
    "CSBS.6006",
    "CSBS.6007",
    "CSBS.6010",
    "CSBS.6014",
    "CSBS.6015",
    "CSBS.6017",
    "CSBS.6018",
    "CSBS.6019",
    "CSBS.6020",
    "CSBS.6021",
    "CSBS.6023",
    "CSBS.6024",
    "CSBS.6025",
    "CSBS.6027",
    "CSBS.6030",
    "CSBS.6032",
    "CSBS.6033",
    "CSBS.6061",
    "CSBS.7000",
    "CSBS.7001",
    "CSBS.8001",
    "CSBS.8007",
    "CSBS.8008",
    "CSBS.8009",
    "CSBS.9001",
    "CSBS.9006",
    "CSBS.9007",
    "CSBS.9008",
    "CSBS.9998",
    "CSBS.9999",
    "BackupService.4008",
    "APIGW.0308",
]


@pytest.mark.parametrize("code", MET)
def test_every_code_that_a_client_meets_has_a_meaning_and_a_remedy(code: str) -> None:
    assert all(CODES[code])


@pytest.mark.parametrize("texts", [*CODES.values(), *STATUSES.values()])
def test_meaning_and_remedy_fit_into_a_sentence(texts: tuple[str, str]) -> None:
    """The message adds the full stop."""
    assert not [text for text in texts if not text or text != text.strip() or text.endswith(".")]


def test_no_code_is_treated_without_being_explained() -> None:
    assert CODES.keys() >= RETRYABLE_CODES | FINAL_CODES | TROUBLE_CODES
