# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of IMS that have to do with whole-server images."""

from __future__ import annotations

from ...guarded import proxy, sdk_exceptions
from .image import PAGE_SIZE, Image
from .job import Job


class Proxy(proxy.Proxy):
    """Image Management Service.

    Every method raises openstack.exceptions.HttpException (NotFoundException for 404) or an exception of
    keystoneauth1. Lists are generators over all pages.
    """

    # Paths of two versions are used, and the address is known from the catalog: there is nothing to discover.
    skip_discovery = True
    #: Further addresses of the service, for the calls that the first one does not serve
    other_addresses = ()

    def request(self, url, method, *args, **kwargs):
        """Send a request as the SDK does, to one address after the other until one of them serves the call."""
        response = super().request(url, method, *args, **kwargs)
        for address in self.other_addresses:
            if not _is_unserved(response):
                break
            response = super().request(url, method, *args, endpoint_override=address, **kwargs)
        return response

    def create_whole_image(self, name, backup_id, **attrs):
        """Start to make an image of a backup; attrs: description, image_tags, min_ram, max_ram (MB). Returns the Job."""
        return Job.create_whole_image(self, name=name, backup_id=backup_id, **attrs)

    def get_job(self, job):
        """Return the Job with an ID."""
        return self._get(Job, job, project_id=self.get_project_id())

    def images(self, **query):
        """Yield images, those in the making too; query: name (exact), id and the others of Image.

        Where no address serves the list of IMS, that of OpenStack's image service is read.
        """
        try:
            yield from self._list(Image, limit=PAGE_SIZE, **query)
        except sdk_exceptions.NotFoundException:
            yield from self._list(Image, base_path="/v2/images", limit=PAGE_SIZE, **query)

    def get_image(self, image):
        """Return the Image with an ID.

        Reference: native_openstack_apis/image_native_openstack_apis/querying_image_details_native_openstack_api.
        """
        return self._get(Image, image, base_path="/v2/images")


def _is_unserved(response):
    """Return whether an answer is a gateway's 404, which speaks of the address; the service's own names an object."""
    if response.status_code != 404:
        return False
    try:
        code = response.json()["error"]["code"]
    except (KeyError, TypeError, ValueError):
        return True
    return not str(code).startswith("IMG.")
