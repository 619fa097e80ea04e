# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of the cloud are no templates, whichever ansible-core runs."""

from __future__ import annotations

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.opentelekomcloud.csbs.plugins.plugin_utils._untrusted import untrusted, untrusted_name

TEMPLATE = "{{ 7 * 7 }}"


@pytest.mark.parametrize(
    "value",
    [TEMPLATE, [TEMPLATE], {"a": TEMPLATE}, {TEMPLATE: 1}, {"a": [{"b": TEMPLATE}]}, [1, None, True, "plain"], {}, []],
)
def test_nothing_in_a_value_is_evaluated(value: object) -> None:
    assert Templar(DataLoader()).template(untrusted(value)) == value


def test_a_name_is_not_evaluated() -> None:
    assert Templar(DataLoader()).template(untrusted_name(TEMPLATE)) == TEMPLATE
    assert untrusted_name("web-1").__class__ is str
