# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which error codes and statuses mean that the same call may succeed later: loaded when there is an error."""

from __future__ import annotations

#: Codes of a busy object: the same call succeeds later. With IMG codes the backup is busy or already has an image that
#: is not listed yet; csbs_image checks before it tries again.
RETRYABLE_CODES = frozenset(
    {
        "BackupService.0002",
        "BackupService.2002",
        "BackupService.2005",
        "BackupService.2010",
        "BackupService.6123",
        "BackupService.6125",
        "BackupService.6130",
        "BackupService.6134",
        "BackupService.6201",
        "BackupService.6203",
        "BackupService.6208",
        "BackupService.6216",
        "CSBS.1001",
        "CSBS.2003",
        "CSBS.2004",
        "CSBS.4000",
        "CSBS.6005",
        "CSBS.6015",
        "CSBS.6030",
        "CSBS.8001",
        "CSBS.8008",
        "IMG.0029",
        "IMG.0132",
        "IMG.0134",
        "IMG.0136",
    }
)
#: Codes of a state that ends by itself within moments, such as that of a vault that is resized or of a server that
#: starts, or that lasts, such as that of a frozen vault. CBR does not tell which, so the call is tried a few times.
UNCLEAR_CODES = frozenset(
    {
        "BackupService.2008",
        "BackupService.6110",
        "BackupService.6111",
        "BackupService.6112",
        "BackupService.6113",
        "BackupService.6202",
        "BackupService.6215",
        "BackupService.7003",
        "BackupService.7101",
    }
)
RETRYABLE_STATUSES = frozenset({409, 429, 502, 503, 504})
#: Codes of the service for its own failures. With a gateway's status they do not say whether the call had an effect.
TROUBLE_CODES = frozenset({"BackupService.9910", "BackupService.9998", "BackupService.9999", "CSBS.9998", "CSBS.9999"})
#: Codes of the services for input that they do not accept, and for what the account must not do, begin with these.
_INPUT_CODES = ("CSBS.9", "BackupService.9")
#: Codes that no retry can help, whatever the status
FINAL_CODES = frozenset(
    {
        "BackupService.4008",
        "BackupService.6001",
        "BackupService.6100",
        "BackupService.6101",
        "BackupService.6102",
        "BackupService.6103",
        "BackupService.6104",
        "BackupService.6106",
        "BackupService.6108",
        "BackupService.6114",
        "BackupService.6127",
        "BackupService.6129",
        "BackupService.6133",
        "BackupService.6142",
        "BackupService.6204",
        "BackupService.6220",
        "BackupService.6302",
        "BackupService.6600",
        "BackupService.7100",
        "BackupService.7108",
        "BackupService.7116",
        "BackupService.7303",
        "BackupService.8300",
        "BackupService.8600",
        "CSBS.0001",
        "CSBS.6000",
        "CSBS.6003",
        "CSBS.6004",
        "CSBS.6007",
        "CSBS.6033",
        "CSBS.7000",
        "CSBS.8007",
    }
)


def is_retryable(code: str | None, status: int | None) -> bool:
    """Return whether a call that was answered with a code and an HTTP status may succeed later."""
    if code in RETRYABLE_CODES or code in UNCLEAR_CODES:
        return True
    wrong_input = str(code).startswith(_INPUT_CODES) and code not in TROUBLE_CODES
    return status in RETRYABLE_STATUSES and code not in FINAL_CODES and not wrong_input
