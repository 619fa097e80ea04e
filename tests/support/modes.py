# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modes of the local cloud a test runs in: both, unless it says otherwise.

The modes differ in the rows of policies, backups, checkpoints and checks, in the name filter of policies, in whether
names are unique, and in the deletion of what is being deleted. A test runs in both modes when its result depends on
reading these. It runs in one mode when it is about something else: bad input (no request is sent), answers that come
from a gateway in place of the service, retries, deadlines, logging in, the image service, the power of a server, and
what a role refuses by itself.
"""

from __future__ import annotations

import pytest

#: The live mode is the harder one.
one_mode = pytest.mark.parametrize("running", ["live"], indirect=True)
reference_mode = pytest.mark.parametrize("running", ["reference"], indirect=True)
