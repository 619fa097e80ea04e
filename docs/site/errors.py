# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/docsite/rst/errors.rst from what the modules say about each code: python docs/site/errors.py

tests/unit/test_docs.py fails when the page is not what this would write.
"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.error_codes import CODES, STATUSES
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import (
    RETRYABLE_CODES,
    RETRYABLE_STATUSES,
)

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/docsite/rst/errors.rst"
# Comes with status 429, for which it is waited.
THROTTLED = "APIGW.0308"

HEAD = """\
..
  Copyright (c) 2026, the opentelekomcloud.csbs authors
  GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Made by docs/site/errors.py from plugins/module_utils/_errors.py; change it there.

.. _ansible_collections.opentelekomcloud.csbs.docsite.errors:

What errors mean, and what to do
================================

A task that the cloud refuses fails with what was tried, what the code means, what the service says, and what to do. Beside ``msg``, a playbook
finds ``error_code``, ``status`` (of HTTP) and ``request_id``, which the provider's support asks for.

A task that fails after it changed something says ``changed: true`` and returns what it made. What it did not start, because the time was over or
because something else failed first, is in ``not_started``.

An answer that the service does not document, such as the login page of a proxy, is never taken for the service's own, whatever its status. Only the
service itself can say that something does not exist; a gateway's 404 cannot.

Passing trouble does not fail a task: throttling, failing gateways, dropped connections, expired tokens and what is busy are tried again until
``timeout`` is over. Where a table says so, a code or status is waited for in that way.

What is wrong in your input is refused before the first request, by the name of the option, with the value and the rule; that has no code.

By code
-------

.. list-table::
   :header-rows: 1
   :widths: 18 34 38 10

   * - ``error_code``
     - what it means
     - what to do
     - waited for
"""
MIDDLE = """
By status
---------

An answer without a known code is explained by its status:

.. list-table::
   :header-rows: 1
   :widths: 18 34 38 10

   * - ``status``
     - what it means
     - what to do
     - waited for
"""


def page() -> str:
    """Return the page as it should be."""

    def row(name: object, meaning: str, remedy: str, waited: bool) -> str:
        return (
            f"   * - ``{name}``\n     - {meaning}\n     - {remedy}\n     - {'yes' if waited else ''}".rstrip(" ") + "\n"
        )

    codes = [row(code, *told, code in RETRYABLE_CODES or code == THROTTLED) for code, told in sorted(CODES.items())]
    statuses = [row(status, *told, status in RETRYABLE_STATUSES) for status, told in sorted(STATUSES.items())]
    others = ", ".join(str(status) for status in sorted(RETRYABLE_STATUSES - STATUSES.keys()))
    tail = f"\nAny other one means that the service failed. Of those, {others} are waited for.\n"
    return HEAD + "".join(codes) + MIDDLE + "".join(statuses) + tail


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
