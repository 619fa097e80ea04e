# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The choice of backups or policies by their tags."""

    DOCUMENTATION = r"""
options:
  tags:
    description:
      - Returns only objects that have all of these tags. A key can have a value, a list of values of which one must
        match, or no value, which matches any value.
    type: dict
  tags_any:
    description:
      - Returns only objects that have at least one of these tags.
    type: dict
  not_tags:
    description:
      - Leaves out objects that have all of these tags.
    type: dict
  not_tags_any:
    description:
      - Leaves out objects that have at least one of these tags.
    type: dict
"""
