# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option vault."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.vault_option import (
    VaultOptions,
    check_vault_name,
    parse_vault_option,
)


def test_nothing_given_is_the_usual_vault() -> None:
    assert parse_vault_option({"vault": None}) == (VaultOptions(), [])


def test_what_is_given_is_taken() -> None:
    given = {"name": "big", "size_gb": 500, "size_factor": 1.5, "auto_expand": False}
    assert parse_vault_option({"vault": given})[0] == VaultOptions("big", 500, 1.5, False)


@pytest.mark.parametrize(
    ("vault", "message"),
    [
        ({"name": "with space"}, "vault.name: 'with space' .* 64"),
        ({"name": "n" * 65}, "vault.name: .* 64"),
        ({"size_gb": 9}, "vault.size_gb: 9 .* 10 to 10485760"),
        ({"size_factor": 0.99}, "vault.size_factor: 0.99 .* 1 or more"),
        ({"size_factor": float("nan")}, "vault.size_factor: nan"),
        ({"size_factor": float("inf")}, "vault.size_factor: inf"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_the_rule(vault: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse_vault_option({"vault": vault})


def test_the_description_of_a_policy_goes_to_new_vaults_and_a_note_says_so() -> None:
    options, notes = parse_vault_option({"description": "d" * 70})
    assert options.description == "d" * 64
    assert len(notes) == 1 and "cut to 64" in notes[0]


def test_a_good_name_is_returned() -> None:
    assert check_vault_name("vault", "nightly_1-a") == "nightly_1-a"
