#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_restore
short_description: Restore a server from a backup
version_added: 0.1.0
description:
  - Overwrites the disks of a server with the disks of a backup. The service shuts the server down first. This cannot be
    undone.
  - Before the restore, the module decides which disk of the backup overwrites which disk of the server. If this is not
    clear, the task is refused. The message lists the disks of both sides and says how to choose them. With
    O(service=csbs), the module also asks the service whether it accepts the restore. CBR has no such check.
  - Check mode shows all this, and does not need O(confirm).
  - The module waits until the restore has ended. CSBS has no status for a restore. It shows only the status of
    the backup, which becomes C(available) again after success and after failure. So the module compares the failures
    that the backup shows before and after the restore, and checks the server.
  - With O(service=cbr), the restore has a task in the service. The restore succeeded only if the backup is C(available)
    again and this task ended with success. If the service shows no such task, the module fails, because the end of the
    restore is not known.
  - CBR restores one server of a project at a time. The module waits for the end of other restores.
  - If the answer to the restore call is lost, the module reads the backup, and with CBR also the tasks, to find out
    whether the restore began. It sends the call again only if they show that the restore did not begin.
  - While the module waits on the control node, the output shows the progress.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  backup:
    description:
      - Name or ID of the backup, or a dictionary with C(id) as in results.
      - Together with O(server), the name means a backup of that server.
      - If several backups have the name, the task fails and lists their IDs. Failed backups count only if there are no
        others.
      - At least one of O(backup) and O(server) is required.
    type: raw
  server:
    description:
      - Name or ID of the server that was backed up, or a dictionary with C(id). The server may no longer exist.
      - A name means the existing server with this name. If there is none, it means the former server with this name.
        The old name of a server that now has another name is refused.
      - Without O(backup), the module uses the newest good backup of this server, manual or automatic, that matches
        O(before). If a restore from this backup is in progress, the module waits for its end.
      - If a server was created again with its old name, the old backups belong to the former server. The message then
        contains the ID of the former server. Use that ID here, and the name in O(target_server).
    type: raw
  before:
    description:
      - With O(server), the latest allowed recovery point, such as V(2026-03-01T02:00:00Z) or V(2026-03-01), which means
        the beginning of that day. A time without a zone is UTC.
      - Without it, every recovery point is allowed.
    type: str
  target_server:
    description:
      - Name or ID of the server whose disks are overwritten, or a dictionary with C(id).
      - The default is the server that was backed up. If that server no longer exists, this option is required.
      - The server must be running or stopped. With O(service=csbs), it must be in the availability zone of the backup.
    type: raw
  volumes:
    description:
      - Which disk of the backup overwrites which disk of the target server.
      - A disk that is not listed overwrites the disk that it was made of, if that disk is attached to the target. Then
        the system disk overwrites the system disk. Then the other disks are matched by size, if there is only one way.
        Everything else is refused, also disks of equal size, because the backup does not contain the device of a disk.
      - At most 100 disks, each once.
      - A target disk must be at least as large, and must not be shared. A system disk cannot replace a data disk, and a
        data disk cannot replace a system disk.
    type: list
    elements: dict
    suboptions:
      backup_id:
        description:
          - ID of the disk in the backup (C(id) in C(volumes) of a backup), or of the original disk.
        type: str
        required: true
      volume_id:
        description:
          - ID of a disk that is attached to the target server.
        type: str
        required: true
  power_on:
    description:
      - Whether the server is started after the restore. With V(false), it stays shut off, even if it was running
        before.
      - With V(true), the task succeeds only if the server is ACTIVE before O(timeout).
    type: bool
    default: true
  confirm:
    description:
      - Confirms that the disks may be overwritten. Without it, the task is refused, except in check mode.
    type: bool
    default: false
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.wait
attributes:
  idempotent:
    support: none
    details:
      - Every run restores again, because the module cannot know whether the disks still have the content of the backup.
        So does the run after one that was interrupted, even if the first restore has ended well.
seealso:
  - module: opentelekomcloud.csbs.csbs_backup
  - module: opentelekomcloud.csbs.csbs_backup_info
"""

EXAMPLES = r"""
- name: Back up a server before a release
  opentelekomcloud.csbs.csbs_backup:
    servers: [app-1]
    name: before-release
    poll_interval: 1
  register: safe

- name: Show what a restore would overwrite
  opentelekomcloud.csbs.csbs_restore:
    backup: before-release
    server: app-1
  check_mode: true
  diff: true

