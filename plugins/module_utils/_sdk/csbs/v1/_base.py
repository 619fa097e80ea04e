# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all resources of CSBS share."""

from __future__ import annotations

from ...guarded import resource

#: The one backup provider of CSBS, in every provider URL and in every policy
PROVIDER_ID = "fc4d5750-22e7-4798-8a46-f48f62c4c1da"

#: The one type of backed-up objects
SERVER = "OS::Nova::Server"

#: Objects a page; lists without a limit are cut at this length without a word
PAGE_SIZE = 1000


class Paged(resource.Resource):
    """A resource that is listed in pages."""

    @classmethod
    def _get_next_link(cls, uri, response, data, marker, limit, total_yielded):
        # The stock method asks for one more page after a short one; a short page is the last here.
        if limit and total_yielded % int(limit):
            return None, {}
        return super()._get_next_link(uri, response, data, marker, limit, total_yielded)
