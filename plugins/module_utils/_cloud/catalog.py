# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the catalog of a login has the backup services."""

from __future__ import annotations

import typing as t

#: The types of the backup services in the catalog, by their names in this collection
TYPES = {"csbs": "data-protect", "cbr": "cbr"}


def is_offered(connection: t.Any, service: str) -> bool:
    """Return whether a service (csbs, cbr) has an address: in clouds.yaml, or in the catalog for this region."""
    config, service_type = connection.config, TYPES[service]
    if config.get_endpoint(service_type):
        return True
    return bool(regions_of(connection, service, config.get_region_name(service_type)))


def regions_of(connection: t.Any, service: str, region: str | None = None) -> set[str]:
    """Return the regions, all or the given one, in which the catalog has a service; none where there is no catalog."""
    get_access = getattr(connection.session.auth, "get_access", None)
    if get_access is None:
        return set()
    config, service_type = connection.config, TYPES[service]
    found = get_access(connection.session).service_catalog.get_endpoints(
        service_type=config.get_service_type(service_type),
        interface=config.get_interface(service_type),
        region_name=region,
    )
    return {
        str(endpoint.get("region_id") or endpoint.get("region"))
        for endpoints in found.values()
        for endpoint in endpoints
    }
