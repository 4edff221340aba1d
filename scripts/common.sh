# shellcheck shell=bash
# Sourced by the scripts of this folder: where the tree is, how they speak, and how they build.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
mkdir -p "$root/build"

say() { printf '== %s\n' "$*"; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# A wrong call has exit status 2, a failure 1.
misused() {
    printf '%s: %s; see --help\n' "$(basename "$0")" "$*" >&2
    exit 2
}

# The comment at the head of the calling script is its help.
print_help() { sed -n -E '2,/^[^#]/s/^# ?//p' "$0"; }

# Presets and clones share the compiler cache wherever their flags are equal, although their folders differ.
export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$root

# build_preset PRESET [arguments for cmake --build…]
build_preset() {
    local preset=$1 log=$root/build/configure-$1.log
    shift
    say "build, preset $preset"
    (
        cd "$root" || exit 1
        cmake --preset "$preset" >"$log" 2>&1 || {
            tail -n 40 "$log" >&2
            fail "cmake --preset $preset failed"
        }
        cmake --build --preset "$preset" "$@"
    )
}