- name: Restore the server from this backup
  opentelekomcloud.csbs.csbs_restore:
    backup: "{{ safe.backups[0] }}"
    confirm: true
    poll_interval: 1

- name: Restore the server from its last good backup up to a time, and leave it shut off
  opentelekomcloud.csbs.csbs_restore:
    server: app-1
    before: "{{ safe.backups[0].protected_at or safe.backups[0].created_at }}"
    power_on: false
    confirm: true
    poll_interval: 1

- name: Show which disks of another server would be overwritten
  opentelekomcloud.csbs.csbs_restore:
    backup: "{{ safe.backups[0] }}"
    target_server: web-3
  check_mode: true
  register: shown

- name: Restore the backup to that server, and choose the disk
  opentelekomcloud.csbs.csbs_restore:
    backup: "{{ safe.backups[0] }}"
    target_server: web-3
    volumes:
      - backup_id: "{{ safe.backups[0].volumes[0].id }}"
        volume_id: "{{ shown.restore.volumes[0].volume_id }}"
    confirm: true
    poll_interval: 1
"""

RETURN = r"""
restore:
  description:
    - The restore.
    - C(id) is the ID of the restore in the service. Null in check mode, and if the answer of the service was lost.
    - With O(service=cbr), C(id) is the ID of the restore's task. Null in check mode, and if the service does not show
      the task yet.
    - C(status) is C(restored), C(failed), or C(in_progress) if the task did not wait for the end or did not reach it.
      Null in check mode.
    - C(target_server) and C(backup.server) have the current names of the servers.
    - C(volumes) has an entry for each disk of the backup, with the disk of the target server that it overwrites.
  returned: success, or failure after the restore was started
  type: dict
  sample:
    id: d3a54e80-6483-485d-98f6-c0409e6f2e0a
    status: restored
    target_server:
      id: 45baf976-c20a-4894-a7c3-c94b7376bf55
      name: app-1
    power_on: true
    volumes:
      - backup_id: bc118c24-3234-4afd-8423-d66d3d677649
        source_volume_id: ee27f809-6fb5-40ae-ac46-c932bb4ee8fe
        source_name: app-1-volume-0000
        source_size_gb: 20
        volume_id: ee27f809-6fb5-40ae-ac46-c932bb4ee8fe
        volume_name: app-1-volume-0000
        volume_size_gb: 20
        bootable: true
        device: /dev/vda
backup:
  description: The backup from which the server was restored.
  returned: success, or failure after the restore was started
  type: dict
  sample:
    id: 90c1d5fa-1b9f-4aeb-b2f4-81c806e98190
    checkpoint_id: f672a1bb-6912-446a-816c-72792c5263e0
    name: before-release
    description: ""
    status: available
    server:
      id: 45baf976-c20a-4894-a7c3-c94b7376bf55
      name: app-1
    vault: null
    tags: {}
    created_at: "2026-03-01T09:31:08.265000Z"
    protected_at: "2026-03-01T09:31:08.265000Z"
    finished_at: "2026-03-01T09:38:41.000000Z"
    expired_at: null
    auto_trigger: false
    incremental: true
    instant_restore: false
    progress: 100
    size_mb: 1450
    image_type: backup
    availability_zone: eu-de-01
    images: []
    fail_reason: null
    volumes:
      - id: bc118c24-3234-4afd-8423-d66d3d677649
        status: available
        volume_id: ee27f809-6fb5-40ae-ac46-c932bb4ee8fe
        volume_name: app-1-volume-0000
        volume_size_gb: 20
        bootable: true
        size_mb: 1450
"""

from ..module_utils._ansible.arguments import WAIT_SPEC
from ..module_utils._ansible.converge import converge
from ..module_utils._ansible.module import create_module
from ..module_utils._operations.restore import finish, parse_options, plan

ARGUMENT_SPEC = {
    "backup": {"type": "raw"},
    "before": {"type": "str"},
    "confirm": {"type": "bool", "default": False},
    "power_on": {"type": "bool", "default": True},
    "server": {"type": "raw"},
    "target_server": {"type": "raw"},
    "volumes": {
        "type": "list",
        "elements": "dict",
        "options": {
            "backup_id": {"type": "str", "required": True},
            "volume_id": {"type": "str", "required": True},
        },
    },
    **WAIT_SPEC,
}


def main():
    converge(
        create_module(
            ARGUMENT_SPEC,
            mutually_exclusive=[("backup", "before")],
            required_by={"before": "server"},
            required_one_of=[("backup", "server")],
        ),
        parse_options,
        plan,
        finish,
    )


if __name__ == "__main__":
    main()
