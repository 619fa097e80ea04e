# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The threaded HTTP/1.1 server, with TLS or without, which stops at once and leaves no connection behind."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Handler(WSGIRequestHandler):
    """Keep-alive, no Nagle delay between headers and body, no log lines."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Remember the connection, so that it can be closed."""
        super().setup()
        self.server.connections.add(self.connection)  # type: ignore[attr-defined]

    def finish(self) -> None:
        """Forget it."""
        self.server.connections.discard(self.connection)  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):
            super().finish()

    def send_response(self, code: int, message: str | None = None) -> None:
        """Leave the header Date to the application, which knows the cloud's time; two of them would be none."""
        self.send_response_only(code, message)
        self.send_header("Server", self.version_string())

    def log(self, type: str, message: str, *args: Any) -> None:  # pylint: disable=redefined-builtin
        """Say nothing; there is a journal."""


@dataclass(frozen=True)
class Accepted:
    """A connection that a client opened, and why no TLS came about in it."""

    port: int
    problem: str | None = None


def subject_of(connection: Any) -> str | None:
    """The common name in the certificate that the client of a connection sent, if it sent one."""
    try:
        certificate: Any = connection.getpeercert()
    except AttributeError:
        # It has no TLS, or none any more because the cloud stops.
        return None
    names = dict(part for group in (certificate or {}).get("subject", ()) for part in group)
    return names.get("commonName")


def _say_goodbye(connection: socket.socket) -> None:
    """Read what still comes: a connection that is closed with bytes unread takes its last answer, the alert, along."""
    with connection:
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(2)
        while connection.recv(65536):
            pass


class HttpServer(ThreadedWSGIServer):
    """One cloud's server, in a thread of its own."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, app: WSGIApplication, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.connections: set[socket.socket] = set()
        #: Every connection that was opened, those without success too
        self.accepted: list[Accepted] = []
        super().__init__("127.0.0.1", port, app, handler=Handler)
        # Not given to the base class, which would make one client wait until another has agreed on TLS.
        self.ssl_context = tls
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.01}, name="csbs-emulator", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self.ssl_context else 'http'}://127.0.0.1:{self.port}"

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Agree on TLS, if it is wanted, and serve one connection."""
        if self.ssl_context is None:
            self.accepted.append(Accepted(self.port))
            super().finish_request(request, client_address)
            return
        with self.ssl_context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as secured:
            try:
                secured.do_handshake()
            except OSError as error:
                self.accepted.append(Accepted(self.port, str(error)))
                with contextlib.suppress(OSError):
                    _say_goodbye(socket.socket(fileno=secured.detach()))
                return
            self.accepted.append(Accepted(self.port))
            super().finish_request(secured, client_address)

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and close every connection."""
        self.shutdown()
        self._thread.join(timeout=5)
        self.server_close()
        self._close_connections()

    def change_tls(self, tls: ssl.SSLContext | None) -> None:
        """Serve with another certificate, or without one, from now on, and close every connection."""
        self.ssl_context = tls
        self._close_connections()

    def _close_connections(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
