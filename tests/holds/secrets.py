# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that are easy to find again, for every way to log in, and the search for them in all that a run leaves."""

from __future__ import annotations

import base64
import hashlib
import re
import typing as t
from pathlib import Path

import pytest
from keystoneauth1 import loading

from tests.emulator import Emulator, keystone
from tests.support.modules import Args, auth_of

#: What a secret may hold that JSON, URLs, HTML and repr write in another way
AWKWARD = "\"'\\%&+<ü/ "
# What is in an answer's header cannot hold all of that.
_IN_HEADERS = "\"'\\%&+<"
# So many characters of a secret in a row are a leak.
_PIECE = 10
_PLUGINS = sorted(loading.get_available_plugin_names())
#: Ways to log in whose plugin is in no package that the collection needs
_ABSENT = ("v3adfspassword", "v3kerberos", "v3samlpassword")
#: Every value that auth_type takes; absent plugins too, and a password beside keys that no plugin has
LOGINS = [*_PLUGINS, *_ABSENT, "unknown-keys"]
#: Ways to log in that the local cloud knows
SUCCEEDING = ("password", "v3password", "token", "v3token", "v3applicationcredential")
#: Ways to log in that send nothing to a login server without a certificate, a browser or a plugin that is absent
SILENT = (*_ABSENT, "unknown-keys", "v3tokenlessauth", "v3websso")
#: Ways to log in that get a token of an identity provider first
TWO_STEPS = ("v3oidcauthcode", "v3oidcclientcredentials", "v3oidcdeviceauthz", "v3oidcpassword")
# Secrets of plugins that do not tell them, or are absent
_UNTOLD = {
    "v3multifactor": ("password", "passcode"),
    "v3adfspassword": ("password",),
    "v3kerberos": ("token",),
    "v3samlpassword": ("password",),
    "unknown-keys": ("password", "assertion", "pin"),
}
_SENT_IN_HEADERS = ("token", "access_token")


# What plugins refuse, or ask for on the screen, before they send anything
_UNUSED = re.compile(
    "(default_)?domain_(id|name)|.*_domain_id|(project|user|trust)_id|tenant_(id|name)|system_scope|discovery_endpoint|idp_otp_key"
)
_KNOWN = {"login_timeout": "0.1", "access_token_type": "access_token", "code_challenge_method": "S256"}


def canary(name: str) -> str:
    """Return a secret that is the same each time: two words that nothing else holds, with what is awkward between."""
    digest = base64.b32encode(hashlib.sha256(name.encode()).digest()).decode().lower()
    awkward = _IN_HEADERS if name in _SENT_IN_HEADERS else AWKWARD
    return f"{digest[:18]}{awkward}{digest[18:36]}"


def plain_canary(name: str) -> str:
    """Return a secret of one word."""
    return re.sub("[^a-z0-9]", "", canary(name))


def auth_for(login: str, cloud: Emulator) -> Args:
    """Return a value for every option of a way to log in; its secrets are canaries, all else is as it should be."""
    known = {**auth_of(cloud)["auth"], **_KNOWN}
    auth: Args = {name: canary(name) for name in _UNTOLD.get(login, ())}
    if login not in _PLUGINS:
        return {**auth_of(cloud)["auth"], **auth}
    if login == "v3multifactor":
        return {**auth_of(cloud)["auth"], "auth_methods": ["v3password", "v3totp"], **auth}
    for option in loading.get_plugin_loader(login).get_options():
        if _UNUSED.fullmatch(option.dest):
            continue
        address = f"filled-{option.dest}"
        if option.dest.endswith("endpoint"):
            address = f"{cloud.url}/v3" if option.dest == "endpoint" else f"{cloud.url}/idp/{option.dest}"
        auth[option.dest] = canary(option.dest) if option.secret else known.get(option.dest, address)
    return auth


def known_without(values: Args, *names: str) -> Args:
    """Return a dict without some keys."""
    return {name: value for name, value in values.items() if name not in names}


def good_auth(login: str, cloud: Emulator, token: str, credential: tuple[str, str]) -> Args:
    """Return the options of a way to log in that the local cloud accepts."""
    usual = auth_of(cloud)["auth"]
    if login.endswith("password"):
        return usual
    if login.endswith("token"):
        return {**known_without(usual, "username", "password", "user_domain_name"), "token": token}
    return {
        "auth_url": usual["auth_url"],
        "application_credential_id": credential[0],
        "application_credential_secret": credential[1],
    }


def canaries_in(auth: Args) -> list[str]:
    """Return the secrets of options that auth_for made."""
    return [value for value in auth.values() if _IN_HEADERS[:3] in value]


def pieces(secret: str) -> set[str]:
    """Return what betrays a secret, however it is written: pieces of its words, also as Base64 has them."""
    words = "".join(char if char.isascii() and (char.isalnum() or char in "_-") else " " for char in secret).split()
    found = set()
    for word in words:
        texts = [word]
        for shift in range(3):
            # Three bytes are four characters; those at both ends also depend on what stands beside.
            coded = base64.b64encode(b"\0" * shift + word.encode()).decode()
            texts.append(coded[4 if shift else 0 : -4])
        found.update(text[at : at + _PIECE] for text in texts for at in range(0, max(len(text) - _PIECE + 1, 0), 4))
    return found


def leaks(secrets: t.Iterable[str], text: str) -> list[str]:
    """Return where a text shows a piece of one of some secrets, with what stands around it."""
    shown = []
    for secret in secrets:
        piece = next((piece for piece in sorted(pieces(secret)) if piece in text), None)
        if piece is not None:
            at = text.index(piece)
            shown.append(text[max(at - 200, 0) : at + 100])
    return shown


def files_in(folder: Path, *given: str) -> str:
    """Return the names and contents of all files below a folder, except those that the user put there."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in given]
    return "\n".join(f"===== {path}\n{path.read_bytes().decode('utf-8', 'replace')}" for path in found)


def secrets_of(cloud: Emulator, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give a cloud secrets that are awkward to write; return these, and each token that it issues from now on."""
    found = [canary("password of the cloud"), canary("credential of the cloud")]
    monkeypatch.setattr(keystone, "PASSWORD", found[0])
    monkeypatch.setattr(keystone, "CREDENTIAL_SECRET", found[1])
    login = cloud.keystone.login

    def recorded(body: t.Any) -> t.Any:
        token = login(body)
        found.append(token.id)
        return token

    monkeypatch.setattr(cloud.keystone, "login", recorded)
    return found
