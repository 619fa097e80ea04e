# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._cloud.answers import BadAnswer, read_json


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"id": "a-1_b.c", "name": null, "vault_id": ""}', {"id": "a-1_b.c", "name": None, "vault_id": ""}),
        (b'{"extend_info": "", "tags": null, "servers": []}', {"extend_info": "", "tags": None, "servers": []}),
        # What users name themselves may be called like a field, and flavours have any IDs.
        (b'{"metadata": {"id": "a/b", "tags": "x"}}', {"metadata": {"id": "a/b", "tags": "x"}}),
        (b'{"addresses": {"name": [{"addr": "x"}]}}', {"addresses": {"name": [{"addr": "x"}]}}),
        (b'{"flavor": {"id": "a/b"}}', {"flavor": {"id": "a/b"}}),
        (b'{"name": "\\ud800 \\ud83d\\ude00"}', {"name": "\ufffd \U0001f600"}),
        (b'{"name": "\\\\ud800"}', {"name": "\\ud800"}),
        (b'{"name": "\xff"}', {"name": "\ufffd"}),
    ],
)
def test_what_an_answer_may_hold(content: bytes, expected: t.Any) -> None:
    assert read_json(content) == expected


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "it is no JSON"),
        (b'{"size": NaN}', "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b'{"size": ' + b"9" * 5000 + b"}", "it is no JSON"),
        (b'{"a": [[{"name": 7}]]}', "'name' is no text"),
        (b'{"id": 7}', "'id' is no ID"),
        *((b'{"policy_id": "%s"}' % one, "'policy_id' is no ID") for one in (b"../x", b"..", b"a?b", b"a#b", b"a b")),
        (b'{"extend_info": [1]}', "'extend_info' is no object"),
        (b'{"resources": [1]}', "'resources' is no list of objects"),
        (b'{"tags": {"a": "b"}}', "'tags' is no list"),
    ],
)
def test_what_is_no_answer_of_a_service(content: bytes, told: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        read_json(content)
    assert str(caught.value) == told
