# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The vaults of policies, and what becomes of the backups of servers that leave."""

    DOCUMENTATION = r"""
options:
  vault:
    description:
      - What a vault is like that the task makes. Only with O(service=cbr). Vaults that exist are never renamed, and
        grow only if servers join that would not fit.
      - A server that joins goes into the first vault of the policy with room, or else into the first one that can
        grow, or else into a new vault. A vault has at most 256 servers.
    type: dict
    suboptions:
      name:
        description:
          - Name of the first vault that the task makes. Further vaults get V(-0002), V(-0003) and so on. The default is
            the name of the policy.
        type: str
      size_gb:
        description:
          - Size of a new vault in GB, at least the sum of the disks of its servers. The service bills this size. The
            default is the sum of the disks of the servers times O(vault.size_factor), at least 10 GB.
        type: int
      size_factor:
        description:
          - A new or growing vault is this many times as large as the disks of its servers, at least 1.
        type: float
        default: 2.0
      auto_expand:
        description:
          - Whether the service enlarges a new vault by a quarter when it is full. Without it, a full vault takes no
            more backups.
          - Also switched on for a vault of the policy that is empty and has the name of a new one, because an
            interrupted run may have left it.
        type: bool
        default: true
  leaving_backups:
    description:
      - What becomes of the backups of servers that leave the policy, with O(service=cbr).
      - With V(keep), a server that has backups is moved with them into the vault C(NAME-parked), which has no policy.
        NAME is the name of the policy. The vault is made if it does not exist, and it is billed. Before it is made,
        the task looks for it for 30 seconds, because lists of the service may be late.
      - With V(delete), the server leaves its vault and ALL ITS BACKUPS IN THIS VAULT ARE DELETED, also manual ones.
        This cannot be undone, so it needs O(confirm=true).
      - With O(service=csbs), the backups always stay, and V(delete) is refused.
    type: str
    choices: [delete, keep]
    default: keep
  confirm:
    description:
      - Confirms O(leaving_backups=delete). Without it, the task refuses to delete backups. Check mode does not need it.
    type: bool
    default: false
"""
