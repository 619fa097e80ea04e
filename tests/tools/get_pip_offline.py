# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the get-pip script that ``ansible-test`` downloads for its virtual environments.

``ansible-test`` asks a host that is not a package index for it. The pip that Python carries itself does as well, so
with this file in ``ansible-test``'s cache (``./dev`` puts it there if nothing is) nothing but the index is needed.
"""

from __future__ import annotations

import subprocess
import sys

arguments = [a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", *arguments])
