# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..plugin_utils._both_services import BothServicesAction


class ActionModule(BothServicesAction):
    """Runs csbs_migration_info in plays that set service for all modules."""
