# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns whatever the SDK raises into the collection's own errors."""

from __future__ import annotations

import contextlib
import typing as t

from .._domain.errors import CloudError, InvalidInput


@contextlib.contextmanager
def errors_of(operation: str, service: str = "the service") -> t.Iterator[None]:
    """Turn what the SDK or keystoneauth raises inside into a CloudError that names the operation.

    service is what messages call the service where the catalog lacks it.
    """
    try:
        yield
    except (CloudError, InvalidInput):
        raise
    except Exception as error:
        # Loaded here, because most tasks see no error.
        from .translation import translate

        translated = translate(operation, error, service)
        if translated is None:
            raise
        raise translated from error
