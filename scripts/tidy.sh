#!/usr/bin/env bash
# Checks what a machine can of the conventions: format, names, sizes, includes, shell scripts, clang-tidy.
#
# Usage: scripts/tidy.sh [--quick | --locks | --fix]
#
#   --quick  without the slow ones: locks, clang-tidy, and each header compiled alone
#   --locks  only: that what a mutex guards is touched with that mutex held, which takes clang a minute or two
#   --fix    formats the C++ files and stops
#
# Goes through all of it and exits with 1 if anything was found.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

mode=full
for argument in "$@"; do
    case $argument in
        --quick) mode=quick ;;
        --locks) mode=locks ;;
        --fix) mode=fix ;;
        -h | --help) print_help && exit 0 ;;
        *) misused "unknown argument $argument" ;;
    esac
done
case $mode in
    full) "$root/scripts/setup.sh" --check ;;
    locks) "$root/scripts/setup.sh" --locks ;;
    *) "$root/scripts/setup.sh" --lint ;;
esac
cd "$root"

# One version everywhere: each formats a little differently.
readonly clang_format=clang-format-19
# Tracked files, but for those just deleted.
tracked() { git ls-files "$@" | while read -r file; do [[ ! -f $file ]] || echo "$file"; done; }
mapfile -t sources < <(tracked '*.cpp' '*.hpp')
mapfile -t headers < <(tracked '*.hpp')
mapfile -t documents < <(tracked '*.md')
mapfile -t shell < <(git grep -l -E '^#!.*\bbash$|^# shellcheck shell=bash$')

if [[ $mode == fix ]]; then
    "$clang_format" -i "${sources[@]}"
    exit 0
fi

passed=0
failed=0
# check WHAT COMMAND…: what the command prints is a finding; so is its failure, but for grep's 1, which is "nothing found".
check() {
    local what=$1 findings status=0
    shift
    findings=$("$@" 2>&1) || status=$?
    if [[ -z $findings && $status -le 1 ]]; then
        passed=$((passed + 1))
        say "ok: $what"
    else
        failed=$((failed + 1))
        say "FOUND: $what"
        printf '%s\n' "${findings:-exit status $status}"
    fi
}

format() {
    "$clang_format" --dry-run -Werror "${sources[@]}" 2>&1 |
        sed -n -E 's/^([^ :]+):[0-9]+:.*error: .*/\1: scripts\/tidy.sh --fix formats it/p' | sort -u
}
long_files() { wc -l "${sources[@]}" "${shell[@]}" | awk '$2 != "total" && $1 > 400'; }
long_contract() { wc -l include/logpipe/*.hpp | awk '$2 != "total" && $1 > 150'; }
pragma_once() { grep -L '^#pragma once$' "${headers[@]}"; }
open_ends() { grep -nE '\b(T[O]DO|F[I]XME|X[X]X)\b' "${sources[@]}" "${shell[@]}" | grep -vE 'T[O]DO\(#[0-9]+\)'; }
# The later one would be called by both.
twice_in_shell() {
    local file
    for file in "${shell[@]}"; do grep -oE '^[a-z_]+\(\)' "$file" | sort | uniq -d | sed "s|^|$file: |"; done
}

# The README is one screen or two, DESIGN.md one sitting; a page of internals is about one thing.
long_documents() {
    wc -l "${documents[@]}" | awk '$2 == "README.md" && $1 > 200 || $2 == "DESIGN.md" && $1 > 400 ||
        $2 ~ "^docs/internals/" && $1 > 150'
}
# Tables, code and pictures apart: they have no line ends to choose. options.md is as the program prints it.
long_prose() {
    local file
    for file in "${documents[@]}"; do
        [[ $file != docs/reference/options.md ]] || continue
        awk '/^ *```/ { code = !code } { print code || /^ *\|/ || /^!\[/ || /^    / ? "" : $0 }' "$file" |
            LC_ALL=C.UTF-8 grep -nE '^.{121,}' | sed -E "s|^([0-9]+):(.{40}).*|$file:\1: \2…|"
    done
}
# Links between the pages, and what sources and scripts name of them.
dead_links() {
    local file link
    for file in "${documents[@]}"; do
        grep -oE '\]\([^)#]+' "$file" | cut -c 3- | grep -vE '^https?:' | while read -r link; do
            [[ -e $(dirname "$file")/$link ]] || echo "$file: $link does not exist"
        done
    done
    git grep -oE '\bdocs/[a-z/-]+\.(md|yaml)' -- ':!*.md' | while IFS=: read -r file link; do
        [[ -e $link ]] || echo "$file: $link does not exist"
    done
}

# Every folder of tests with cases is built and run under the sanitizers.
left_out_of_asan() {
    local folder name
    for folder in $(find tests/unit -mindepth 2 -name CMakeLists.txt -printf '%h\n') tests/flow tests/sim; do
        name=${folder##*/}
        { sed -n '/"name": "asan", "configurePreset"/,/]/p' CMakePresets.json | grep -qF "\"${name}_tests\"" &&
            grep -A1 '"name": "asan", "inherits"' CMakePresets.json | grep -qE "[(|]${name}[|)]"; } ||
            echo "CMakePresets.json: preset asan leaves out $folder"
    done
}

