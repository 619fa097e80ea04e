# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asynchronous jobs of the image service."""

from __future__ import annotations

from ...guarded import resource, sdk_exceptions


class Job(resource.Resource):
    """A job (ims_apis/image_jobs/querying_the_status_of_an_asynchronous_job)."""

    base_path = "/v1/%(project_id)s/jobs"

    # capabilities
    allow_fetch = True

    #: ID of the project
    project_id = resource.URI("project_id")
    #: The result: image_id and image_name
    entities = resource.Body("entities", type=dict)
    #: Code of the failure
    error_code = resource.Body("error_code")
    #: Reason of the failure, in words
    fail_reason = resource.Body("fail_reason")
    #: ID of the job
    job_id = resource.Body("job_id", alternate_id=True)
    #: INIT, RUNNING, SUCCESS or FAIL
    status = resource.Body("status")

    @classmethod
    def create_whole_image(cls, session, **attrs):
        """Start to make an image from a backup; attrs are the fields of the request. Return the new Job.

        Reference: ims_apis/image/creating_a_full-ecs_image.
        """
        response = session.post("/v1/cloudimages/wholeimages/action", json={"whole_image_type": "CSBS", **attrs})
        sdk_exceptions.raise_from_response(response)
        return cls.existing(job_id=response.json()["job_id"])
