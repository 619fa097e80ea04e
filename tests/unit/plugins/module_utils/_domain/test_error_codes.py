# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of codes."""

from __future__ import annotations

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.error_codes import CODES, STATUSES
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.retries import (
    FINAL_CODES,
    RETRYABLE_CODES,
    TROUBLE_CODES,
    UNCLEAR_CODES,
)
from tests.emulator.cbr.codes import CODES as CODES_OF_LOCAL_CBR

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


#: The numbers of the codes that CBR documents for what this collection does, and for what goes on around it
DOCUMENTED = """
0001 0002 2001 2002 2003 2005 2007 2008 2009 2010 2011 2012 2013 2014 2015 4001 4004 4005 4006 4007 4008 6000 6001 6002
6003 6100 6101 6102 6103 6104 6105 6106 6107 6108 6110 6111 6112 6113 6114 6116 6117 6121 6123 6124 6125 6127 6128 6129
6130 6132 6133 6134 6135 6137 6142 6200 6201 6202 6203 6204 6207 6208 6209 6210 6211 6212 6213 6214 6215 6216 6217 6220
6302 6500 6501 6600 6601 6700 6701 6702 6703 6704 6705 6706 6707 6708 6709 6710 6711 6712 6713 6714 7000 7003 7006 7100
7101 7102 7103 7104 7106 7107 7108 7111 7114 7115 7116 7303 8300 8600 9900 9910 9998
"""


@pytest.mark.parametrize("code", MET)
def test_every_code_that_a_client_meets_has_a_meaning_and_a_remedy(code: str) -> None:
    assert all(CODES[code])


@pytest.mark.parametrize("texts", [*CODES.values(), *STATUSES.values()])
def test_meaning_and_remedy_fit_into_a_sentence(texts: tuple[str, str]) -> None:
    """The message adds the full stop."""
    assert not [text for text in texts if not text or text != text.strip() or text.endswith(".")]


def test_every_code_of_cbr_has_a_meaning() -> None:
    assert CODES.keys() >= {f"BackupService.{number}" for number in DOCUMENTED.split()} | CODES_OF_LOCAL_CBR.keys()


def test_who_may_not_use_csbs_is_shown_the_way_to_cbr() -> None:
    assert "service: cbr" in CODES["BackupService.4008"][1]


@pytest.mark.parametrize("texts", STATUSES.values())
def test_a_status_is_explained_for_both_services(texts: tuple[str, str]) -> None:
    assert not [text for text in texts if "CSBS" in text or "Cloud Server Backup" in text]


def test_no_code_is_treated_without_being_explained() -> None:
    assert CODES.keys() >= RETRYABLE_CODES | UNCLEAR_CODES | FINAL_CODES | TROUBLE_CODES
