# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all resources of CSBS share."""

from __future__ import annotations

from ...guarded import resource, sdk_exceptions

#: The one backup provider of CSBS, in every provider URL and in every policy
PROVIDER_ID = "fc4d5750-22e7-4798-8a46-f48f62c4c1da"

#: The one type of backed-up objects
SERVER = "OS::Nova::Server"

#: Objects a page; lists without a limit are cut at this length without a word
PAGE_SIZE = 1000


class Paged(resource.Resource):
    """A resource that is listed in pages."""

    @classmethod
    def rows(cls, session, **query):
        """Yield each object that fits a query as a dict of the service's fields; a field that is missing is None.

        A Resource for each object would cost more than the request: about a millisecond an object.
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
