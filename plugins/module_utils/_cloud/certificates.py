# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of TLS, checked before the first request. Loaded where a login names some."""

from __future__ import annotations

import os
import re
import ssl
import typing as t

from .._domain.errors import InvalidInput

# What the options are called in clouds.yaml
_NAMES = {"ca_cert": "cacert", "client_cert": "cert", "client_key": "key", "validate_certs": "verify"}
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_CERTIFICATE = re.compile(rb"-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----")
_KEY = re.compile(rb"-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----")


def settle_certificates(settings: dict[str, t.Any], options: t.Mapping[str, t.Any]) -> None:
    """Check what a configuration of the SDK says about TLS, and leave out what would have no effect.

    options are those of the task. Raises InvalidInput, which shows the path of a file, and nothing that is in it.
    """
    files = _Files(settings, options)
    if _checks(settings):
        files.check_authority()
    else:
        # The SDK would write a warning to the screen.
        settings["cacert"] = None
    files.check_client()


def _checks(settings: dict[str, t.Any]) -> bool:
    """Return whether the certificates of the cloud are checked. A variable has text: the SDK takes false for a path."""
    verify = settings.get("verify", True)
    word = verify.strip().lower() if isinstance(verify, str) else None
    settings["verify"] = _WORDS.get(word, verify) if word is not None else verify
    return bool(settings["verify"]) and not settings.get("insecure")


class _Files:
    def __init__(self, settings: dict[str, t.Any], options: t.Mapping[str, t.Any]) -> None:
        self._settings, self._options = settings, options

    def _path(self, option: str) -> str | None:
        """Return the path of an option or of its name in clouds.yaml. One that is a text in PEM is none."""
        given = self._settings.get(_NAMES[option])
        if not given:
            return None
        path = os.path.expanduser(str(given))
        if "-----BEGIN" in path or "\n" in path:
            raise self._wrong(option, "it is the path of a file, not what is in the file")
        return path

    def _wrong(self, option: str, what: str) -> InvalidInput:
        name = _NAMES[option]
        place = option if self._options.get(option) else f"{name} (in cloud, in clouds.yaml or OS_{name.upper()})"
        return InvalidInput(f"{place}: {what}")

    def _read(self, option: str, path: str) -> bytes:
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError as error:
            raise self._wrong(option, f"there is no file {path!r}") from error
        except IsADirectoryError as error:
            raise self._wrong(option, f"{path!r} is a folder; give the path of a file") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no path"
            raise self._wrong(option, f"{path!r} cannot be read ({reason})") from error

    def check_authority(self) -> None:
        """Refuse a file that gives no CA certificate."""
        # The SDK takes a path as verify too, and prefers that of cacert.
        option = "ca_cert" if self._settings.get("cacert") else "validate_certs"
        if self._settings[_NAMES[option]] is not True:
            self._read_certificate(option, t.cast("str", self._path(option)))

    def check_client(self) -> None:
        """Refuse files that make no client certificate."""
        certificate, key = self._path("client_cert"), self._path("client_key")
        if certificate is None:
            if key is not None:
                self._read("client_key", key)
                raise self._wrong("client_key", "it needs client_cert, the certificate that the key belongs to")
            return
        content = self._read_certificate("client_cert", certificate)
        if key is None and not _KEY.search(content):
            raise self._wrong(
                "client_cert", f"{certificate!r} has no key in it; give the file of the key in client_key"
            )
        if key is not None and not _KEY.search(self._read("client_key", key)):
            raise self._wrong("client_key", f"{key!r} has no private key in PEM format")
        self._check_pair(certificate, key)

    def _read_certificate(self, option: str, path: str) -> bytes:
        content = self._read(option, path)
        if not _CERTIFICATE.search(content):
            raise self._wrong(option, f"{path!r} has no certificate in PEM format")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except ssl.SSLError as error:
            raise self._wrong(option, f"{path!r} has a certificate that is damaged") from error
        return content

    def _check_pair(self, certificate: str, key: str | None) -> None:
        option, path = ("client_cert", certificate) if key is None else ("client_key", key)
        locked: list[bool] = []

        def no_passphrase() -> str:
            # Without it, OpenSSL would ask on the terminal, and the task would wait for ever.
            locked.append(True)
            return ""

        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, no_passphrase)
        except (OSError, ValueError) as error:
            if locked:
                what = "needs a passphrase; give one that needs none"
            elif re.search("KEY_(VALUES|TYPE)_MISMATCH", str(error)):
                what = f"does not belong to the certificate in {certificate!r}"
            else:
                what = "is damaged"
            raise self._wrong(option, f"the key in {path!r} {what}") from error
