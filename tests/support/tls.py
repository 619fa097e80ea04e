# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private CA, its certificates and those of others, as files, and the TLS of servers that use them."""

from __future__ import annotations

import ssl
import typing as t
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization

HOST = "127.0.0.1"
PASSPHRASE = b"secret-demo-passphrase"


class Certificates:
    """Certificates in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA(organization_name="private")
        self.other_authority = trustme.CA(organization_name="nobody")

    # ========== What servers use ==========
    def server(self, *names: str, trusted: bool = True, **fields: t.Any) -> ssl.SSLContext:
        """Return TLS of a server with a certificate for names, this machine by default."""
        authority = self.authority if trusted else self.other_authority
        return _context(authority.issue_cert(*(names or (HOST,)), **fields))

    def expired(self) -> ssl.SSLContext:
        """Return TLS with a certificate that is not valid any more."""
        now = datetime.now(timezone.utc)
        return self.server(not_before=now - timedelta(days=30), not_after=now - timedelta(days=1))

    def self_signed(self) -> ssl.SSLContext:
        """Return TLS with a certificate that is its own issuer."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own = trustme.CA(organization_name="self-signed")
        with own.private_key_pem.tempfile() as key, own.cert_pem.tempfile() as certificate:
            context.load_cert_chain(certificate, key)
        return context

    def outdated(self) -> ssl.SSLContext:
        """Return TLS 1.0, which clients refuse today."""
        context = self.server()
        # OpenSSL signs in TLS 1.0 only where its own rules of security are off.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        return context

    def demanding(self) -> ssl.SSLContext:
        """Return TLS that lets in only clients with a certificate of the same CA."""
        context = self.server()
        context.verify_mode = ssl.CERT_REQUIRED
        self.authority.configure_trust(context)
        return context

    # ========== What clients use ==========
    @cached_property
    def ca(self) -> str:
        """The file with the private CA."""
        return self._write("ca.pem", self.authority.cert_pem.bytes())

    @cached_property
    def other_ca(self) -> str:
        """The file with a CA that has signed nothing here."""
        return self._write("other-ca.pem", self.other_authority.cert_pem.bytes())

    @cached_property
    def client(self) -> tuple[str, str]:
        """The files with the certificate of the client named demo-client, and with its key."""
        leaf = self.authority.issue_cert("demo@example.com", common_name="demo-client")
        return (
            self._write("client.pem", leaf.cert_chain_pems[0].bytes()),
            self._write("client.key", leaf.private_key_pem.bytes()),
        )

    @cached_property
    def both(self) -> str:
        """The file with certificate and key of the client."""
        return self._write("client-both.pem", b"".join(Path(path).read_bytes() for path in self.client))

    @cached_property
    def untrusted_client(self) -> tuple[str, str]:
        """A client whose certificate the server does not trust."""
        leaf = self.other_authority.issue_cert("demo@example.com", common_name="demo-stranger")
        return (
            self._write("stranger.pem", leaf.cert_chain_pems[0].bytes()),
            self._write("stranger.key", leaf.private_key_pem.bytes()),
        )

    @cached_property
    def locked_key(self) -> str:
        """The file with the key of the client, which needs a passphrase."""
        key = serialization.load_pem_private_key(Path(self.client[1]).read_bytes(), None)
        locked = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(PASSPHRASE),
        )
        return self._write("locked.key", locked)

    @cached_property
    def no_pem(self) -> str:
        """A file without any certificate or key."""
        return self._write("no.pem", b"canary, not a certificate\n")

    @cached_property
    def broken(self) -> str:
        """A file that begins as a certificate, and is none."""
        return self._write("broken.pem", b"-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n")

    def _write(self, name: str, content: bytes) -> str:
        path = self.folder / name
        path.write_bytes(content)
        return str(path)


def _context(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context
