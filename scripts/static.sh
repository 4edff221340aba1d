#!/usr/bin/env bash
# Builds the one fully static binary, build/static/logpipe, and checks that it is what it says.
#
# Usage: scripts/static.sh
#
# Exit status 1 when it is not static, not under 20 MB, or does not run in an empty folder.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
    '') ;;
    -h | --help) print_help && exit 0 ;;
    *) misused "unknown argument $1" ;;
esac

readonly binary=$root/build/static/logpipe
readonly bytes_max=20000000

# The compiler is known by its content, and the language of its messages does not count, so that a build elsewhere (the image's) may
# share results with this one.
export CCACHE_COMPILERCHECK=content CCACHE_SLOPPINESS=locale

"$root/scripts/setup.sh" --static
"$root/scripts/static-libs.sh"
build_preset static --target logpipe

say 'static: checks'
[[ $(file -b "$binary") == *'statically linked'* ]] || fail "not static: $(file -b "$binary")"
bytes=$(stat -c %s "$binary")
((bytes < bytes_max)) || fail "$bytes bytes; the limit is $bytes_max"
"$binary" version

# In a folder with nothing else no library can be loaded.
if [[ $(id -u) -eq 0 ]]; then
    jail=$(mktemp -d)
    trap 'rm -rf "$jail"' EXIT
    cp "$binary" "$jail/"
    chroot "$jail" /logpipe version >/dev/null || fail 'does not run in an empty folder'
fi
say "static: build/static/logpipe, $bytes bytes, needs nothing but the kernel"
