# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets modules without the option service run in plays that set it for all modules of the collection."""

from __future__ import annotations

from ansible.plugins.action.normal import ActionModule as NormalAction

_GROUP = "group/opentelekomcloud.csbs.csbs"


class BothServicesAction(NormalAction):
    """Runs a module that works with both services at once, without the service that module_defaults set for the group.

    All other defaults of the group, such as the cloud, hold. A service that the task itself gives is refused by the
    module.
    """

    def run(self, tmp=None, task_vars=None):
        """Run the module and return its result."""
        args = self._task.args
        if "service" in args and args["service"] == self._default_service():
            self._task.args = {name: value for name, value in args.items() if name != "service"}
        return super().run(tmp, task_vars)

    def _default_service(self):
        defaults = {}
        for given in self._task.module_defaults or ():
            # The ones that are nearer to the task come later, and replace those of the same group.
            defaults.update(given)
        return (self._templar.template(defaults.get(_GROUP)) or {}).get("service")
