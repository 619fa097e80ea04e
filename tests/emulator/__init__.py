# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud: Keystone, Nova, Cinder, IMS and all of CSBS v1 on loopback, for tests and the demo."""

from __future__ import annotations

from .cloud import Cloud as Emulator

__all__ = ["Emulator"]
