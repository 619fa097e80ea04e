# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of certificates and keys that cannot be used are refused before the first request, and never shown."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.emulator import Emulator
from tests.support import holds
from tests.support.modes import one_mode
from tests.support.modules import MODULES, Args
from tests.support.tls import PASSPHRASE, Certificates

from .conftest import Tried
from .test_tls import ARGS, serve
from .tls_ways import DICTIONARY, ENVIRONMENT, FILE, INVENTORY, OPTIONS, WAYS, Caller, problem_of

# No request is sent.
pytestmark = one_mode

Given = t.Callable[[Certificates], Args]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def caller(cloud: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    return Caller(cloud, tmp_path, monkeypatch)


def _loop(made: Certificates) -> str:
    """Return a path that nobody can read, whoever runs the test."""
    path = made.folder / "loop.pem"
    if not path.is_symlink():
        path.symlink_to(path)
    return str(path)


def _content(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def _damaged_key(made: Certificates) -> str:
    path = made.folder / "damaged.key"
    edge, kind = "-----", "PRIVATE KEY"
    path.write_text(f"{edge}BEGIN {kind}{edge}\ncanary\n{edge}END {kind}{edge}\n")
    return str(path)


def _pair(certificate: Given | str, key: Given | str) -> Given:
    def given(made: Certificates) -> Args:
        return {
            "client_cert": certificate(made) if callable(certificate) else certificate,
            "client_key": key(made) if callable(key) else key,
        }

    return given


WRONG: dict[str, tuple[Given, tuple[str, ...]]] = {
    "CA: no such file": (lambda made: {"ca_cert": "/no/such/ca.pem"}, ("ca_cert", "there is no file")),
    "CA: no PEM": (lambda made: {"ca_cert": made.no_pem}, ("ca_cert", "has no certificate in PEM format")),
    "CA: damaged": (lambda made: {"ca_cert": made.broken}, ("ca_cert", "damaged")),
    "CA: a key": (lambda made: {"ca_cert": made.client[1]}, ("ca_cert", "has no certificate in PEM format")),
    "CA: a folder": (lambda made: {"ca_cert": str(made.folder)}, ("ca_cert", "is a folder")),
    "CA: unreadable": (lambda made: {"ca_cert": _loop(made)}, ("ca_cert", "cannot be read")),
    "CA: the content": (lambda made: {"ca_cert": _content(made.ca)}, ("ca_cert",)),
    "certificate: no such file": (
        _pair("/no/such/client.pem", lambda made: made.client[1]),
        ("client_cert", "there is no file"),
    ),
    "certificate: no PEM": (
        _pair(lambda made: made.no_pem, lambda made: made.client[1]),
        ("client_cert", "has no certificate in PEM format"),
    ),
    "certificate: a folder": (
        _pair(lambda made: str(made.folder), lambda made: made.client[1]),
        ("client_cert", "is a folder"),
    ),
    "certificate: damaged": (
        _pair(lambda made: made.broken, lambda made: made.client[1]),
        ("client_cert", "damaged"),
    ),
    "certificate: unreadable": (_pair(_loop, lambda made: made.client[1]), ("client_cert", "cannot be read")),
    "certificate without a key": (
        lambda made: {"client_cert": made.client[0]},
        ("client_cert", "has no key", "client_key"),
    ),
    "key without a certificate": (lambda made: {"client_key": made.client[1]}, ("client_key", "needs client_cert")),
    "key: no such file": (
        _pair(lambda made: made.client[0], "/no/such/client.key"),
        ("client_key", "there is no file"),
    ),
    "key: no PEM": (
        _pair(lambda made: made.client[0], lambda made: made.no_pem),
        ("client_key", "has no private key in PEM format"),
    ),
    "key: damaged": (_pair(lambda made: made.client[0], _damaged_key), ("client_key", "damaged")),
    "key: a folder": (_pair(lambda made: made.client[0], lambda made: str(made.folder)), ("client_key", "folder")),
    "key: unreadable": (_pair(lambda made: made.client[0], _loop), ("client_key", "cannot be read")),
    "key: of another certificate": (
        _pair(lambda made: made.client[0], lambda made: made.untrusted_client[1]),
        ("client_key", "does not belong to the certificate"),
    ),
    "key: with a passphrase": (
        _pair(lambda made: made.client[0], lambda made: made.locked_key),
        ("client_key", "needs a passphrase"),
    ),
    "key: the content": (
        _pair(lambda made: made.client[0], lambda made: _content(made.client[1])),
        ("client_key",),
    ),
}
IN_SDK = {"ca_cert": "cacert", "client_cert": "cert", "client_key": "key"}
CELLS = [(kind, module, way) for kind in WRONG for module in (*MODULES, INVENTORY) for way in WAYS]


@pytest.mark.parametrize("kind", WRONG)
def test_a_file_that_cannot_be_used_is_refused_before_the_first_request(
    cloud: Emulator, certificates: Certificates, caller: Caller, tried: Tried, kind: str
) -> None:
    given, words = WRONG[kind]
    options = given(certificates)
    wrong = []
    cells = holds.chosen(CELLS, lambda cell: cell[0], lambda cell: cell[1], lambda cell: cell[2])
    for dummy, module, way in (mine := [cell for cell in cells if cell[0] == kind]):
        cloud.journal.clear()
        cloud.accepted.clear()
        result = caller.run(way, module, ARGS[module], options)
        named = words[0] if way == OPTIONS else IN_SDK[words[0]]
        problem = problem_of(result, *words[1:], start=named)
        if cloud.accepted or result["changed"]:
            problem = f"{len(cloud.accepted)} connections"
        if _shows(json.dumps(result), certificates):
            problem = "what is in a file is shown"
        if problem:
            wrong.append(f"{module}, {way}: {problem}")
    assert mine and not wrong, "\n".join(wrong)
    for dummy, module, dummy_way in mine:
        tried("tls", module, "a file that cannot be used")


def _shows(text: str, made: Certificates) -> bool:
    lines = [line for path in (made.client[1], made.locked_key) for line in _content(path).splitlines()]
    return any(line in text for line in (*lines, "canary", PASSPHRASE.decode()) if not line.startswith("-----"))


# ========== Words in place of true and false ==========
WORDS = [(way, word) for way in (ENVIRONMENT, FILE, DICTIONARY) for word in ("false", "False", "no", "0", "off")]


@pytest.mark.parametrize(("way", "word"), holds.chosen(WORDS, lambda one: one[0], lambda one: one[1]))
def test_the_word_false_turns_the_check_off(
    cloud: Emulator, certificates: Certificates, caller: Caller, tried: Tried, way: str, word: str
) -> None:
    serve(cloud, certificates.self_signed())
    try:
        for given in ({"validate_certs": word}, {"validate_certs": word, "ca_cert": certificates.other_ca}):
            result = caller.run(way, "csbs_policy_info", {}, given)
            assert not result.get("failed"), result["msg"]
            result = caller.run(way, "csbs_policy_info", {}, {**given, "validate_certs": "true"})
            assert "is not trusted" in result["msg"]
    finally:
        serve(cloud, None)
    tried("tls", "csbs_policy_info", "what fits works", 2)
