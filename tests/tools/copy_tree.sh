#!/bin/sh
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# copy_tree.sh FOLDER: what git knows or would know of this clone, as it is now, into a folder
set -eu
cd "$(dirname "$0")/../.."
mkdir -p "$1"
git ls-files -co --exclude-standard | while read -r file; do
    if [ -f "$file" ]; then echo "$file"; fi
done | tar -cf - -T - | tar -xf - -C "$1"
