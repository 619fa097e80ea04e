# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images."""

from __future__ import annotations

from ...guarded import resource

#: Objects per page: the service's default. The reference gives no maximum.
PAGE_SIZE = 500


class Image(resource.Resource):
    """An image (ims_apis/image/querying_images)."""

    resources_key = "images"
    base_path = "/v2/cloudimages"

    # capabilities
    allow_fetch = True
    allow_list = True

    _query_mapping = resource.QueryParameters("id", "limit", "marker", "name", "status")

    #: ID of the backup that it was made from; empty when it was made from something else
    backup_id = resource.Body("__backup_id")
    #: Time of creation, UTC
    created_at = resource.Body("created_at")
    #: Free text of the user
    description = resource.Body("__description")
    #: Maximum memory of a server made from it, in MB
    max_ram = resource.Body("max_ram")
    #: Minimum memory of a server made from it, in MB
    min_ram = resource.Body("min_ram")
    #: queued, saving, active, killed or deleted
    status = resource.Body("status")
    #: Tags, each a text: key=value, or key.value for old tags
    tags = resource.Body("tags", type=list)

    @classmethod
    def _get_next_link(cls, uri, response, data, marker, limit, total_yielded):  # noqa: ARG003 - the SDK's signature
        # The SDK's method asks for one more page after a short one. Here a short page is the last, unless the answer
        # has a link to a next one. The SDK also cuts the version off that link, but the address here has none.
        if limit and total_yielded % int(limit) and not data.get("next"):
            return None, {}
        return uri, {"marker": marker, "limit": limit}
