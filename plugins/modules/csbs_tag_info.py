#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_tag_info
short_description: Look up tags of backups and backup policies
version_added: 0.1.0
description:
  - Returns the tags of backups or policies, and the resources that have them. The results are empty if nothing is
    found.
  - With O(service=cbr), the tags of a policy are those that all its vaults have. Tags that only some of its vaults have
    do not count, nor do tags whose key is the ID of a server. Such tags mark servers on their way from CSBS to CBR.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  resource_type:
    description:
      - Type of the resources that have the tags. With O(service=cbr), only V(policy), because backups have no tags.
    type: str
    choices: [backup, policy]
    required: true
  resources:
    description:
      - Names or IDs of backups or policies. Without it, all resources that have tags.
      - Unknown ones are left out. When 100 IDs are unknown, the list of the service decides about the others.
    type: list
    elements: raw
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes.info
  - opentelekomcloud.csbs.tag_queries
"""

EXAMPLES = r"""
- name: Look up the tags of all backups, and their values
  opentelekomcloud.csbs.csbs_tag_info:
    resource_type: backup

- name: Look up the tags of one policy
  opentelekomcloud.csbs.csbs_tag_info:
    resource_type: policy
    resources: [nightly]

- name: Look up the policies of CBR of one team
  opentelekomcloud.csbs.csbs_tag_info:
    service: cbr
    resource_type: policy
    tags:
      team: platform

- name: Look up backups of two changes, except those with the tag keep
  opentelekomcloud.csbs.csbs_tag_info:
    resource_type: backup
    tags:
      change: [CHG-4711, CHG-4712]
    not_tags:
      keep:
"""

RETURN = r"""
tags:
  description: Each tag key of the found resources, with its sorted values.
  returned: success
  type: dict
  sample:
    team: [platform, web]
resources:
  description: The backups or policies found, each with its tags.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 27b11f3f-578d-4464-89d1-7c6d5894f753
      name: nightly
      tags:
        team: platform
"""

from ..module_utils._ansible.arguments import TAG_QUERY_SPEC
from ..module_utils._ansible.module import create_module
from ..module_utils._ansible.report import report
from ..module_utils._operations.tag_info import parse_options, read

ARGUMENT_SPEC = {
    "resource_type": {"type": "str", "required": True, "choices": ["backup", "policy"]},
    "resources": {"type": "list", "elements": "raw"},
    **TAG_QUERY_SPEC,
}


def main():
    report(create_module(ARGUMENT_SPEC), parse_options, read)


if __name__ == "__main__":
    main()
