# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers, and whether they can join a vault."""

from __future__ import annotations

from ...guarded import resource
from ...paged import Paged


class ProtectableServer(Paged):
    """A server as the service sees it.

    Only the permissions of the reference name the call (permissions_policies_and_supported_actions/cbr_actions), so a
    cloud may not have it.
    """

    resource_key = "instance"
    resources_key = "instances"
    base_path = "/protectables/server/instances"
    by_offset = True
    #: The service refuses more.
    page_size = 50

    # capabilities
    allow_fetch = True
    allow_list = True

    _query_mapping = resource.QueryParameters("id", "name", "server_id", "status", include_pagination_defaults=False)

    #: Its disks
    children = resource.Body("children")
    #: What the compute service says about it
    detail = resource.Body("detail")
    #: The verdict, a dict with result; if it is false, with code, reason, message and vault, the one that it is in
    protectable = resource.Body("protectable")
    #: Size of its disks, in GB
    size = resource.Body("size")
    #: Status of the server
    status = resource.Body("status")
    #: OS::Nova::Server
    type = resource.Body("type")
