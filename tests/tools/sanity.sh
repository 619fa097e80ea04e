#!/bin/sh
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-test sanity, with the ansible-test and on the Pythons that are on the path; no ignore file.
set -eu
cd "$(dirname "$0")/../.."
root=$(pwd -P)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/csbs-sanity.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# It wants a folder that is really called so, and outside of any other git repository.
tree=$tmp/ansible_collections/opentelekomcloud/csbs
tests/tools/copy_tree.sh "$tree"

# It fetches get-pip from a host that is no package index, unless its cache has one.
python=$(dirname "$(command -v ansible-test)")/python
site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pip=$(sed -n "s/.*pip='\([0-9.]*\)'.*/\1/p" "$site/ansible_test/_internal/python_requirements.py" | tr . _)
stand_in=$HOME/.ansible/test/cache/get_pip_$pip.py
mkdir -p "$(dirname "$stand_in")"
[ -e "$stand_in" ] || cp "$root/tests/tools/get_pip_offline.py" "$stand_in"

cd "$tree"
unset PYTHONPYCACHEPREFIX
{ ansible-test sanity --venv --color no 2>&1 || touch "$tmp/failed"; } | tee "$tmp/log"
[ ! -e "$tmp/failed" ]
# It succeeds when it finds nothing to do; a complete run names its last test, and no failure.
if grep -E 'All targets skipped|^(ERROR|FATAL)' "$tmp/log"; then exit 1; fi
grep 'yamllint' "$tmp/log"
