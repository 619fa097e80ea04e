# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of an info module: check the options, read, report."""

from __future__ import annotations

import typing as t

from .._cloud.login import connect, connect_all

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from .._domain.cloud import Cloud

Options = t.TypeVar("Options")
Clouds = t.TypeVar("Clouds")
# Seconds that an info module may take.
_SECONDS_TO_READ = 120


def report(
    module: AnsibleModule,
    parse_options: t.Callable[[dict[str, t.Any]], Options],
    read: t.Callable[[Options, Cloud], dict[str, t.Any]],
) -> None:
    """Run an info module and exit: check the options, read, report.

    parse_options raises InvalidInput before the first request; read returns the result and may raise CloudError.
    """
    _report(module, parse_options, read, connect)


def report_of_all(
    module: AnsibleModule,
    parse_options: t.Callable[[dict[str, t.Any]], Options],
    read: t.Callable[[Options, list[Cloud]], dict[str, t.Any]],
) -> None:
    """Run an info module as report does; read gets a cloud for each service that the option services names."""
    _report(module, parse_options, read, connect_all)


def _report(
    module: AnsibleModule,
    parse_options: t.Callable[[dict[str, t.Any]], Options],
    read: t.Callable[[Options, Clouds], dict[str, t.Any]],
    log_in: t.Callable[[dict[str, t.Any], float], Clouds],
) -> None:
    results: dict[str, t.Any] = {}
    checked = False
    try:
        options = parse_options(module.params)
        clouds = log_in(module.params, _SECONDS_TO_READ)
        checked = True
        results = read(options, clouds)
    except Exception as error:  # noqa: BLE001 - users get one clear line, never a traceback
        # Loaded here, because most tasks succeed.
        from .refusal import fail

        fail(module, error, checked)
    module.exit_json(changed=False, **results)
