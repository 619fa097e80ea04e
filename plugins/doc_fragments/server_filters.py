# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The choice of servers by their properties."""

    DOCUMENTATION = r"""
options:
  server_filters:
    description:
      - Chooses every server that matches all given filters, in addition to the servers in O(servers).
      - Give at least one filter. Filters that match no server choose no server.
      - Each text in a filter has 1 to 255 characters.
    type: dict
    suboptions:
      name:
        description:
          - A name, or a glob such as V(web-*). Upper and lower case matter.
        type: str
      status:
        description:
          - A status of Nova such as V(ACTIVE), or a list of statuses. One of them must match.
        type: raw
      metadata:
        description:
          - Metadata of Nova. The server must have each key with the given value.
        type: dict
      tags:
        description:
          - Tags. The server must have all of them. Give a list of words, or a dictionary for tags that the platform
            stores as C(key=value) or C(key.value).
        type: raw
      availability_zone:
        description:
          - An availability zone, or a list of them. One of them must match.
        type: raw
"""
