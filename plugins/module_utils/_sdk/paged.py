# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists in pages, as the backup services share them."""

from __future__ import annotations

from .guarded import resource, sdk_exceptions

#: Objects per page: the services' maximum. They cut a list without a limit at this length and do not say so.
PAGE_SIZE = 1000


class Paged(resource.Resource):
    """A resource that is listed in pages. An object may be missing or come twice when others write meanwhile."""

    #: Objects per page; None where the list has no pages
    page_size = PAGE_SIZE
    #: Whether a page is asked for by the number of objects before it, else by the ID of the last of them
    by_offset = False

    @classmethod
    def rows(cls, session, **query):
        """Yield each object that matches a query as a dict of the service's fields; a missing field is None.

        A Resource for each object would take longer than the request: about a millisecond per object.
        """
        fields = list(cls._body_mapping())
        # Else a filter with a wrong name is left out.
        cls._query_mapping._validate(query)
        params = cls._query_mapping._transpose(query, cls)
        size = params["limit"] = cls.page_size
        read, before, markers = 0, None, set()
        while True:
            response = session.get(cls.base_path, params=params)
            sdk_exceptions.raise_from_response(response)
            answer = response.json()
            page = answer[cls.resources_key] or []
            if page and page == before:
                raise no_end()
            yield from ({field: row.get(field) for field in fields} for row in page)
            read, before = read + len(page), page
            # Some services count what matches.
            if not (page and size and (len(page) >= size or (answer.get("count") or 0) > read)):
                return
            params.update({"offset": read} if cls.by_offset else {"marker": new_marker(page, markers)})


def new_marker(page, markers):
    """Return the ID of the last row of a page, which the next page follows, and add it to the markers before it.

    Raises SDKException for one of these: the pages would go round and round.
    """
    marker = page[-1]["id"]
    if marker in markers:
        raise no_end()
    markers.add(marker)
    return marker


def no_end():
    """Return the exception for a list whose pages have no end."""
    return sdk_exceptions.SDKException("The list has no end: a page came twice.")
