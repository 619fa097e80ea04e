# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module fails. Only failing tasks load this file."""

from __future__ import annotations

import json
import sys
import traceback
import typing as t

from .._cloud.hiding import all_writings, hidden
from .._cloud.login import LEAST_SECRET, values_in
from .._domain.errors import CloudError, InvalidInput, TaskFailed
from .._domain.printable import printable

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# Characters of a refusal, and of its beginning and end that are left of a longer one
_MOST, _START, _END = 700, 250, 350


def fail(module: AnsibleModule, error: Exception, checked: bool, changed: bool = False) -> t.NoReturn:
    """End the module with one line for an error; checked says whether it came after the checks of the options.

    The traceback of an error that nobody expected shows with -vvv only.
    """
    # A part of a secret could not be recognized any more, so it is hidden before anything is cut off.
    text = hidden(str(error))
    # Ansible hides them in all else, such as tracebacks.
    module.no_log_values = module.no_log_values | all_writings()
    fields: dict[str, t.Any] = {"changed": changed}
    if isinstance(error, TaskFailed):
        fields.update(error.results)
    elif isinstance(error, CloudError):
        fields.update(error.fields())
    elif not isinstance(error, InvalidInput):
        text = (
            f"Unexpected error: {type(error).__name__}: {' '.join(text.split())[:300]}. This is a mistake in the"
            " module. Please report it with the output of -vvv."
        )
        fields["exception"] = traceback.format_exc()
    module.fail_json(msg=printable(text if checked else shortened(text)), **fields)
    raise AssertionError("unreachable")


def refuse(error: Exception) -> t.NoReturn:
    """End a module whose options Ansible itself could not read."""
    text = str(error) if isinstance(error, InvalidInput) else "an option has a value that Ansible cannot read"
    sys.stdout.write(json.dumps({"failed": True, "changed": False, "msg": printable(shortened(text))}))
    raise SystemExit(1)


def hide_unknown(module: AnsibleModule) -> None:
    """Let Ansible hide secrets in options that do not exist: a password beside auth, or auth misspelled."""
    known = {
        *module.argument_spec,
        *(alias for spec in module.argument_spec.values() for alias in spec.get("aliases", ())),
    }
    unknown = {name: value for name, value in module.params.items() if name not in known and not name.startswith("_")}
    module.no_log_values = module.no_log_values | {
        value for value in values_in(unknown)[1] if len(value) >= LEAST_SECRET
    }


def visible(text: str) -> str:
    """Return a text with each character that cannot be seen, such as a line break, written as Python writes it."""
    return text if text.isprintable() else "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def shortened(text: str) -> str:
    """Return a refusal without the middle of a long one: it begins with the option and ends with the rule."""
    cut = len(text) - _START - _END
    return text if len(text) <= _MOST else f"{text[:_START]} [... {cut} characters ...] {text[-_END:]}"
