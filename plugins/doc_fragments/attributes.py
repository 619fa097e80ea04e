# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What modules promise about check mode, diff mode and a second run."""

    DOCUMENTATION = r"""
attributes:
  action_group:
    description: The module uses the C(module_defaults) of the group C(group/opentelekomcloud.csbs.csbs).
    support: full
    membership:
      - opentelekomcloud.csbs.csbs
  check_mode:
    description: In check mode, predicts the result of a real run and sends no request that changes something.
    support: full
  diff_mode:
    description: In diff mode, shows what the task changes, or would change in check mode.
    support: full
  idempotent:
    description: A second run with the same options changes nothing and sends no request that changes something.
    support: full
"""

    INFO = r"""
attributes:
  action_group:
    description: The module uses the C(module_defaults) of the group C(group/opentelekomcloud.csbs.csbs).
    support: full
    membership:
      - opentelekomcloud.csbs.csbs
  check_mode:
    description: Only reads. Check mode makes no difference.
    support: full
  diff_mode:
    description: Changes nothing, so there is no diff.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
"""
