# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image Management Service in the shape in which openstacksdk describes a service."""

from __future__ import annotations

import contextlib
import re

from ..guarded import ksa_exceptions, service_description
from .v1 import _proxy

#: Catalog types of IMS. The second one is that of OpenStack's image service, whose calls IMS answers as well. A catalog
#: may have both, at one address or at two that serve different calls.
TYPES = ("ims", "image")
_OVERRIDE = "{}_endpoint_override"
_VERSION = re.compile(r"/v\d+(\.\d+)?/*$")


class ImsService(service_description.ServiceDescription):
    """The IMS service, catalog type ims or image."""

    supported_versions = {"1": _proxy.Proxy}


def attach(connection):
    """Give a connection the attribute ims and return it, a Proxy; the connection's image service stays as it is.

    Raises keystoneauth1.exceptions.EndpointNotFound when the catalog has IMS under no type.
    """
    config = connection.config
    addresses = _find(connection.session, config)
    config.config[_OVERRIDE.format("ims")] = addresses[0]
    connection.add_service(ImsService("ims"))
    connection.ims.other_addresses = addresses[1:]
    return connection.ims


def _find(session, config):
    """Return the addresses below which the paths of all versions are; an address in a catalog may end in a version."""
    found = []
    for kind in TYPES:
        place = {"interface": config.get_interface(kind), "region_name": config.get_region_name(kind)}
        url = config.config.get(_OVERRIDE.format(kind))
        # Some sessions answer None for a type that the catalog lacks, others raise.
        with contextlib.suppress(ksa_exceptions.EndpointNotFound):
            url = url or session.get_endpoint(service_type=kind, skip_discovery=True, **place)
        if url:
            found.append(_VERSION.sub("", url.rstrip("/")))
    if not found:
        raise ksa_exceptions.EndpointNotFound(f"neither {' nor '.join(TYPES)}")
    return list(dict.fromkeys(found))
