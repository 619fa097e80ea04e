# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The backup service of modules."""

    DOCUMENTATION = r"""
options:
  service:
    description:
      - Which backup service to use. V(csbs) is Cloud Server Backup Service, V(cbr) is its successor, Cloud Backup and
        Recovery. The module never uses the other one by itself.
      - Without it, the module uses the environment variable E(CSBS_SERVICE). To set it once for all modules of this
        collection, use C(module_defaults) with the group C(group/opentelekomcloud.csbs.csbs).
    type: str
    choices: [cbr, csbs]
    default: csbs
"""
