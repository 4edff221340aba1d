#!/usr/bin/env bash
# Builds the static archives that the distribution does not ship in a usable form, for preset `static`: simdjson and fmt
# have none there, and that of librdkafka drags in Cyrus SASL and Kerberos, which have none.
#
# Usage: scripts/static-libs.sh
#
# They come from the distribution's own source packages, in the very versions of the installed -dev packages, and are
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

# The compiler's results are kept as those of logpipe itself are, see scripts/static.sh.
export CCACHE_COMPILERCHECK=content CCACHE_SLOPPINESS=locale
[[ ! -d /usr/lib/ccache ]] || PATH=/usr/lib/ccache:$PATH

# The source packages of the installed -dev packages, as apt names them: librdkafka=2.0.2-1 …
sources=()
for package in librdkafka-dev libsimdjson-dev libfmt-dev; do
    sources+=("$(dpkg-query -W -f '${source:Package}=${source:Version}' "$package")") ||
        fail "$package is missing: run scripts/setup.sh --static"
done
# The first number is this recipe's: raise it when the way they are built changes.
stamp="2 ${sources[*]}"

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
    quietly private_apt source "${sources[@]}"
}

# GSSAPI would need Cyrus SASL; SASL PLAIN, SCRAM and OAUTHBEARER are librdkafka's own. curl serves OIDC only.
build_librdkafka() {
    cd "$work"/librdkafka-*/
    CFLAGS=-O2 quietly ./configure --disable-gssapi --disable-curl --enable-static --disable-debug-symbols
    quietly make -j "$(nproc)" -C src librdkafka.a
    install -D -m 644 -t "$prefix/lib" src/librdkafka.a
    install -D -m 644 -t "$prefix/include/librdkafka" src/rdkafka.h
}

# build_by_cmake NAME TARGET OPTIONS…
build_by_cmake() {
    local target=$2
    cd "$work/$1"-*/
    shift 2
    quietly cmake -S . -B build-static -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
        -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib "$@"
    quietly cmake --build build-static --parallel "$(nproc)" --target "$target"
    quietly cmake --install build-static
}

rm -rf "$prefix" "$work"
mkdir -p "$prefix" "$work"
: >"$log"
say "static-libs: fetching ${sources[*]}"
fetch_sources
say 'static-libs: building librdkafka'
build_librdkafka
say 'static-libs: building simdjson'
build_by_cmake simdjson simdjson
say 'static-libs: building fmt'
build_by_cmake fmtlib fmt -DFMT_DOC=OFF -DFMT_TEST=OFF
rm -rf "$work"
echo "$stamp" >"$prefix/stamp"
say 'static-libs: done, in build/static-libs'
