# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The threaded HTTP/1.1 server, which stops at once and leaves no connection behind."""

from __future__ import annotations

import contextlib
import socket
import threading
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


class HttpServer(ThreadedWSGIServer):
    """One cloud's server, in a thread of its own."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, app: WSGIApplication, port: int = 0) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__("127.0.0.1", port, app, handler=Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.01}, name="csbs-emulator", daemon=True
        )

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and close every connection."""
        self.shutdown()
        self._thread.join(timeout=5)
        self.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
