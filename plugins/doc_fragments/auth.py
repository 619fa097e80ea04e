# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The login of modules, and their requirements."""

    DOCUMENTATION = r"""
options:
  cloud:
    description:
      - Name of a cloud in C(clouds.yaml), or a dictionary that describes one.
      - Without it, the module uses the cloud of the environment variable E(OS_CLOUD), or the other C(OS_*) variables.
    type: raw
  auth:
    description:
      - The values that the authentication plugin needs, such as C(auth_url), C(username), C(password), C(project_name),
        C(user_domain_name) and C(project_domain_name).
      - Not needed when O(cloud) or the environment contains them.
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
      - Whether the TLS certificates of the cloud are checked.
      - Without it, the configuration of the cloud decides. The default is to check them.
      - With V(false), O(ca_cert) has no effect, wherever each of them is set. Anyone between this machine and the
        cloud can then read the password and the token.
      - The addresses of the services come from the catalog of the cloud. If one of them begins with C(http://), the
        token is sent there unencrypted, whatever this option says. A redirection to another host, another port or
        C(http://) is never followed with a token or a password.
    type: bool
    aliases: [verify]
  ca_cert:
    description:
      - Path of a PEM file with the CA certificates that are used to check the certificates of the cloud, instead of
        those that this machine trusts.
    type: str
    aliases: [cacert]
  client_cert:
    description:
      - Path of a PEM file with the client certificate that is sent to the cloud, and to all its services. The file
        may also hold the key.
    type: str
    aliases: [cert]
  client_key:
    description:
      - Path of a PEM file with the key that belongs to O(client_cert). The key must not need a passphrase.
    type: str
    aliases: [key]
  api_timeout:
    description:
      - Timeout of one request, in seconds.
    type: int
  interface:
    description:
      - Which endpoint of the service catalog to use.
    type: str
    choices: [admin, internal, public]
    default: public
    aliases: [endpoint_type]
  sdk_log_path:
    description:
      - Path of the log file of openstacksdk. Without it, nothing is logged.
    type: str
  sdk_log_level:
    description:
      - Log level of openstacksdk.
    type: str
    choices: [INFO, DEBUG]
    default: INFO
requirements:
  - python >= 3.10
  - openstacksdk >= 4.0.0
notes:
  - Authentication works as in the collection C(openstack.cloud), with C(clouds.yaml), C(OS_*) variables or options.
    To set it once for all modules of this collection, use C(module_defaults) with the group
    C(group/opentelekomcloud.csbs.csbs).
  - Passwords and tokens are hidden in results, messages and the log of openstacksdk. But Ansible itself shows the
    keyword C(environment) of a task with C(-vvv), so do not put secrets there.
"""
