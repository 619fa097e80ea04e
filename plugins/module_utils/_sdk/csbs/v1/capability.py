# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether servers can be backed up, and backups restored."""

from __future__ import annotations

from ...guarded import resource, sdk_exceptions
from ._base import PROVIDER_ID


class Capability(resource.Resource):
    """The service's verdict on one server (api_description/resource_management)."""

    base_path = f"/providers/{PROVIDER_ID}/resources/action"

    #: Why not, as a code
    error_code = resource.Body("error_code")
    #: Why not, in words; may be there although the verdict is good
    error_msg = resource.Body("error_msg")
    #: The server in question
    resource_id = resource.Body("resource_id")
    #: Always OS::Nova::Server
    resource_type = resource.Body("resource_type")
    #: Whether it can be done
    result = resource.Body("result", type=bool)

    @classmethod
    def check(cls, session, action, answer_key, questions):
        """Ask check_protectable or check_restorable; returns a list of Capability, one for each question."""
        response = session.post(cls.base_path, json={action: questions})
        sdk_exceptions.raise_from_response(response)
        return [cls.existing(**row) for row in response.json()[answer_key]]
