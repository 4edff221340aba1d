#!/usr/bin/env bash
# Builds librdkafka, which every preset links: one version everywhere, as a static archive, from the source package of
# Debian 13. (Debian 12 has 2.0.2, which does not connect to Kafka 4 by SCRAM; docs/internals/build.md.)
#
# Usage: scripts/librdkafka.sh [--where]
#
#   --where  prints the folder where the archive is, or would be, and builds nothing
#
# The result stays in ${XDG_CACHE_HOME:-~/.cache}/logpipe, under a name of its version, the system and the compiler, so
# that clones and worktrees share it; two builds at once are safe. Does nothing when it is there. Needs no root.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=source-packages.sh
source "$(dirname "${BASH_SOURCE[0]}")/source-packages.sh"

readonly version=2.8.0
readonly release=trixie
# Raise it when the way it is built changes.
readonly recipe=2

command -v cc >/dev/null || fail 'C compiler not found: run scripts/setup.sh'
# shellcheck source=/dev/null
system=$(source /etc/os-release 2>/dev/null && echo "${ID:-linux}${VERSION_ID:-}") || system=linux
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/logpipe
prefix=$cache/librdkafka-$version-$recipe-$system-$(cc -dumpmachine)-$(cc -dumpfullversion -dumpversion)
readonly prefix

case ${1:-} in
    '') ;;
    --where) echo "$prefix" && exit 0 ;;
    -h | --help) print_help && exit 0 ;;
    *) misused "unknown argument $1" ;;
esac

there_already() {
    [[ -d $prefix ]] || return 1
    say "librdkafka: $version is there already"
    exit 0
}

there_already || true
for tool in apt-get apt-cache dpkg-source make flock; do
    command -v "$tool" >/dev/null || fail "$tool is missing: run scripts/setup.sh"
done
mkdir -p "$cache"
exec 9>"$cache/librdkafka.lock"
flock -n 9 || {
    say 'librdkafka: waiting for another build of it'
    flock 9
}
there_already || true

# On the same file system as the result, so that a rename puts the whole in place at once. The holder of the lock may
# remove what a build that was killed left.
rm -rf "$cache"/librdkafka-build.*
work=$(mktemp -d "$cache/librdkafka-build.XXXXXX")
readonly work log=$work/log
trap 'rm -rf "$work"' EXIT

# The compiler's results are kept as those of logpipe itself are, see scripts/static.sh.
export CCACHE_COMPILERCHECK=content CCACHE_SLOPPINESS=locale CCACHE_BASEDIR=$work
[[ ! -d /usr/lib/ccache ]] || PATH=/usr/lib/ccache:$PATH

# fetch: apt verifies the release's signature, and by it the source's checksums.
fetch() {
    use_package_sources "s/\\b(bookworm|oldstable)\\b/$release/g"
    # A package source of somebody else may have no such release; what counts is whether ours is offered.
    private_apt apt-get update >>"$log" 2>&1 || true
    local offered exact
    offered=$(private_apt apt-cache showsrc librdkafka 2>>"$log" | sed -n 's/^Version: //p' | sort -V) || offered=
    exact=$(grep -E "^${version//./\\.}(-|\$)" <<<"$offered" | tail -n 1) || {
        tail -n 20 "$log" >&2
        fail "the package sources of $release offer no librdkafka $version, but: ${offered:-none (is the network there?)}." \
            "Put an archive that has it into /etc/apt/sources.list.d, or change 'version' in scripts/librdkafka.sh and try the tests."
    }
    cd "$work"
    quietly private_apt apt-get source "librdkafka=$exact"
}

# What each message passes through (lz4 has other flags); all else is made small, not fast.
readonly hot=(crc32c rdbuf rdkafka_broker rdkafka_buf rdkafka_lz4 rdkafka_msg rdkafka_msgset_reader rdkafka_msgset_writer
    rdkafka_op rdkafka_partition rdkafka_queue rdkafka_request rdkafka_zstd rdmurmur2 rdvarint rdxxhash snappy)

# GSSAPI would need Cyrus SASL; SASL PLAIN, SCRAM and OAUTHBEARER are librdkafka's own. curl serves OIDC only.
# With sections the linker can drop what nobody calls. No exception passes through C: it needs no tables for unwinding.
build() {
    local flags='-fPIC -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables'
    cd "$work"/librdkafka-*/
    CFLAGS="-Os $flags" quietly ./configure --disable-gssapi --disable-curl --enable-static --disable-debug-symbols
    quietly make -j "$(nproc)" -C src "${hot[@]/%/.o}" CFLAGS="-O2 $flags"
    quietly make -j "$(nproc)" -C src librdkafka.a
    install -D -m 644 -t "$work/made/lib" src/librdkafka.a
    install -D -m 644 -t "$work/made/include/librdkafka" src/rdkafka.h src/rdkafka_mock.h
}

say "librdkafka: fetching the source of $version"
fetch
say "librdkafka: building $version"
build
mv -T "$work/made" "$prefix"
say "librdkafka: done, in $prefix"
