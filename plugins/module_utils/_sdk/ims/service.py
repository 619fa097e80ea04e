# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of Image Management Service for openstacksdk."""

from __future__ import annotations

import contextlib
import re

from ..guarded import ksa_exceptions, service_description
from .v1 import _proxy

#: Catalog types of IMS. The second is the type of OpenStack's image service, whose calls IMS serves too. A catalog may
#: have both, with one address, or with two addresses that serve different calls.
TYPES = ("ims", "image")
_OVERRIDE = "{}_endpoint_override"
_VERSION = r"/v\d+(\.\d+)?/*$"


class ImsService(service_description.ServiceDescription):
    """The IMS service, catalog type ims or image."""

    supported_versions = {"1": _proxy.Proxy}


def attach(connection):
    """Add the attribute ims to a connection, and return it, a Proxy. The connection's image service does not change.

    Raises keystoneauth1.exceptions.EndpointNotFound when the catalog has none of the types of IMS.
    """
    config = connection.config
    addresses = _find_addresses(connection.session, config)
    config.config[_OVERRIDE.format("ims")] = addresses[0]
    connection.add_service(ImsService("ims"))
    connection.ims.other_addresses = addresses[1:]
    return connection.ims


def _find_addresses(session, config):
    """Return the addresses of the service without a version, which a catalog may append."""
    addresses = []
    for service_type in TYPES:
        endpoint = {
            "interface": config.get_interface(service_type),
            "region_name": config.get_region_name(service_type),
        }
        url = config.config.get(_OVERRIDE.format(service_type))
        # For a type that is not in the catalog, some sessions return None and others raise.
        with contextlib.suppress(ksa_exceptions.EndpointNotFound):
            url = url or session.get_endpoint(service_type=service_type, skip_discovery=True, **endpoint)
        if url:
            addresses.append(re.sub(_VERSION, "", url.rstrip("/")))
    if not addresses:
        raise ksa_exceptions.EndpointNotFound(f"neither {' nor '.join(TYPES)}")
    return list(dict.fromkeys(addresses))
