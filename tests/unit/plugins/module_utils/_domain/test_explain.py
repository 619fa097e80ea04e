# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals in words: what they mean, what to do, and what may have happened."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    CloudError,
    FinalError,
    NotFound,
    OutcomeUnknown,
)
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.explain import explain


def explained(status: int | None, code: str | None = None, unsafe: bool = False, text: str = "said so") -> CloudError:
    body = {"error_code": code, "error_msg": text} if code else ""
    return explain("update policy 'nightly'", status, body, "req-1", unsafe)


def test_a_failure_names_act_meaning_code_remedy_and_request() -> None:
    error = explained(500, "CSBS.6032", text="No resource.")
    assert str(error) == (
        "Could not update policy 'nightly': the policy has no server that can be backed up (CSBS.6032, HTTP 500)."
        " The service says: No resource. What to do: put servers into the policy, or bring its servers into a state"
        " that allows backup."
    )
    assert error.fields() == {"error_code": "CSBS.6032", "status": 500, "request_id": "req-1"}


@pytest.mark.parametrize(
    ("status", "code", "unsafe", "kind"),
    [
        (404, "CSBS.3000", False, NotFound),
        (404, None, True, FinalError),
        (404, "APIGW.0101", False, FinalError),
        (404, "BackupService.6500", False, NotFound),
        (404, "BackupService.6105", True, NotFound),
        # The server that is to join a vault, and not the vault.
        (404, "BackupService.6302", True, FinalError),
        (404, "BackupService.6002", True, FinalError),
        (503, "BackupService.6125", True, CloudError),
        (503, "BackupService.9910", True, OutcomeUnknown),
        (502, None, True, OutcomeUnknown),
        (504, "APIGW.0301", True, OutcomeUnknown),
        (504, None, False, CloudError),
        (503, "CSBS.2003", True, CloudError),
        (500, "CSBS.6032", True, CloudError),
        (429, "APIGW.0308", True, CloudError),
    ],
)
def test_the_type_of_an_error_tells_what_may_have_happened(
    status: int, code: str | None, unsafe: bool, kind: type
) -> None:
    assert explained(status, code, unsafe).__class__ is kind


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ('{"error_code": "CSBS.3001", "error_msg": "gone"}', True),
        ('{"itemNotFound": {"code": 404, "message": "Instance x could not be found."}}', True),
        ('{"error": {"code": "IMG.0027", "message": "gone"}}', True),
        ("<html>404 Not Found</html>", False),
        ("{}", False),
        ("", False),
        ("[1]", False),
        ('{"message": "no Route matched with those values"}', False),
        ('{"error": {"code": 404, "message": "not found"}}', False),
        ('{"error_code": "APIGW.0101", "error_msg": "The API does not exist"}', False),
        ('{"error_code": "CSBS.9999", "error_msg": "internal"}', False),
        ('{"error_code": "", "error_msg": ""}', False),
    ],
)
def test_only_the_service_itself_can_say_that_something_is_not_there(body: str, own: bool) -> None:
    error = explain("delete backup 'x'", 404, body, None)
    assert isinstance(error, NotFound) is own
    assert not error.retryable and str(error).startswith("Could not delete backup 'x'")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (json.dumps({"error_code": "CSBS.9007", "error_msg": "dup"}), "CSBS.9007", "dup"),
        ({"error_code": "CSBS.9007", "error_msg": "dup"}, "CSBS.9007", "dup"),
        ({"error_msg": "no code"}, None, "no code"),
        ({"badRequest": {"message": "nova says", "code": 400}}, None, "nova says"),
        ({"error": {"message": "keystone says", "code": 401, "title": "Unauthorized"}}, None, "keystone says"),
        ({"error": {"code": "IMG.0024", "message": "ims says"}}, "IMG.0024", "ims says"),
        (json.dumps({"error": {"code": "CSBS.8009", "message": "passed on"}}), "CSBS.8009", "passed on"),
        ("<html>Bad Gateway</html>", None, ""),
        ("", None, ""),
        ("[]", None, ""),
        ("null", None, ""),
        (None, None, ""),
    ],
)
def test_every_body_is_read(body: t.Any, code: str | None, message: str) -> None:
    error = explain("operation", 400, body, None)
    assert error.error_code == code
    assert ("The service says: " in str(error)) is bool(message)
    assert message in str(error)


@pytest.mark.parametrize("text", ["Malformed request url", "malformed request URL."])
def test_an_id_that_is_none_is_not_taken_for_a_wrong_password(text: str) -> None:
    body = {"error_code": "APIGW.0301", "error_msg": text}
    error = explain("read vault 'x'", 401, body, None)
    assert str(error).startswith("Could not read vault 'x': a part of the address is not an ID (APIGW.0301, HTTP 401)")
    assert "the credentials were not accepted" in str(explain("read vault 'x'", 401, {**body, "error_msg": ""}, None))


def test_a_request_id_may_stand_in_the_body() -> None:
    body = {"error_code": "APIGW.0308", "error_msg": "throttled", "request_id": "req-1"}
    assert explain("list", 429, body, None).request_id == "req-1"
    assert explain("list", 429, json.dumps(body), "req-2").request_id == "req-2"


def test_a_message_may_stand_at_the_top_of_the_body() -> None:
    assert "no quota" in explain("list", 400, {"code": 400, "message": "no quota"}, None).reason


@pytest.mark.parametrize("code", ["CSBS.9998", "CSBS.9999"])
@pytest.mark.parametrize("status", [502, 503, 504])
def test_the_services_own_trouble_behind_a_gateway_is_ridden_out_like_the_gateways(status: int, code: str) -> None:
    assert explained(status, code).retryable is True
    assert isinstance(explained(status, code, unsafe=True), OutcomeUnknown), "the call may have had its effect"
    assert explained(500, code, unsafe=True).retryable is False


@pytest.mark.parametrize(
    ("code", "retryable", "words"),
    [
        ("CSBS.8001", True, "does not allow an image"),
        ("CSBS.8009", False, "no system disk"),
        ("IMG.0132", True, "wait until the backup is available"),
        ("IMG.0134", True, "already has an image"),
        ("IMG.0015", False, "image quota"),
        ("IMG.0001", False, "does not accept the request"),
    ],
)
def test_what_the_image_service_refuses_is_explained_by_the_code_that_it_nests(
    code: str, retryable: bool, words: str
) -> None:
    error = explain("make image 'x'", 400, {"error": {"code": code, "message": "said so"}}, None, unsafe=True)
    assert (error.error_code, error.retryable) == (code, retryable)
    assert words in str(error) and "said so" in str(error)
