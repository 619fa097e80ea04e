# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of Cloud Server Backup Service for openstacksdk."""

from __future__ import annotations

from ..guarded import service_description
from .v1 import _proxy


class CsbsService(service_description.ServiceDescription):
    """The CSBS service, catalog type data-protect."""

    supported_versions = {"1": _proxy.Proxy}


def attach(connection):
    """Add the attribute data_protect to a connection, and return it, a Proxy."""
    connection.add_service(CsbsService("data-protect"))
    return connection.data_protect
