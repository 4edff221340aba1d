#!/usr/bin/env bash
# Runs whole pipelines in virtual time under many seeds, on all cores; a seed that fails prints its story, shortened.
#
# Usage: scripts/simulate.sh [--preset PRESET] [--seeds N] [--seed FIRST] [--hours H]
#
#   --preset PRESET  the build to run (release)
#   --seeds N        how many histories in all (2000)
#   --seed FIRST     the first seed (1)
#   --hours H        virtual hours of each history (1)
#
# LOGPIPE=PROGRAM runs that one instead, e.g. build/static/logpipe.
# Exit status: 0 every history kept its promises, 1 one did not, 2 wrong call.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

preset=release
seeds=2000
first=1
hours=1
while (($# > 0)); do
    case $1 in
        --preset | --seeds | --seed | --hours)
            (($# > 1)) || misused "$1 needs a value"
            case $1 in
                --preset) preset=$2 ;;
                --seeds) seeds=$2 ;;
                --seed) first=$2 ;;
                --hours) hours=$2 ;;
            esac
            shift
            ;;
        -h | --help) print_help && exit 0 ;;
        *) misused "unknown argument $1" ;;
    esac
    shift
done

if [[ -z ${LOGPIPE:-} ]]; then
    "$root/scripts/setup.sh"
    build_preset "$preset" --target logpipe
    LOGPIPE=$root/build/$preset/logpipe
fi
cores=$(nproc)
share=$(((seeds + cores - 1) / cores))
say "$seeds histories of $hours virtual hours, from seed $first on"
running=()
for ((begin = 0; begin < seeds; begin += share)); do
    count=$((seeds - begin < share ? seeds - begin : share))
    "$LOGPIPE" simulate --seed $((first + begin)) --seeds "$count" --hours "$hours" &
    running+=($!)
done
status=0
for each in "${running[@]}"; do
    wait "$each" || status=1
done
exit "$status"
