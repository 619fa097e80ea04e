# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of TLS means, and whether another try may help. Loaded when there is an error."""

from __future__ import annotations

import re
import ssl
import typing as t
import urllib.parse

# Codes of X509_verify_cert of OpenSSL
_NOT_YET_VALID, _EXPIRED = 9, 10
_OTHER_NAME = (62, 63, 64)
# Reasons of OpenSSL for a connection that was lost
_LOST = "BAD_RECORD_MAC|UNEXPECTED_EOF"
# By the reason: what it means, with the place and the reason, and what to do
_REFUSALS = (
    (
        "ALERT_CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN_A_CERTIFICATE",
        "{0} wants a client certificate.",
        "set client_cert and client_key (cert and key in clouds.yaml)",
    ),
    (
        "PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|NO_SHARED_CIPHER|INSUFFICIENT_SECURITY",
        "{0} and this machine have no version of TLS in common ({1}).",
        "the cloud must offer TLS 1.2 or newer",
    ),
    (
        "ALERT_(.*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)",
        "{0} does not accept the client certificate ({1}).",
        "check client_cert: its CA, its end and its purpose",
    ),
    (
        "ALERT_HANDSHAKE_FAILURE",
        "{0} refuses the TLS connection ({1}). It may want a client certificate.",
        "set client_cert and client_key, or check which versions of TLS the cloud offers",
    ),
    (
        "WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|HTTP_REQUEST|UNKNOWN_PROTOCOL|PACKET_LENGTH|WRONG_SSL_VERSION",
        "{0} does not speak TLS ({1}).",
        "check the port of the address, and whether it is https or http",
    ),
)


def is_final(error: BaseException) -> bool:
    """Return whether TLS failed in a way that stays: a connection that was lost is none."""
    found = _find(error)
    return found is not None and not _is_lost(found)


def explain_tls(error: BaseException) -> str | None:
    """Return what failed in TLS and what to do, None for an error of something else, and for a lost connection."""
    found = _find(error)
    if found is None or _is_lost(found):
        return None
    place = _place_in(str(error))
    if isinstance(found, ssl.SSLCertVerificationError):
        return f"{_explain_certificate(found, place)} The connection was closed before anything was sent in it."
    return _explain_handshake(str(found.reason or ""), str(found), place)


def _find(error: BaseException) -> ssl.SSLError | None:
    """Return the error of TLS that is the cause of another one: each library wraps those of the next."""
    waiting, seen = [error], set()
    for one in waiting:
        if isinstance(one, ssl.SSLError):
            return one
        seen.add(id(one))
        causes = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting.extend(cause for cause in causes if isinstance(cause, BaseException) and id(cause) not in seen)
    return None


def _is_lost(error: ssl.SSLError) -> bool:
    """Return whether the connection ended or got garbled, as any connection may."""
    ended = (ssl.SSLEOFError, ssl.SSLSyscallError, ssl.SSLZeroReturnError)
    return isinstance(error, ended) or bool(re.search(_LOST, str(error.reason)))


def _place_in(text: str) -> str:
    address = re.search(r"https?://[^\s'\")]+", text)
    try:
        parts = urllib.parse.urlsplit(address[0] if address else "")
        return f"{parts.hostname}:{parts.port or 443}" if parts.hostname else "the cloud"
    except ValueError:
        return "the cloud"


def _explain_certificate(error: t.Any, place: str) -> str:
    subject = f"the TLS certificate of {place}"
    reason = str(error.verify_message).rstrip(".")
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        return (
            f"{subject} {'has expired' if error.verify_code == _EXPIRED else 'is not valid yet'}."
            " What to do: check the clock of this machine; if that is right, the cloud needs a new certificate."
        )
    if error.verify_code in _OTHER_NAME:
        return (
            f"{subject} is for another name ({reason}). What to do: in auth_url, use a name that the certificate is"
            " for; the addresses of the services come from the catalog of the cloud."
        )
    return (
        f"{subject} is not trusted ({reason}). What to do: set ca_cert to a file with the CA certificates of the cloud"
        " (cacert in clouds.yaml, OS_CACERT in the environment). validate_certs: false turns the check off, and then"
        " anyone in between can read the password."
    )


def _explain_handshake(reason: str, text: str, place: str) -> str:
    for pattern, meaning, remedy in _REFUSALS:
        if re.search(pattern, reason):
            return f"{meaning.format(place, reason.lower())} What to do: {remedy}."
    return (
        f"no secure connection with {place} can be made ({' '.join(text.split())[:200]})."
        " What to do: check ca_cert, client_cert, client_key and validate_certs."
    )
