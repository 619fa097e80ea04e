#!/usr/bin/python
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: csbs_image
short_description: Create a whole-server image from a backup
version_added: 0.1.0
description:
  - Ensures that a whole-server image of a backup exists, and waits until the image is active. New servers can be
    created from it with all their disks.
  - A backup can have only one image. If it already has the image O(name), nothing is done. If it has another image, the
    task fails and names that image.
  - If an earlier run was interrupted while the image was being created, the module finds this image and waits for it.
  - If the backup is still in progress, or a restore from it is in progress, the module waits before it creates the
    image.
  - The job of the image service decides about success. If the job succeeded and has the ID of the image, the task
    succeeds, even if the image itself cannot be read, for example because the user may not read images. Values that
    could not be read are null, and a warning says so.
  - If the backup already has an image that cannot be read, its name cannot be compared with O(name). The task then
    changes nothing, returns the ID, and warns. Only the image service itself can say that an image does not exist.
  - As long as the image exists, the backup cannot be deleted. To delete the image, use the image service, for example
    with C(openstack.cloud.image).
author:
  - opentelekomcloud.csbs authors (@opentelekomcloud)
options:
  backup:
    description:
      - Name or ID of the backup, or a dictionary with C(id) as in results. If several backups have the name, the ID is
        required.
      - The backup must contain a system disk, and no shared disk.
    type: raw
    required: true
  name:
    description:
      - Name of the image, 1 to 128 letters, digits, hyphens, periods, underscores and spaces. It must not begin or end
        with a space.
      - Names of images need not be unique. An image with this name from another backup is another image, and stays as
        it is.
    type: str
    required: true
  description:
    description:
      - What the image is for, up to 1024 characters without C(<), C(>) and line breaks.
      - Only for a new image. An existing image keeps its description.
    type: str
  tags:
    description:
      - Tags of a new image, at most 10. A key has 1 to 36 and a value up to 43 letters, digits, hyphens and
        underscores.
      - An existing image keeps its tags.
    type: dict
  min_ram:
    description:
      - Minimum memory in MB of servers that are created from a new image. An existing image keeps its value.
    type: int
  max_ram:
    description:
      - Maximum memory in MB of servers that are created from a new image. An existing image keeps its value.
    type: int
extends_documentation_fragment:
  - opentelekomcloud.csbs.auth
  - opentelekomcloud.csbs.service
  - opentelekomcloud.csbs.attributes
  - opentelekomcloud.csbs.wait
notes:
  - The module finds the image service in the catalog under the types C(ims) and C(image). If these have different
    addresses, a call that the first address does not support goes to the second.
  - If the images cannot be listed, the module cannot see an image that is being created. It then warns and continues,
    because the service refuses a second image of a backup.
"""

EXAMPLES = r"""
- name: Back up a server that is prepared as a template
  opentelekomcloud.csbs.csbs_backup:
    name: golden-2026-03
    servers: [web-2]
    poll_interval: 1

- name: Create an image from the backup, and wait until servers can be created from it
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
    - ID of the image. Null in check mode if there is no image yet, and with O(wait=false) if the service does not
      show it yet.
  returned: success
  type: str
  sample: ea0d5dce-ddb2-4f6f-83e3-55da065347fd
image:
  description:
    - The new or existing image. Values that are not known yet, in check mode or with O(wait=false), are null.
    - If the image cannot be read, only C(id), C(backup_id), and for a new image the values of the options are known.
      All other values are null.
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
