# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of Cloud Backup and Recovery for openstacksdk."""

from __future__ import annotations

from ..guarded import service_description
from .v3 import _proxy


class CbrService(service_description.ServiceDescription):
    """The CBR service, catalog type cbr."""

    supported_versions = {"3": _proxy.Proxy}


def attach(connection):
    """Add the attribute cbr to a connection, and return it, a Proxy."""
    connection.add_service(CbrService("cbr"))
    return connection.cbr
