# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of each error code of the services, and what a user can do.

Reference: appendixes/error_codes.
"""

from __future__ import annotations

# code -> (meaning, what to do); both are parts of a sentence
CODES: dict[str, tuple[str, str]] = {
    "BackupService.4008": (
        "projects that are new to backup cannot use CSBS",
        "use the successor service CBR in this project",
    ),
    "APIGW.0101": (
        "a gateway does not know the address",
        "check the address of the service in the catalog; if it is right, run the task again later",
    ),
    "APIGW.0308": ("the service's request limit is reached", "run fewer tasks at a time, or run the task again later"),
    "CSBS.0001": (
        "the project has the maximum number of backup policies",
        "delete a policy that is no longer needed; policies of CBR count too",
    ),
    "CSBS.1001": ("a manual run of the policy is in progress", "run the task again when it has ended"),
    "CSBS.2003": (
        "the backup or its server is being backed up, restored or deleted",
        "run the task again when that has ended",
    ),
    "CSBS.2004": ("the policy is being executed", "run the task again when its backups have ended"),
    "CSBS.3000": (
        "the policy does not exist",
        "look up policies with csbs_policy_info; the policy may have been deleted in the meantime",
    ),
    "CSBS.3001": (
        "the backup does not exist",
        "look up backups with csbs_backup_info; the backup may have been deleted in the meantime",
    ),
    "CSBS.4000": ("the backup cannot be restored in its current state", "wait until the backup is available"),
    "CSBS.5001": (
        "the schedule could not be enabled or disabled",
        "check the state of the policy and run the task again",
    ),
    "CSBS.6000": ("there is no such server", "check the server's ID and the project"),
    "CSBS.6001": ("the server has been terminated", "check the server"),
    "CSBS.6003": ("only servers (ECS) can be backed up", "remove the resource from the list"),
    "CSBS.6004": (
        "the server belongs to another backup policy",
        "allow move_servers to move it, or remove it from that policy",
    ),
    "CSBS.6005": (
        "the current state of the server does not allow a backup",
        "bring the server into the state ACTIVE or SHUTOFF",
    ),
    "CSBS.6006": (
        "a server of this type or state cannot be backed up",
        "bring the server into the state ACTIVE or SHUTOFF, or choose another",
    ),
    "CSBS.6007": ("the server has no disk", "attach a disk, or remove the server from the list"),
    "CSBS.6010": ("the server cannot be backed up because it has a shared disk", "detach the shared disk"),
    "CSBS.6013": ("only servers (ECS) can be restored", "choose a server"),
    "CSBS.6014": ("a target disk is not attached to the target server", "name disks of the target server"),
    "CSBS.6015": ("the server is being restored", "run the task again when the restore has ended"),
    "CSBS.6016": ("a server of this type cannot be restored", "choose another target server"),
    "CSBS.6017": ("a disk in the mapping is not part of the backup", "map the disks of this backup"),
    "CSBS.6018": ("the mapping leaves out a disk of the backup", "map every disk of the backup"),
    "CSBS.6019": (
        "source and target server are of different types",
        "choose a target server of the same type as the source",
    ),
    "CSBS.6020": ("the target server has no disk", "attach disks to the target server"),
    "CSBS.6021": ("a target disk is shared", "choose a disk that is not shared"),
    "CSBS.6023": (
        "a data disk cannot be restored to a system disk",
        "map system disk to system disk and data disk to data disk",
    ),
    "CSBS.6024": ("a target disk is smaller than the backed-up one", "extend the target disk, or choose a larger disk"),
    "CSBS.6025": (
        "backup and target server are in different availability zones",
        "choose a target server in the zone of the backup",
    ),
    "CSBS.6027": ("the server's availability zone does not support backup", "ask the provider"),
    "CSBS.6030": ("an automatic run is in progress", "run the task again when it has ended"),
    "CSBS.6032": (
        "the policy has no server that can be backed up",
        "put servers into the policy, or bring its servers into a state that allows backup",
    ),
    "CSBS.6033": ("the server has a disk on dedicated storage", "remove the server from the list"),
    "CSBS.6061": ("the server does not support backup", "remove the server from the list"),
    "CSBS.7000": ("there would be more than 10 tags", "remove tags first"),
    "CSBS.7001": ("there is no such tag", "the tag may have been removed in the meantime; run the task again"),
    "CSBS.8001": ("the state of the backup does not allow an image", "wait until the backup is available"),
    "CSBS.8007": ("the backup cannot be deleted because an image was made from it", "delete the image first"),
    "CSBS.8008": ("the state of the backup does not allow this", "run the task again later"),
    "CSBS.8009": ("the backup has no system disk", "choose a backup of a whole server"),
    "CSBS.9001": ("the service does not accept a parameter", "compare the options with the module's documentation"),
    "CSBS.9006": ("the backup quota is used up", "delete backups that are no longer needed, or ask for a higher quota"),
    "CSBS.9007": ("another policy has this name", "choose another name"),
    "CSBS.9008": ("only available backups can be used to create servers", "wait until the backup is available"),
    "CSBS.9009": ("the account is not allowed to do this", "have the account verified"),
    "CSBS.9998": ("the service does not work", "run the task again later, or ask the provider"),
    "CSBS.9999": ("the service has an internal error", "run the task again later, or ask the provider"),
    "IMG.0009": ("the image service already has an image with this name", "choose another name"),
    "IMG.0015": ("the image quota is used up", "delete images that are no longer needed, or ask for a higher quota"),
    "IMG.0029": (
        "the backup already has an image",
        "look up the image in the image service; a backup can have only one",
    ),
    "IMG.0127": (
        "the backup does not exist",
        "look up backups with csbs_backup_info; the backup may have been deleted in the meantime",
    ),
    "IMG.0132": ("the state of the backup does not allow an image", "wait until the backup is available"),
    "IMG.0134": (
        "the backup already has an image",
        "look up the image in the image service; a backup can have only one",
    ),
    "IMG.0136": ("the server is being backed up", "run the task again when that has ended"),
}
STATUSES: dict[int, tuple[str, str]] = {
    400: ("the service does not accept the request", "compare the options with the module's documentation"),
    401: (
        "the credentials were not accepted",
        "check the user name and password, or the application credential; it may have expired",
    ),
    403: (
        "the credentials do not allow this",
        "give the user the permission to use Cloud Server Backup Service in this project",
    ),
    404: (
        "the address does not exist, and the answer does not come from the service",
        "check the address of the service, and the network on the way to it",
    ),
    409: ("it is busy", "run the task again when the current operation has ended"),
    429: ("the service's request limit is reached", "run fewer tasks at a time, or run the task again later"),
}
