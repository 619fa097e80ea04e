# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._domain.printable import printable


def test_what_steers_a_terminal_is_replaced() -> None:
    assert printable("a\nb\x1b[31m\x9b\u202e\ud800 é 😀") == "a\ufffdb\ufffd[31m\ufffd\ufffd\ufffd é 😀"


def test_a_long_text_keeps_its_ends() -> None:
    text = printable("what " + "x" * 100_000 + " remedy")
    assert text.startswith("what x") and text.endswith("x remedy") and " characters ...] " in text


@given(st.text(max_size=50), st.integers(0, 2000))
def test_a_line_is_never_longer_than_a_line_may_be(text: str, times: int) -> None:
    line = printable(text * times)
    assert len(line) <= 10_000 and len(line.splitlines()) <= 1
