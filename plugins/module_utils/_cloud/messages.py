# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that messages about the cloud share, and what none may show."""

from __future__ import annotations

#: Passwords, tokens and the like that this process knows. AnsibleModule hides them too: it shares this set.
SECRETS: set[str] = set()
LOGIN = "log in to the cloud"
BACKUP_SERVICE = "Cloud Server Backup Service (data-protect)"
CBR_SERVICE = "Cloud Backup and Recovery (cbr)"
#: What messages call the backup services
TITLES = {"csbs": BACKUP_SERVICE, "cbr": CBR_SERVICE}
