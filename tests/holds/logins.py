# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the login that nobody can log in with. Their secrets contain s3cret."""

from __future__ import annotations

import typing as t

from tests.support.modules import Args

_AUTH: Args = {
    "auth_url": "http://127.0.0.1:9/v3",
    "username": "u",
    "password": "s3cret-word",
    "project_name": "p",
    "user_domain_name": "d",
    "project_domain_name": "d",
}
#: Addresses that are none, or where nothing answers
_ADDRESSES = [
    "",
    "   ",
    "no address",
    "http://[::1",
    "ftp://x/",
    "http://127.0.0.1:99999/v3",
    "file:///etc/passwd",
    "//",
]
_TEXTS = ["no-such", "../../etc/passwd", "a\x00b", "a\ud800b", "x" * 10_000, "\U0001f4be"]
_WRONG: list[t.Any] = [["a"], {"a": {"b": "c"}}]
BAD_LOGINS: list[Args] = [
    *({"auth": {**_AUTH, "auth_url": address}} for address in _ADDRESSES),
    *({"auth": {**_AUTH, "password": value}} for value in ("", "s3cret\x00", "s3cret\ud800")),
    *({"auth": {**_AUTH, "username": value}} for value in ("", "u\x00", "u\ud800")),
    *({"auth": {"passwd": "s3cret"}}, {"auth": {**_AUTH, "region_name": "r"}}, {"auth": {**_AUTH, "": "s3cret"}}),
    *({"auth": value} for value in ("s3cret-no-dictionary", ["s3cret"], 5, True)),
    *({"auth_type": value} for value in _TEXTS),
    *({name: value} for name in ("ca_cert", "client_cert", "client_key") for value in _TEXTS),
    *({name: value} for name in ("auth_type", "ca_cert", "region_name", "sdk_log_path") for value in _WRONG),
    *(
        {"cloud": value}
        for value in (*_TEXTS, {"auth": {**_AUTH, "auth_url": "no address"}}, {"auth": "s3cret"}, [1], 5)
    ),
    *({"region_name": value} for value in ("a\x00b", "a\ud800b")),
    *({"sdk_log_path": value} for value in ("/no/such/folder/log", "a\x00b", "x" * 10_000, "/")),
]
