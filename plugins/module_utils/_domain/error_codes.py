# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of each error code of the services, and what a user can do.

Codes that begin with CSBS are those of CSBS, and those that begin with BackupService of CBR. CSBS knows one of these
too: 4008.

Reference: appendixes/error_codes.
"""

from __future__ import annotations

# code -> (meaning, what to do); both are parts of a sentence
CODES: dict[str, tuple[str, str]] = {
    "APIGW.0101": (
        "a gateway does not know the address",
        "check the address of the service in the catalog; if it is right, run the task again later",
    ),
    "APIGW.0308": ("the service's request limit is reached", "run fewer tasks at a time, or run the task again later"),
    "BackupService.0001": (
        "there is nothing to back up",
        "check the servers' states and disks, and whether their backups are in progress",
    ),
    "BackupService.0002": ("the server is being backed up", "run the task again when that has ended"),
    "BackupService.2001": (
        "a target disk is smaller than the backed-up one",
        "extend the target disk, or choose a larger disk",
    ),
    "BackupService.2002": ("the server is being backed up", "run the task again when that has ended"),
    "BackupService.2003": ("the backup cannot be restored to another server", "restore it to its own server"),
    "BackupService.2005": ("the backup cannot be restored in its current state", "wait until the backup is available"),
    "BackupService.2007": ("the server has been terminated", "choose another target server"),
    "BackupService.2008": (
        "the current state of the server does not allow a restore",
        "bring the server into the state ACTIVE or SHUTOFF",
    ),
    "BackupService.2009": ("a target disk is of a type that cannot be restored to", "choose another disk"),
    "BackupService.2010": ("a restore is in progress", "run the task again when it has ended"),
    "BackupService.2011": (
        "the current state of a target disk does not allow a restore",
        "name disks that are attached to the target server",
    ),
    "BackupService.2012": ("some disks of the backup cannot be restored", "map every disk of the backup"),
    "BackupService.2013": (
        "a data disk cannot be restored to a system disk",
        "map system disk to system disk and data disk to data disk",
    ),
    "BackupService.2014": (
        "the backup of a bare metal server cannot be restored to another kind of server",
        "choose a target server of the same type as the source",
    ),
    "BackupService.2015": (
        "source and target server have different processor architectures",
        "choose a target server of the same type as the source",
    ),
    "BackupService.4001": (
        "there is no such migration from CSBS",
        "look at the migration in the console of CBR",
    ),
    "BackupService.4004": ("the migration from CSBS could not clean up", "run the task again later"),
    "BackupService.4005": (
        "the migration from CSBS could not check the target vault",
        "check the vault, and run the task again later",
    ),
    "BackupService.4006": (
        "the migration from CSBS met a backup that is being made, restored or deleted",
        "run the task again when that has ended",
    ),
    "BackupService.4007": (
        "the migration from CSBS could not check the other regions",
        "run the task again later",
    ),
    "BackupService.4008": (
        "CSBS is closed to projects that are new to backup",
        "use service: cbr, the successor of CSBS",
    ),
    "BackupService.6000": (
        "the policy does not exist",
        "look up policies with csbs_policy_info; the policy may have been deleted in the meantime",
    ),
    "BackupService.6001": (
        "the project has the maximum number of backup policies",
        "delete a policy that is no longer needed; policies of CSBS count too",
    ),
    "BackupService.6002": ("the vault does not have this policy", "run the task again; others may have changed it"),
    "BackupService.6003": (
        "the target of a replication policy that vaults have cannot be changed",
        "take the policy off its vaults first",
    ),
    "BackupService.6100": ("there would be too many servers in the vault", "use another vault"),
    "BackupService.6101": (
        "the size of the vault is not enough for the disks of its servers, or is out of range",
        "give the vault more GB",
    ),
    "BackupService.6102": ("the vault is for resources of another type", "choose a vault for servers"),
    "BackupService.6103": (
        "the server is in a vault already",
        "allow move_servers to move it, or remove it from its policy",
    ),
    "BackupService.6104": ("a server is there twice", "name each server once"),
    "BackupService.6105": (
        "the vault does not exist",
        "check its name; the vault may have been deleted in the meantime",
    ),
    "BackupService.6106": ("another vault has this name", "choose another name"),
    "BackupService.6107": ("the vault could not be resized", "run the task again later, or ask the provider"),
    "BackupService.6108": (
        "the server cannot join the vault; it may belong to a policy of CSBS",
        "remove the server from its CSBS policy first, see csbs_migration",
    ),
    "BackupService.6110": (
        "the current state of the vault allows no change; it may be locked or frozen",
        "check the state of the vault in the console, and run the task again",
    ),
    "BackupService.6111": (
        "the vault cannot be deleted in its current state",
        "run the task again when its tasks have ended",
    ),
    "BackupService.6112": (
        "the current state of the vault does not allow this; it may be locked or frozen",
        "check the state of the vault in the console, and run the task again",
    ),
    "BackupService.6113": (
        "the current state of the vault allows no backup; it may be frozen",
        "check the state of the vault in the console, and run the task again",
    ),
    "BackupService.6114": (
        "the vault is full",
        "give the vault more GB, or delete backups that are no longer needed",
    ),
    "BackupService.6116": ("the vaults are for resources of different types", "choose a vault of the same type"),
    "BackupService.6117": ("the service does not know this type of policy", "choose a backup policy"),
    "BackupService.6121": ("the vault could not be deleted", "run the task again later, or ask the provider"),
    "BackupService.6123": (
        "the vault could not be resized; another change of its size may be in progress",
        "run the task again when that has ended",
    ),
    "BackupService.6124": ("a vault of this type makes no backups", "choose a vault for backups"),
    "BackupService.6125": ("a task of the vault is in progress", "run the task again when it has ended"),
    "BackupService.6127": (
        "the policy does not fit the vault, or the vault has another policy",
        "take the other policy off the vault, or choose another vault",
    ),
    "BackupService.6128": ("a vault of this type replicates no backups", "choose a vault for backups of servers"),
    "BackupService.6129": ("the target vault has no room for the backups", "give the target vault more GB"),
    "BackupService.6130": ("backups of the vault are being replicated", "run the task again when that has ended"),
    "BackupService.6132": ("the vault could not be created", "run the task again later, or ask the provider"),
    "BackupService.6133": (
        "the project has the maximum number of vaults",
        "delete a vault that is no longer needed, or ask for a higher quota",
    ),
    "BackupService.6134": ("servers are leaving the vault", "run the task again when they have left"),
    "BackupService.6135": (
        "the server is not in the vault",
        "put the server into the vault first; others may have taken it out in the meantime",
    ),
    "BackupService.6137": (
        "a shared disk would be backed up in two vaults",
        "put all servers that share the disk into the same vault, or detach the disk",
    ),
    "BackupService.6142": (
        "all vaults are full",
        "give the vaults more GB, or delete backups that are no longer needed",
    ),
    "BackupService.6200": (
        "the backup does not exist",
        "look up backups with csbs_backup_info; the backup may have been deleted in the meantime",
    ),
    "BackupService.6201": (
        "the backup cannot be deleted in its current state",
        "run the task again when it is available",
    ),
    "BackupService.6202": (
        "the current state of the vault allows no restore; it may be frozen",
        "check the state of the vault in the console, and run the task again",
    ),
    "BackupService.6203": ("a backup is in progress", "run the task again when it has ended"),
    "BackupService.6204": ("the backup cannot be deleted because an image was made from it", "delete the image first"),
    "BackupService.6207": ("no image can be made from a backup of this type", "choose a backup of a whole server"),
    "BackupService.6208": ("the state of the backup does not allow an image", "wait until the backup is available"),
    "BackupService.6209": ("the backup has no system disk", "choose a backup of a whole server"),
    "BackupService.6210": (
        "the backup already has an image",
        "look up the image in the image service; a backup can have only one",
    ),
    "BackupService.6211": (
        "the backup already has an image",
        "look up the image in the image service; a backup can have only one",
    ),
    "BackupService.6212": ("the image could not be made", "run the task again later, or ask the provider"),
    "BackupService.6213": ("backup and image do not belong together", "name the backup that the image was made from"),
    "BackupService.6214": ("the image could not be released", "run the task again later, or ask the provider"),
    "BackupService.6215": (
        "the current state of the server does not allow a backup",
        "bring the server into the state ACTIVE or SHUTOFF",
    ),
    "BackupService.6216": ("the backup is in use", "run the task again when that has ended"),
    "BackupService.6217": (
        "the restore point does not exist",
        "look up backups with csbs_backup_info; its backups may have been deleted in the meantime",
    ),
    "BackupService.6220": (
        "automatic backups of a locked vault cannot be deleted",
        "wait until their retention ends",
    ),
    "BackupService.6302": ("there is no such server", "check the server's ID and the project"),
    "BackupService.6500": ("the task of the service does not exist", "run the task again"),
    "BackupService.6501": ("the task of the service does not exist", "run the task again"),
    "BackupService.6600": ("there would be more than 20 tags on a vault", "remove tags first"),
    "BackupService.6601": ("there is no such tag", "the tag may have been removed in the meantime; run the task again"),
    "BackupService.6700": ("only backups of servers can be shared", "choose a backup of a server"),
    "BackupService.6701": ("the maximum number of backups is shared", "end the sharing of other backups first"),
    "BackupService.6702": ("only available backups can be shared", "wait until the backup is available"),
    "BackupService.6703": ("the backup is shared already", "check with whom the backup is shared"),
    "BackupService.6704": ("the project to share with is not valid", "check the ID of the project"),
    "BackupService.6705": ("the backup is not shared with this project", "check with whom the backup is shared"),
    "BackupService.6706": ("a value for the sharing of a backup is not valid", "check the values"),
    "BackupService.6707": ("the backup cannot be shared", "choose another backup"),
    "BackupService.6708": (
        "the sharing of the backup could not be changed",
        "run the task again later, or ask the provider",
    ),
    "BackupService.6709": ("backups of servers with encrypted disks cannot be shared", "choose another backup"),
    "BackupService.6710": ("an image was made from the shared backup", "delete the image first"),
    "BackupService.6711": ("the shared backup could not be deleted", "run the task again later, or ask the provider"),
    "BackupService.6712": (
        "the current state of the vault does not allow backups to be shared",
        "check the state of the vault in the console",
    ),
    "BackupService.6713": ("the vault is for resources of another type than the shared backup", "choose another vault"),
    "BackupService.6714": ("a backup that others share cannot be shared again", "choose a backup of this project"),
    "BackupService.7000": ("there is no such disk", "check the disk's ID and the project"),
    "BackupService.7003": ("the current state of a disk does not allow a backup", "check the disk"),
    "BackupService.7006": ("the disk is in a vault by itself", "take the disk out of that vault first"),
    "BackupService.7100": ("there is no such server", "check the server's ID and the project"),
    "BackupService.7101": (
        "the current state of the server does not allow a backup",
        "bring the server into the state ACTIVE or SHUTOFF",
    ),
    "BackupService.7102": ("the server is stopped", "start the server"),
    "BackupService.7103": ("the server does not support backup", "remove the server from the list"),
    "BackupService.7104": ("the server has a SCSI disk, which cannot be backed up", "detach the disk"),
    "BackupService.7106": ("the server cannot be backed up because it has a shared disk", "detach the shared disk"),
    "BackupService.7107": ("the server has too many shared disks", "detach shared disks"),
    "BackupService.7108": ("the server has no disk", "attach a disk, or remove the server from the list"),
    "BackupService.7111": ("the server has a disk on dedicated storage", "remove the server from the list"),
    "BackupService.7114": (
        "source and target server have different operating systems",
        "choose a target server of the same type as the source",
    ),
    "BackupService.7115": (
        "source and target server are of different types",
        "choose a target server of the same type as the source",
    ),
    "BackupService.7116": (
        "the server is in a vault already",
        "allow move_servers to move it, or remove it from its policy",
    ),
    "BackupService.7303": (
        "the project has the maximum number of vaults",
        "delete a vault that is no longer needed, or ask for a higher quota",
    ),
    "BackupService.8300": (
        "the quota of disk snapshots is used up",
        "delete snapshots that are no longer needed, or ask for a higher quota",
    ),
    "BackupService.8600": ("the account is not allowed to do this", "have the account verified"),
    "BackupService.9900": (
        "the service does not accept a parameter",
        "compare the options with the module's documentation",
    ),
    "BackupService.9910": ("the service has an internal error", "run the task again later, or ask the provider"),
    "BackupService.9998": ("the service could not check the login", "run the task again later, or ask the provider"),
    "BackupService.9999": ("the service has an internal error", "run the task again later, or ask the provider"),
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
        "give the user the permission to use the backup service in this project",
    ),
    404: (
        "the address does not exist, and the answer does not come from the service",
        "check the address of the service, and the network on the way to it",
    ),
    409: ("it is busy", "run the task again when the current operation has ended"),
    429: ("the service's request limit is reached", "run fewer tasks at a time, or run the task again later"),
}
