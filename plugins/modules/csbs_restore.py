#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_restore
short_description: Put a server back to a backup of Cloud Server Backup Service
version_added: 0.1.0
description:
  - Overwrites the disks of a server with those of a backup. The service shuts the server down first. This cannot be
    undone.
  - Before anything is sent, the module decides which disk goes onto which, and asks the service whether it accepts the
    restore. What is not certain is refused, with the disks of both sides and the way to say what is meant.
  - In check mode it shows all that, and needs no O(confirm).
  - Waits until the restore has ended. The service has no status of a restore. It shows only the state of the backup,
    which becomes C(available) again whether the restore succeeded or failed. So the module compares the failures that
    the backup shows before and after, and checks the server.
  - When the answer to the restore call is lost, the module reads the backup to find out whether the restore began, and
    sends the call again only when the backup shows that it did not.
  - While it waits, a line for each look shows the progress, when the module runs on the machine of the controller.
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  backup:
    description:
      - Name or ID of the backup, or a dictionary with C(id) as results hold them.
      - Together with O(server), a name is looked for among the backups of that server only.
      - A name that several backups have is an error that lists their IDs; failed ones do not count where there are
        others.
      - Either O(backup) or O(server) is needed.
    type: raw
  server:
    description:
      - Name or ID of the server that was backed up, or a dictionary with C(id). It need not exist any more.
      - A name means the server that has it now. Only when no server has it, it means the former server that had it. The
        old name of a server that has another name now is refused.
      - Without O(backup) it means the newest good backup of this server, made by hand or by a policy, that fits
        O(before). One that is being restored just now counts, and is waited for.
      - When a server was created again under its old name, its old backups belong to the former server. The error says
        so, with the ID of the former server. Give that ID here, and the name as O(target_server).
    type: raw
  before:
    description:
      - With O(server), the recovery point is at this time or earlier, such as V(2026-03-01T02:00:00Z) or V(2026-03-01),
        which is the beginning of that day. A time without a zone is UTC.
      - Without it all backups that there are now fit.
    type: str
  target_server:
    description:
      - Name or ID of the server whose disks are overwritten, or a dictionary with C(id).
      - By default it is the one that was backed up; when that no longer exists, this option is needed.
      - It must be running or stopped, and in the availability zone of the backup.
    type: raw
  volumes:
    description:
      - Which disk of the backup goes onto which disk of the target server.
      - What is not listed goes back onto the disk that it came from, if that is attached to the target. Then the system
        disk goes onto the system disk. Then what is left goes where its size leaves one way only. All else is refused,
        also disks of equal size, as the backup does not hold which device a disk was.
      - Target disks must be at least as large, must not be shared, and a system disk and a data disk do not replace
        each other.
    type: list
    elements: dict
    suboptions:
      backup_id:
        description:
          - ID of the disk in the backup (C(id) in C(volumes) of a backup), or of the disk that it was made of.
        type: str
        required: true
      volume_id:
        description:
          - ID of a disk that is attached to the target server.
        type: str
        required: true
  power_on:
    description:
      - Whether the server is started after the restore. With V(false) it stays shut off, even if it was running before.
      - With V(true) the task succeeds only when the server is ACTIVE before O(timeout).
    type: bool
    default: true
  confirm:
    description:
      - Confirms that the disks may be overwritten. Without it the module runs in check mode only.
    type: bool
    default: false
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.wait
attributes:
  idempotent:
    support: none
    details:
      - Every run restores again, because nothing shows whether the disks still hold what the backup holds.
seealso:
  - module: opentelekomcloud.csbs.csbs_backup
  - module: opentelekomcloud.csbs.csbs_backup_info
"""

EXAMPLES = r"""
- name: Back a server up before a release
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

- name: Put the server back to that backup
  opentelekomcloud.csbs.csbs_restore:
    backup: "{{ safe.backups[0] }}"
    confirm: true
    poll_interval: 1

- name: Put the server back to its last good backup of a time or earlier, and leave it shut off
  opentelekomcloud.csbs.csbs_restore:
    server: app-1
    before: "{{ safe.backups[0].protected_at or safe.backups[0].created_at }}"
    power_on: false
    confirm: true
    poll_interval: 1

- name: Show which disks of another server the backup would go onto
  opentelekomcloud.csbs.csbs_restore:
    backup: "{{ safe.backups[0] }}"
    target_server: web-3
  check_mode: true
  register: shown

- name: Put it onto that server, and say which disk is meant instead of leaving it to the module
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
    - What was restored to where.
    - C(id) is the service's ID of the restore, null in check mode and when the service's answer was lost.
    - C(status) is C(restored), C(failed), or C(in_progress) when the end was not waited for or not reached; null in
      check mode.
    - C(target_server) and C(backup.server) have the names that the servers have now.
    - C(volumes) has an entry for each disk of the backup and the disk of the target server that it goes onto.
  returned: success, and failure after the restore was started
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
  description: The backup that it was restored from.
  returned: success, and failure after the restore was started
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
    converge(create_module(ARGUMENT_SPEC), parse_options, plan, finish)


if __name__ == "__main__":
    main()
