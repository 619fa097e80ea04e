#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_tag
short_description: Manage tags of backups and backup policies
version_added: 0.1.0
description:
  - Sets and removes tags of backups or policies.
  - With O(service=cbr), the tags of a policy are those that all its vaults have. A tag is set on every vault of the
    policy, and removed from every vault that has it. Backups have no tags.
  - With O(service=cbr), a tag whose key is the ID of a server marks a server on its way from CSBS to CBR. Such tags are
    never shown, changed or counted.
  - If the change of one resource fails, the others are still changed. The task then fails, names each failed
    resource, and returns all resources with their current tags.
  - Up to three resources are read one by one. For more, the module reads one list and sends one tag query.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  resource_type:
    description:
      - Type of the resources that have the tags. With O(service=cbr), only V(policy).
    type: str
    choices: [backup, policy]
    required: true
  resources:
    description:
      - Names or IDs of backups or policies, or dictionaries with C(id) as in results.
      - With O(state=absent), what does not exist is left out. When 100 IDs are unknown, the list of the service decides
        about the others.
    type: list
    elements: raw
    required: true
  tags:
    description:
      - The tags, at most 10 for each resource. A key has 1 to 36, and a value up to 43 letters, digits, hyphens and
        underscores.
      - With O(service=cbr), a vault may also have at most 10 tags. A policy without a vault cannot have tags, and a key
        must not have the form of an ID.
      - With O(state=absent), a tag is removed if it has the given value. A key without a value removes the tag with
        any value.
    type: dict
    required: true
  state:
    description:
      - With V(present), the resources have these tags. With V(absent), they do not have them.
    type: str
    choices: [absent, present]
    default: present
  purge:
    description:
      - Whether tags that are not in O(tags) are removed. Only with O(state=present).
    type: bool
    default: false
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.timeout
"""

EXAMPLES = r"""
- name: Tag a policy
  opentelekomcloud.csbs.csbs_tag:
    resource_type: policy
    resources: [nightly]
    tags:
      team: platform
      cost-centre: "4711"

- name: Give the policy this tag, and remove all others
  opentelekomcloud.csbs.csbs_tag:
    resource_type: policy
    resources: [nightly]
    tags:
      team: platform
    purge: true

- name: Tag a policy of CBR, on all its vaults
  opentelekomcloud.csbs.csbs_tag:
    service: cbr
    resource_type: policy
    resources: [nightly-in-vaults]
    tags:
      team: platform

- name: Remove a tag with any value
  opentelekomcloud.csbs.csbs_tag:
    resource_type: policy
    resources: [nightly]
    tags:
      team:
    state: absent
"""

RETURN = r"""
resources:
  description:
    - The backups or policies with their tags after the task, or in check mode as the task would leave them.
    - If the task fails after a change, C(tags) is null for resources whose tags cannot be read.
  returned: success, or when the task fails after a change
  type: list
  elements: dict
  sample:
    - id: 27b11f3f-578d-4464-89d1-7c6d5894f753
      name: nightly
      tags:
        team: platform
"""

from ..module_utils._ansible.arguments import TIMEOUT_SPEC
from ..module_utils._ansible.converge import converge
from ..module_utils._ansible.module import create_module
from ..module_utils._operations.tag import finish, parse_options, plan

ARGUMENT_SPEC = {
    "purge": {"type": "bool", "default": False},
    "resource_type": {"type": "str", "required": True, "choices": ["backup", "policy"]},
    "resources": {"type": "list", "elements": "raw", "required": True},
    "state": {"type": "str", "default": "present", "choices": ["absent", "present"]},
    "tags": {"type": "dict", "required": True},
    **TIMEOUT_SPEC,
}


def main():
    converge(create_module(ARGUMENT_SPEC), parse_options, plan, finish)


if __name__ == "__main__":
    main()
