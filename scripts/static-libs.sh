#!/usr/bin/env bash
# Makes static archives for preset `static`: of simdjson and fmt, which the distribution does not ship; and copies of its
# C libraries without their tables for exceptions, which do not pass through C: 0.6 MB of the binary.
# (That of librdkafka comes from scripts/librdkafka.sh, for every preset.)
#
# Usage: scripts/static-libs.sh
#
# simdjson and fmt come from the distribution's own source packages, in the very versions of the installed -dev packages.
# All are installed to build/static-libs. Needs no root: apt works on a private copy of its sources. Does nothing when
# the archives of these versions are there.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=source-packages.sh
source "$(dirname "${BASH_SOURCE[0]}")/source-packages.sh"

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

# The source packages of the installed -dev packages, as apt names them: fmtlib=9.1.0+ds1-2 …
sources=()
for package in libsimdjson-dev libfmt-dev; do
    sources+=("$(dpkg-query -W -f '${source:Package}=${source:Version}' "$package")") ||
        fail "$package is missing: run scripts/setup.sh --static"
done
c_libraries=(libcrypto libssl libsqlite3 libzstd libz liblz4)
c_packages=$(dpkg-query -W -f '${Package}=${Version} ' libssl-dev libsqlite3-dev libzstd-dev zlib1g-dev liblz4-dev) ||
    fail 'a library is missing: run scripts/setup.sh'
# The first number is this recipe's: raise it when the way they are built changes.
stamp="4 ${sources[*]} $c_packages"

if [[ -f $prefix/stamp && $(<"$prefix/stamp") == "$stamp" ]]; then
    say "static-libs: there already ($stamp)"
    exit 0
fi
for tool in apt-get dpkg-source cmake objcopy; do
    command -v "$tool" >/dev/null || fail "$tool is missing: run scripts/setup.sh --static"
done

fetch_sources() {
    use_package_sources ''
    quietly private_apt apt-get update
    cd "$work"
    quietly private_apt apt-get source "${sources[@]}"
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
say 'static-libs: building simdjson'
build_by_cmake simdjson simdjson
say 'static-libs: building fmt'
build_by_cmake fmtlib fmt -DFMT_DOC=OFF -DFMT_TEST=OFF
say 'static-libs: copying C libraries'
for library in "${c_libraries[@]}"; do
    quietly objcopy --remove-section=.eh_frame --remove-section=.rela.eh_frame "$(cc -print-file-name="$library.a")" "$prefix/lib/$library.a"
done
rm -rf "$work"
echo "$stamp" >"$prefix/stamp"
say 'static-libs: done, in build/static-libs'
