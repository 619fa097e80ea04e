# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists in pages, as the backup services share them."""

from __future__ import annotations

from .guarded import resource, sdk_exceptions

#: Objects per page: the services' maximum. They cut a list without a limit at this length and do not say so.
PAGE_SIZE = 1000


class Paged(resource.Resource):
    """A resource that is listed in pages."""

    @classmethod
    def rows(cls, session, **query):
        """Yield each object that matches a query as a dict of the service's fields; a missing field is None.

        A Resource for each object would take longer than the request: about a millisecond per object.
        """
        fields = list(cls._body_mapping())
        params = {**cls._query_mapping._transpose(query, cls), "limit": PAGE_SIZE}
        while True:
            response = session.get(cls.base_path, params=params)
            sdk_exceptions.raise_from_response(response)
            page = response.json()[cls.resources_key]
            yield from ({field: row.get(field) for field in fields} for row in page)
            if len(page) < PAGE_SIZE:
                return
            params["marker"] = page[-1]["id"]
