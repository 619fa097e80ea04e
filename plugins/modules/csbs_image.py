#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_image
short_description: Make a whole-server image of a backup
version_added: 0.1.0
description:
  - Ensures that a whole-server image of a backup exists, from which new servers can be created with all their disks,
    and waits until the image is active.
  - A backup can have one image only. When it has one of the wanted name, there is nothing to do. When it has another
    one, the task fails and names that image.
  - An image that an earlier, interrupted run left in the making is found again and waited for.
  - A backup that is still being made, or being restored from, is waited for before its image is made.
  - The job of the image service decides. When it succeeded with the ID of the image, the task succeeds, also when the
    image itself cannot be read, for example because the user lacks the right to read images. What could not be read is
    null, and a warning says so.
  - When the backup already has an image that cannot be read, its name cannot be compared with O(name). The task then
    changes nothing, returns the ID, and warns. Only the image service's own answer that it has no such image means that
    there is none.
  - As long as the image exists, the backup cannot be deleted. To delete the image, use the image service, such as with
    C(openstack.cloud.image).
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  backup:
    description:
      - Name or ID of the backup, or a dictionary with C(id) as results hold it. When several backups have the name, the
        ID is needed.
      - The backup must hold a system disk, and no shared disk.
    type: raw
    required: true
  name:
    description:
      - Name of the image, 1 to 128 letters, digits, hyphens, periods, underscores and spaces, neither beginning nor
        ending with a space.
      - Names of images need not be unique. An image of that name which was made of another backup is another image, and
        stays as it is.
    type: str
    required: true
  description:
    description:
      - What the image is for, up to 1024 characters without C(<), C(>) and line breaks.
      - It is for a new image; one that is there already keeps its description.
    type: str
  tags:
    description:
      - Tags of a new image, at most 10. A key has 1 to 36 and a value up to 43 letters, digits, hyphens and
        underscores.
      - An image that is there already keeps its tags.
    type: dict
  min_ram:
    description:
      - Memory in MB that a server of a new image must have at least. An image that is there already keeps what it has.
    type: int
  max_ram:
    description:
      - Memory in MB that a server of a new image may have at most. An image that is there already keeps what it has.
    type: int
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.wait
notes:
  - The image service is found in the catalog under the types C(ims) and C(image). Where these have different addresses,
    a call that the first address does not serve goes to the second.
  - When the images cannot be listed, an image in the making is not seen. The task then warns and goes on, because the
    service refuses a second image of a backup.
"""

EXAMPLES = r"""
- name: Back a server up that is set up as a template
  opentelekomcloud.csbs.csbs_backup:
    name: golden-2026-03
    servers: [web-2]
    poll_interval: 1

- name: Make an image of the backup, and wait until servers can be created from it
  opentelekomcloud.csbs.csbs_image:
    backup: golden-2026-03
    name: Web server 2026-03
    description: Web server with everything that release 12 needs
    tags:
      release: "12"
    min_ram: 4096
    poll_interval: 1
"""

RETURN = r"""
image_id:
  description:
    - ID of the image; null in check mode when there is no image yet, and with O(wait=false) when the service does not
      show it yet.
  returned: success
  type: str
  sample: ea0d5dce-ddb2-4f6f-83e3-55da065347fd
image:
  description:
    - The image that was made or existed already. What is not known yet, in check mode or with O(wait=false), is null.
    - When the image cannot be read, all is null but C(id), C(backup_id), and for a new image what the task asked for.
  returned: success
  type: dict
  sample:
    id: ea0d5dce-ddb2-4f6f-83e3-55da065347fd
    name: Web server 2026-03
    description: Web server with everything that release 12 needs
    status: active
    backup_id: 90c1d5fa-1b9f-4aeb-b2f4-81c806e98190
    tags:
      release: "12"
    min_ram: 4096
    max_ram: null
    created_at: "2026-03-01T10:02:11Z"
"""

from ..module_utils._ansible.arguments import WAIT_SPEC
from ..module_utils._ansible.converge import converge
from ..module_utils._ansible.module import create_module
from ..module_utils._operations.image import finish, parse_options, plan

ARGUMENT_SPEC = {
    "backup": {"type": "raw", "required": True},
    "description": {"type": "str"},
    "max_ram": {"type": "int"},
    "min_ram": {"type": "int"},
    "name": {"type": "str", "required": True},
    "tags": {"type": "dict"},
    **WAIT_SPEC,
}


def main():
    converge(create_module(ARGUMENT_SPEC), parse_options, plan, finish)


if __name__ == "__main__":
    main()
