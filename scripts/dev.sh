#!/usr/bin/env bash
# The short loop while working: builds and runs the unit tests of what was changed since the last commit.
#
# Usage: scripts/dev.sh [--list | NAME…]
#
#   --list  only prints the folders, one a line
#   NAME    these folders instead of the changed ones, as src/ and tests/unit/ name them: journal kafka
#
# A change of the contract (include/) or of the build does not belong to one folder: scripts/test.sh runs all tests.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

list_only=no
case ${1:-} in
    --list) list_only=yes && shift ;;
    -h | --help) print_help && exit 0 ;;
    -*) misused "unknown argument $1" ;;
esac
cd "$root"

# test_folder FILE: the last name of the innermost folder of FILE that has unit tests; nothing where there is none.
test_folder() {
    local folder
    folder=$(dirname "$1")
    while [[ $folder == */* ]]; do
        if [[ $folder == src/* || $folder == tests/unit/* ]] && is_tested "$(basename "$folder")"; then
            basename "$folder"
            return
        fi
        folder=$(dirname "$folder")
    done
}
is_tested() { [[ -n $(git ls-files "tests/unit/$1/CMakeLists.txt" "tests/unit/*/$1/CMakeLists.txt") ]]; }

names=("$@")
if ((${#names[@]} == 0)); then
    mapfile -t names < <({ git diff --name-only HEAD && git ls-files --others --exclude-standard; } |
        while read -r file; do test_folder "$file"; done | sort -u)
fi
if [[ $list_only == yes ]]; then
    ((${#names[@]} == 0)) || printf '%s\n' "${names[@]}"
    exit 0
fi
((${#names[@]} > 0)) || fail 'nothing that has unit tests was changed; name a folder, or run scripts/test.sh'
build_preset dev --target "${names[@]/%/_tests}"
say "tests of ${names[*]}"
ctest --test-dir build/dev --output-on-failure --parallel "$(nproc)" -R "^($(IFS='|' && echo "${names[*]}")):"
