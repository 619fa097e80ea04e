# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module tells while it waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.opentelekomcloud.csbs.plugins.module_utils._execution.progress import (
    PROGRESS_FILE,
    progress_line,
    write_progress,
)


@pytest.mark.parametrize(
    ("done", "total", "seconds", "line"),
    [
        (2, 3, 80.4, "2/3 things, 67 %, after 1m 20s"),
        (0, 4, 0, "0/4 things, 0 %, after 0s"),
        (4, 4, 3600, "4/4 things, 100 %, after 60m 0s"),
    ],
)
def test_a_line_tells_count_share_and_time(done: int, total: int, seconds: float, line: str) -> None:
    assert progress_line("things", done, total, seconds) == line


def test_a_listener_gets_the_lines_and_one_that_is_gone_gets_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "progress"
    monkeypatch.setenv(PROGRESS_FILE, str(path))
    write_progress("nobody")
    assert not path.exists()
    path.touch()
    write_progress("one")
    write_progress("two")
    assert path.read_text(encoding="utf-8") == "one\ntwo\n"
