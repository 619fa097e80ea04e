# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of IMS for images of whole servers."""

from __future__ import annotations

from ...guarded import proxy, sdk_exceptions
from .image import PAGE_SIZE, Image
from .job import Job


class Proxy(proxy.Proxy):
    """Image Management Service.

    Every method raises openstack.exceptions.HttpException (NotFoundException for 404) or an exception of
    keystoneauth1. Lists are generators over all pages.
    """

    # The paths have different versions, and the catalog has the address, so there is nothing to discover.
    skip_discovery = True
    #: More addresses of the service, for calls that the first one does not serve
    other_addresses = ()

    def request(self, url, method, *args, **kwargs):
        """Send a request as the SDK does, to each address in turn until one serves the call."""
        response = super().request(url, method, *args, **kwargs)
        for address in self.other_addresses:
            if not _is_unserved(response):
                break
            response = super().request(url, method, *args, endpoint_override=address, **kwargs)
        return response

    def create_whole_image(self, name, backup_id, **attrs):
        """Start to make an image from a backup. Return the Job.

        attrs are description, image_tags, min_ram and max_ram (MB).
        """
        return Job.create_whole_image(self, name=name, backup_id=backup_id, **attrs)

    def get_job(self, job):
        """Return the Job with this ID."""
        return self._get(Job, job, project_id=self.get_project_id())

    def images(self, **query):
        """Yield images, including those that are being made. query is name (exact), id and the others of Image.

        If no address serves the list of IMS, the list of OpenStack's image service is read.
        """
        try:
            yield from self._list(Image, limit=PAGE_SIZE, **query)
        except sdk_exceptions.NotFoundException:
            yield from self._list(Image, base_path="/v2/images", limit=PAGE_SIZE, **query)

    def get_image(self, image):
        """Return the Image with this ID.

        Reference: native_openstack_apis/image_native_openstack_apis/querying_image_details_native_openstack_api.
        """
        return self._get(Image, image, base_path="/v2/images")


def _is_unserved(response):
    """Return whether an answer is a gateway's 404: the address is unknown, not an object of the service."""
    if response.status_code != 404:
        return False
    try:
        code = response.json()["error"]["code"]
    except (KeyError, TypeError, ValueError):
        return True
    return not str(code).startswith("IMG.")
