#!/usr/bin/env bash
# Measures the parts: runs the Google Benchmark programs of tests/bench under preset bench.
#
# Usage: scripts/bench.sh --parts [NAME…]
#
#   NAME  e.g. normalize for tests/bench/normalize_bench.cpp; all unless told
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
    --parts) shift ;;
    -h | --help) print_help && exit 0 ;;
    *) misused "what to measure: --parts" ;;
esac
names=("$@")
if ((${#names[@]} == 0)); then
    mapfile -t names < <(cd "$root/tests/bench" && printf '%s\n' *_bench.cpp | sed 's/_bench\.cpp$//')
fi

"$root/scripts/setup.sh" --check
build_preset bench --target "${names[@]/#/bench_}"
for name in "${names[@]}"; do
    say "bench $name"
    "$root/build/bench/tests/bench/bench_$name" --benchmark_counters_tabular=true
done
