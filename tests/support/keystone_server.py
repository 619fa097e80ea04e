# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves Keystone on loopback, in Keystone's own environment, until the process that started it ends.

KEYSTONE_PORT is where; OS_KEYSTONE_CONFIG_DIR has keystone.conf.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

sys.argv = sys.argv[:1]  # Keystone reads the rest as its own


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection."""

    daemon_threads = True


def follow(parent: int) -> None:
    """End with the parent."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    from keystone.server import wsgi

    threading.Thread(target=follow, args=(os.getppid(),), daemon=True).start()
    make_server(
        "127.0.0.1", int(os.environ["KEYSTONE_PORT"]), wsgi.initialize_public_application(), Server
    ).serve_forever()
