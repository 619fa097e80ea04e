#!/bin/sh
# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The documentation site: build.sh OUT builds it from this clone without the network. build.sh --links OUT also checks the links to
# other sites with the network. The tools of tests/requirements-docs.txt must be on the path.
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
    echo "build.sh: $out contains something that is not a site" >&2
    exit 2
fi

src=$(mktemp -d "${TMPDIR:-/tmp}/csbs-docs.XXXXXX")
trap 'rm -rf "$src"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The pages that antsibull-docs writes for plugins, roles and guides, the pages of the site around them, and the texts of the clone at the
# same paths as in the clone, so that their links to each other work.
mkdir "$src/collection"
antsibull-docs collection --use-current --squash-hierarchy --fail-on-error --no-add-antsibull-docs-version \
    --dest-dir "$src/collection" opentelekomcloud.csbs
# The theme shows the contents of a page beside it, guides have their own section, and the table of contents needs only names.
sed -i '/^\.\. contents::$/,/^$/d' "$src"/collection/*.rst
sed -i -E -e '/^Guides$/,/^\.\. _plugin_index_for/{/^\.\. _plugin_index_for/!d}' -e 's/^    (\w+)_(module|role|filter|inventory)$/    \1 <\1_\2>/' "$src/collection/index.rst"
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
