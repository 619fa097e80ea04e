# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images."""

from __future__ import annotations

from ...guarded import resource

#: Objects a page, the service's default; it names no limit
PAGE_SIZE = 500


class Image(resource.Resource):
    """An image (ims_apis/image/querying_images)."""

    resources_key = "images"
    base_path = "/v2/cloudimages"

    # capabilities
    allow_fetch = True
    allow_list = True

    _query_mapping = resource.QueryParameters("id", "limit", "marker", "name", "status")

    #: The backup that it was made of; empty where it was made of something else
    backup_id = resource.Body("__backup_id")
    #: When it was created, UTC
    created_at = resource.Body("created_at")
    #: What it is for
    description = resource.Body("__description")
    #: Memory in MB that a server of it may have at most
    max_ram = resource.Body("max_ram")
    #: Memory in MB that a server of it needs
    min_ram = resource.Body("min_ram")
    #: queued, saving, active, killed or deleted
    status = resource.Body("status")
    #: Tags, each a text key=value, or key.value where it is old
    tags = resource.Body("tags", type=list)

    @classmethod
    def _get_next_link(cls, uri, response, data, marker, limit, total_yielded):
        # The stock method asks for one more page after a short one. Here a short page is the last, unless the answer
        # names a next one. It also cuts the version off the link to that, but the address here has none.
        if limit and total_yielded % int(limit) and not data.get("next"):
            return None, {}
        return uri, {"marker": marker, "limit": limit}
