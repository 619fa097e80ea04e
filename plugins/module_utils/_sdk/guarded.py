# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openstacksdk if it is installed, otherwise stand-ins.

ansible-test and ansible-doc load every file of the collection without the SDK; the stand-ins let the bodies of classes
run all the same. create_module() reports the missing library to users.
"""

from __future__ import annotations

import gc
import traceback

SDK_ERROR: str | None = None

# The SDK makes hundreds of thousands of objects that stay. Looking for garbage among them, while they are made and in
# every later collection, costs a tenth of a task's CPU.
gc.disable()
try:
    import openstack
    from keystoneauth1 import exceptions as ksa_exceptions
    from keystoneauth1.session import Session
    from openstack import exceptions as sdk_exceptions
    from openstack import proxy, resource, service_description, utils
    from openstack.config import OpenStackConfig
    from openstack.connection import Connection
except ImportError:
    SDK_ERROR = traceback.format_exc()

    class _AbsentType(type):
        def __getattr__(cls, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return cls

    class _Absent(Exception, metaclass=_AbsentType):
        def __init__(self, *args, **kwargs):
            super().__init__()

    openstack = proxy = resource = service_description = utils = _Absent
    ksa_exceptions = sdk_exceptions = _Absent
    Connection = OpenStackConfig = Session = _Absent
finally:
    gc.freeze()
    gc.enable()

__all__ = (
    "SDK_ERROR",
    "Connection",
    "OpenStackConfig",
    "Session",
    "ksa_exceptions",
    "openstack",
    "proxy",
    "resource",
    "sdk_exceptions",
    "service_description",
    "utils",
)
