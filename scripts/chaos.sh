#!/usr/bin/env bash
# Breaks the pipeline on real Kafka and OpenSearch in every way that it must bear, and proves that nothing was lost or doubled.
#
# Usage: scripts/chaos.sh [--preset PRESET] [ARGUMENTS…]
#
#   --preset PRESET   the build to break (release)
#   --only SCENARIO   this one alone; may be given often
#   --kills N         how often each stage and server is killed (20)
#   --away SECONDS    how long OpenSearch is away in the scenario outage (120)
#   --rate N          lines a second (5,000)
#   --seed S          repeats the moments of an earlier run (random, and printed)
#   --keep FOLDER     leaves logs and journals there
#   --scenarios       says what there is, and ends
#
# Takes about half an hour. Installs what is missing, builds, and fetches Kafka and OpenSearch from Maven Central.
# LOGPIPE=PROGRAM breaks that one instead, e.g. build/static/logpipe.
# Exit status: 0 proved, 1 an event was lost, doubled or changed, or a process did not do what it should, 2 wrong call.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

preset=release
arguments=(--kills 20 --away 120 --rate 5000)
while (($# > 0)); do
    case $1 in
        --preset)
            (($# > 1)) || misused "--preset needs a name"
            preset=$2
            shift
            ;;
        --scenarios) exec "$root/tests/chaos/chaos_test.py" --help ;;
        -h | --help) print_help && exit 0 ;;
        *) arguments+=("$1") ;;
    esac
    shift
done

"$root/scripts/setup.sh" --tests
if [[ -z ${LOGPIPE:-} ]]; then
    build_preset "$preset" --target logpipe
    LOGPIPE=$root/build/$preset/logpipe
fi
exec "$root/tests/chaos/chaos_test.py" "$LOGPIPE" "${arguments[@]}"
