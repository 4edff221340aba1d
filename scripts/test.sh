#!/usr/bin/env bash
# Set-up, build and all tests; ends in the summary of the test runner and exits with its status.
#
# Usage: scripts/test.sh [--long] [--sanitizers] [--preset PRESET]… [-- CTEST ARGUMENTS…]
#
#   --long           also the tests that need minutes or another world's clients (npm, Go)
#   --sanitizers     then the unit tests under preset asan, and what has threads under preset tsan
#   --preset PRESET  test this preset (dev, asan, tsan) instead of dev
#   --               what follows goes to ctest, e.g. -- -R journal
#
# LOGPIPE=PROGRAM lets the tests that drive the built program drive another one, e.g. build/static/logpipe.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

presets=()
sanitizers=()
setup=(--tests)
dev_tests=dev
while (($# > 0)); do
    case $1 in
        --long) dev_tests=long setup+=(--long) ;;
        --sanitizers) sanitizers=(asan tsan) ;;
        --preset)
            (($# > 1)) || misused "--preset needs a name"
            presets+=("$2")
            shift
            ;;
        --)
            shift
            break
            ;;
        -h | --help) print_help && exit 0 ;;
        *) misused "unknown argument $1" ;;
    esac
    shift
done
((${#presets[@]} > 0)) || presets=(dev)
[[ -z ${LOGPIPE:-} ]] || LOGPIPE=$(realpath "$LOGPIPE")

"$root/scripts/setup.sh" "${setup[@]}"
cd "$root"
for preset in "${presets[@]}" "${sanitizers[@]}"; do
    build_preset "$preset"
    say "tests, preset $preset"
    tests=$preset
    [[ $preset != dev ]] || tests=$dev_tests
    ctest --preset "$tests" --parallel "$(nproc)" --no-tests=error "$@"
done
