# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What modules promise about check mode, diff mode and running again."""

    DOCUMENTATION = r"""
attributes:
  action_group:
    description: C(module_defaults) of the group C(group/opentelekomcloud.csbs.csbs) apply.
    support: full
    membership:
      - opentelekomcloud.csbs.csbs
  check_mode:
    description: Can run in check mode, predicts what a run would do, and sends no changing request.
    support: full
  diff_mode:
    description: Shows in diff mode what a run changes, or in check mode would change.
    support: full
  idempotent:
    description: A second run with the same options changes nothing and sends no changing request.
    support: full
"""

    INFO = r"""
attributes:
  action_group:
    description: C(module_defaults) of the group C(group/opentelekomcloud.csbs.csbs) apply.
    support: full
    membership:
      - opentelekomcloud.csbs.csbs
  check_mode:
    description: Only reads, in check mode as ever.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
"""
