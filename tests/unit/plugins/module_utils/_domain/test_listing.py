# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.listing import name_all


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1, "'0'"), (2, "'0', '1'"), (10, ", ".join(f"'{number}'" for number in range(10)))],
)
def test_a_few_are_named(number: int, expected: str) -> None:
    assert name_all([str(one) for one in range(number)]) == expected


def test_many_are_counted() -> None:
    assert name_all([str(one) for one in range(10_000)]).endswith("'8', '9' and 9990 more")
