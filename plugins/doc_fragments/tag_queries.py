# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Choice of backups or policies by their tags."""

    DOCUMENTATION = r"""
options:
  tags:
    description:
      - Only what has all of these tags. A key may have a value, a list of values of which one must fit, or nothing for any value.
    type: dict
  tags_any:
    description:
      - Only what has at least one of these tags.
    type: dict
  not_tags:
    description:
      - Leaves out what has all of these tags.
    type: dict
  not_tags_any:
    description:
      - Leaves out what has at least one of these tags.
    type: dict
"""