# Words that hide who does what, and phrases that a reader of English stumbles over (STYLE.md).
phrases() {
    git grep -nPi '\b((is|are) no (?!longer\b|more\b)|told\b|anew\b|whoever\b|stands in\b|of its own\b|looked at\b|wish(es|ed)?\b)' \
        -- src include '*.md' scripts compose ':!scripts/tidy.sh' ':!CHANGELOG.md'
}

contract_includes() {
    grep -nE '^#include' include/logpipe/*.hpp |
        grep -vE '#include (<[a-z_]+>|<boost/system/[a-z_/]+\.hpp>|"logpipe/[a-z_]+\.hpp")$'
}

# A third-party library has one home (tests and benchmarks apart).
library_homes() {
    local library home
    while read -r library home; do
        grep -rnE "^#include <$library" src | grep -vE "^src/($home)/"
    done <<'HOMES'
sqlite3\.h ends/store
CLI/ cli
toml\+\+/ cli|formats
librdkafka/ ends/kafka|cli
spdlog/ core
zlib\.h codec
zstd\.h codec
xxhash\.h core
HOMES
}

# Compiles one header alone, as its own folder's files see it.
header_alone() {
    local public
    mapfile -t public < <(find src -type d -name include)
    echo "#include \"$PWD/$1\"" | g++ -std=c++23 -fsyntax-only -DBOOST_ASIO_SEPARATE_COMPILATION \
        -DBOOST_ASIO_NO_DEPRECATED \
        -I include -I tests "${public[@]/#/-I}" -I "${1%/include/*}" -I "$(dirname "$1")" -I "$(dirname "$(dirname "$1")")" -x c++ -
}
export -f header_alone
headers_alone() {
    # shellcheck disable=SC2016  # expanded by the inner shell
    printf '%s\0' "${headers[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'header_alone "$1"' header_alone
}

# libstdc++'s say nothing to clang of what they guard.
plain_locks() {
    grep -nE 'std::((recursive_|timed_|recursive_timed_|shared_|shared_timed_)?mutex|condition_variable(_any)?|(unique|scoped|shared)_lock|lock_guard)\b' \
        "${sources[@]}" | grep -E '^(src|include)/' | grep -v '^src/core/include/core/mutex\.hpp:'
}
# The sources that see core/mutex.hpp, through however many headers; some that include another header of such a name, too.
lock_users() {
    local names=mutex before=
    while [[ $names != "$before" ]]; do
        before=$names
        names=$({
            echo mutex
            git grep -lE "^#include \"([a-z_/]+/)?($before)\.hpp\"" -- 'src/*.hpp' | xargs basename -s .hpp
        } | sort -u | paste -sd '|')
    done
    git grep -lE "^#include \"([a-z_/]+/)?($names)\.hpp\"" -- 'src/*.cpp'
}
# The compile commands come from preset fuzz: they are clang's.
locks() {
    cmake --preset fuzz >/dev/null
    sed -n -E 's/ -W[^ ]+//g; s/\\(["\\])/\1/g; s/^ *"command": "(.*) -o [^ ]+ -c (.*)",$/\1 -fsyntax-only -Wno-everything -Wthread-safety -Werror \2/p' \
        build/fuzz/compile_commands.json | grep -wFf <(lock_users) | tr '\n' '\0' | xargs -0 -n 1 -P "$(nproc)" bash -c
}

clang_tidy() {
    cmake --preset fuzz >/dev/null
    printf '%s\n' "${sources[@]}" | grep -E '^src/.*\.cpp$' |
        xargs -n 1 -P "$(nproc)" clang-tidy-19 -p build/fuzz --quiet 2>/dev/null
}

if [[ $mode == locks ]]; then
    check 'what a mutex guards is touched with it held' locks
    say 'tidy --locks'
    echo "$passed passed, $failed failed"
    exit "$failed"
fi
check "format ($clang_format)" format
check 'no file above 400 lines' long_files
check 'no header of the contract above 150 lines' long_contract
check '#pragma once in every header' pragma_once
check 'no open end without the number of its issue' open_ends
check 'the contract includes the standard library and boost/system only' contract_includes
check 'each third-party library stays at home' library_homes
check 'no lock but those of core/mutex.hpp' plain_locks
check 'no shell function twice in a file' twice_in_shell
check 'no document above its lines' long_documents
check 'prose in lines of at most 120' long_prose
check 'links between documents lead somewhere' dead_links
check 'no phrase that STYLE.md lists' phrases
check 'no folder of tests is left out of preset asan' left_out_of_asan
check 'shellcheck' shellcheck "${shell[@]}"
if [[ $mode == full ]]; then
    check 'what a mutex guards is touched with it held' locks
    check 'each header compiles alone' headers_alone
    check 'clang-tidy' clang_tidy
fi
say 'tidy'
echo "$passed passed, $failed failed"
((failed == 0))
