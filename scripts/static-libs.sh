#!/usr/bin/env bash
# Builds the two static archives that the distribution does not ship in a usable form, for preset `static`:
# simdjson has no archive there, and the archive of librdkafka drags in Cyrus SASL and Kerberos, which have none.
#
# Usage: scripts/static-libs.sh
#
# Both come from the distribution's own source packages, in the very versions of the installed -dev packages, and are
# installed with their headers to build/static-libs. Needs no root: apt works on a private copy of its sources.
# Does nothing when the archives of these versions are there.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
    '') ;;
    -h | --help) print_help && exit 0 ;;
    *) misused "unknown argument $1" ;;
esac

readonly prefix=$root/build/static-libs
readonly work=$root/build/static-libs-work
readonly log=$root/build/static-libs.log

source_version() { dpkg-query -W -f '${source:Version}' "$1" || fail "$1 is missing: run scripts/setup.sh --static"; }
rdkafka_version=$(source_version librdkafka-dev)
simdjson_version=$(source_version libsimdjson-dev)
# The first number is this recipe's: raise it when the way they are built changes.
stamp="1 librdkafka $rdkafka_version simdjson $simdjson_version"

if [[ -f $prefix/stamp && $(<"$prefix/stamp") == "$stamp" ]]; then
    say "static-libs: there already ($stamp)"
    exit 0
fi
for tool in apt-get dpkg-source make cmake; do
    command -v "$tool" >/dev/null || fail "$tool is missing: run scripts/setup.sh --static"
done

# Runs a command with its output in the log; shows the end of the log when it fails.
quietly() {
    "$@" >>"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        fail "failed: $* (all of it in $log)"
    }
}

# The machine's own package sources, with source packages switched on.
copy_package_sources() {
    mkdir -p "$work/apt/parts" "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    : >"$work/apt/sources.list"
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [[ -f $file ]] && sed -n -E 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$file" >>"$work/apt/sources.list"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [[ -f $file ]] && sed -E 's/^Types:.*/Types: deb-src/I' "$file" >"$work/apt/parts/$(basename "$file")"
    done
    return 0
}

private_apt() {
    apt-get -q -o APT::Sandbox::User= -o "Dir::Etc::sourcelist=$work/apt/sources.list" \
        -o "Dir::Etc::sourceparts=$work/apt/parts" -o "Dir::State::lists=$work/apt/lists" \
        -o "Dir::Cache=$work/apt/cache" "$@"
}

fetch_sources() {
    copy_package_sources
    quietly private_apt update
    cd "$work"
    quietly private_apt source "librdkafka=$rdkafka_version" "simdjson=$simdjson_version"
}

# GSSAPI would need Cyrus SASL; SASL PLAIN, SCRAM and OAUTHBEARER are librdkafka's own. curl serves OIDC only.
build_librdkafka() {
    cd "$work"/librdkafka-*/
    CFLAGS=-O2 quietly ./configure --disable-gssapi --disable-curl --enable-static --disable-debug-symbols
    quietly make -j "$(nproc)" -C src librdkafka.a
    install -D -m 644 -t "$prefix/lib" src/librdkafka.a
    install -D -m 644 -t "$prefix/include/librdkafka" src/rdkafka.h
}

build_simdjson() {
    cd "$work"/simdjson-*/
    quietly cmake -S . -B build-static -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
        -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib
    quietly cmake --build build-static --parallel "$(nproc)" --target simdjson
    quietly cmake --install build-static
}

rm -rf "$prefix" "$work"
mkdir -p "$prefix" "$work"
: >"$log"
say "static-libs: fetching librdkafka $rdkafka_version and simdjson $simdjson_version"
fetch_sources
say "static-libs: building librdkafka"
build_librdkafka
say "static-libs: building simdjson"
build_simdjson
rm -rf "$work"
echo "$stamp" >"$prefix/stamp"
say "static-libs: done, in build/static-libs"
