# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How modules log in, and what they need."""

    DOCUMENTATION = r"""
options:
  cloud:
    description:
      - Name of a cloud in C(clouds.yaml), or a dictionary that describes one.
      - Without it the cloud of the environment variable E(OS_CLOUD), or the other C(OS_*) variables, are used.
    type: raw
  auth:
    description:
      - What the authentication plugin needs, such as C(auth_url), C(username), C(password), C(project_name),
        C(user_domain_name) and C(project_domain_name).
      - Not needed when O(cloud) or the environment says it.
    type: dict
  auth_type:
    description:
      - Authentication plugin to use, such as V(password), V(token) or V(v3applicationcredential).
    type: str
  region_name:
    description:
      - Name of the region.
    type: str
  validate_certs:
    description:
      - Whether the certificates of the cloud's addresses are checked.
      - Without it the cloud's own configuration decides, and else they are checked.
    type: bool
    aliases: [verify]
  ca_cert:
    description:
      - Path of a bundle of CA certificates to check the cloud's certificates with.
    type: str
    aliases: [cacert]
  client_cert:
    description:
      - Path of a client certificate to present to the cloud.
    type: str
    aliases: [cert]
  client_key:
    description:
      - Path of the key that belongs to O(client_cert).
    type: str
    aliases: [key]
  api_timeout:
    description:
      - How many seconds one request may take.
    type: int
  interface:
    description:
      - Which of the catalog's addresses to use.
    type: str
    choices: [admin, internal, public]
    default: public
    aliases: [endpoint_type]
  sdk_log_path:
    description:
      - Path of a file for the log of openstacksdk. Without it nothing is logged.
    type: str
  sdk_log_level:
    description:
      - How much openstacksdk logs.
    type: str
    choices: [INFO, DEBUG]
    default: INFO
requirements:
  - python >= 3.10
  - openstacksdk >= 4.0.0
notes:
  - Authentication works as in the collection C(openstack.cloud), through C(clouds.yaml), C(OS_*) variables or options.
    Set it once for all modules of this collection with
    C(module_defaults) for the group C(group/opentelekomcloud.csbs.csbs).
"""
