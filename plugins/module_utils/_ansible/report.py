# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of an info module: check the options, read, report."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible.module_utils.basic import AnsibleModule

from .._cloud.cloud import Cloud
from .._cloud.login import connect
from .._domain.errors import CloudError, InvalidInput, TaskFailed
from .converge import Wish
from .module import fail, fail_unexpectedly

# Seconds that an info module may take.
_INFO_TIMEOUT = 120


def report(
    module: AnsibleModule,
    options: t.Callable[[dict[str, t.Any], datetime], Wish],
    read: t.Callable[[Wish, Cloud], dict[str, t.Any]],
) -> None:
    """Run an info module: check the options, read, exit."""
    results: dict[str, t.Any] = {}
    try:
        wanted = options(module.params, datetime.now(timezone.utc))
        results = read(wanted, connect(module.params, patience=_INFO_TIMEOUT))
    except (TaskFailed, CloudError, InvalidInput) as error:
        fail(module, error)
    except Exception as error:  # noqa: BLE001 - users get one clear line, never a traceback
        fail_unexpectedly(module, error)
    module.exit_json(changed=False, **results)
