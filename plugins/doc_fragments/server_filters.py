# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Choice of several servers by what they are."""

    DOCUMENTATION = r"""
options:
  server_filters:
    description:
      - Chooses every server that fits all the filters given. What O(servers) names is chosen as well.
      - Filters that match nothing choose nothing. At least one must be given.
    type: dict
    suboptions:
      name:
        description:
          - A name, or a glob such as V(web-*); upper and lower case matter.
        type: str
      status:
        description:
          - A status of Nova such as V(ACTIVE), or a list of which one must fit.
        type: raw
      metadata:
        description:
          - Metadata of Nova that the server must have, each key with this value.
        type: dict
      tags:
        description:
          - Tags that the server must all have, as a list of words, or as a dictionary for tags that
            the platform writes as C(key=value) or C(key.value).
        type: raw
      availability_zone:
        description:
          - An availability zone, or a list of which one must fit.
        type: raw
"""
