#!/bin/sh
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The documentation site: build.sh OUT builds it from this clone, without any network; build.sh --links OUT also asks the
# network about every link that leads elsewhere. Needs what tests/requirements-docs.txt names on the path.
set -eu
online=false
if [ "${1:-}" = --links ]; then
    online=true
    shift
fi
[ $# -eq 1 ] || { echo "usage: build.sh [--links] OUT" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
if [ -e "$out/.buildinfo" ]; then # of an earlier build
    rm -rf "${out:?}"/*
elif [ -n "$(ls -A "$out")" ]; then
    echo "build.sh: $out has other things in it than a site" >&2
    exit 2
fi

src=$(mktemp -d "${TMPDIR:-/tmp}/csbs-docs.XXXXXX")
trap 'rm -rf "$src"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Every plugin, role and guide as antsibull-docs lays them out, the pages of the site around them, and the texts of the clone at the
# places they have in it, so that their links to one another hold.
mkdir "$src/collection"
antsibull-docs collection --use-current --squash-hierarchy --fail-on-error --no-add-antsibull-docs-version \
    --dest-dir "$src/collection" opentelekomcloud.csbs
# The theme shows a page's contents beside it, guides have a place of their own, and in the table of contents a name is enough.
sed -i '/^\.\. contents::$/,/^$/d' "$src"/collection/*.rst
sed -i -E -e '/^Guides$/,/^\.\. _plugin_index_for/{/^\.\. _plugin_index_for/!d}' -e 's/^    (\w+)_(module|role)$/    \1 <\1_\2>/' "$src/collection/index.rst"
cp -R docs/docsite/rst/images "$src/collection/docsite/images"
cp docs/site/pages/* "$src"
for page in README.md ARCHITECTURE.md TESTING.md CONTRIBUTING.md docs/api-coverage.md tests/emulator/README.md roles/*/README.md; do
    mkdir -p "$src/clone/$(dirname "$page")"
    cp "$page" "$src/clone/$page"
done

build() { python -m sphinx -q -W --keep-going -n -c docs/site -d "$src/.doctrees" -b "$1" "$src" "$2"; }

build html "$out"
python docs/site/links.py "$out"
! $online || build linkcheck "$out/.links"
echo "built $out/index.html"
