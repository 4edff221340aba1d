#!/usr/bin/env bash
# What `cmake --install` puts in place is whole: the program runs from there, and each document that another one names is there.
#
# Usage: tests/scripts/install_test.sh BUILD-FOLDER
set -euo pipefail

there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cmake --install "$1" --strip --prefix "$there" >"$there/log" || { cat "$there/log" && exit 1; }

"$there/bin/logpipe" version
[[ -f $there/lib/systemd/system/logpipe.service ]] || { echo 'the unit for systemd is missing' && exit 1; }

missing=0
while IFS=: read -r page link; do
    [[ -e $(dirname "$page")/$link ]] || { echo "${page#"$there"/} names $link, which is not there" && missing=1; }
done < <(grep -roE '\]\([^)#:]+\.(md|yaml|png)[#)]' --include='*.md' "$there/share/doc" | sed -E 's/:\]\(/:/; s/[#)]$//')
exit "$missing"
