#!/usr/bin/env bash
# Measures the parts (the Google Benchmark programs of tests/bench), the embedded whole (`logpipe run` beside a bare SQLite
# loader of the same rows), and the paths through Kafka and OpenSearch beside rsyslog and librdkafka alone, under preset
# bench.
#
# Usage: scripts/bench.sh [--parts [NAME…] | --run [ARGUMENTS…] | --paths [ARGUMENTS…] | --quick]
#
#   NAME       e.g. normalize for tests/bench/normalize_bench.cpp; all unless told
#   ARGUMENTS  of tests/bench/run_bench.py, tests/bench/paths_bench.py
#   --quick    --paths with one round of fewer events
#
# Without arguments: parts and paths (of which --run is one).
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

measure_parts() {
    local names=("$@")
    if ((${#names[@]} == 0)); then
        mapfile -t names < <(cd "$root/tests/bench" && printf '%s\n' *_bench.cpp | sed 's/_bench\.cpp$//')
    fi
    build_preset bench --target "${names[@]/#/bench_}"
    for name in "${names[@]}"; do
        say "bench $name"
        "$root/build/bench/tests/bench/bench_$name" --benchmark_counters_tabular=true
    done
}

measure_run() {
    build_preset bench --target logpipe sqlite_loader
    say 'run, end to end, beside a bare SQLite loader'
    "$root/tests/bench/run_bench.py" "$root/build/bench/logpipe" "$root/build/bench/tests/bench/sqlite_loader" "$@"
}

measure_paths() {
    "$root/scripts/setup.sh" --tests --bench
    build_preset bench --target logpipe bulk_stub bulk_loader kafka_probe sqlite_loader bench_normalize bench_journal
    say 'paths, beside rsyslog, librdkafka alone and a loader whose bodies are ready'
    "$root/tests/bench/paths_bench.py" "$root/build/bench" "$@"
}

case ${1:-} in
    -h | --help) print_help && exit 0 ;;
    '' | --parts | --run | --paths | --quick) ;;
    *) misused "unknown argument $1" ;;
esac
"$root/scripts/setup.sh" --check
case ${1:-} in
    --parts) measure_parts "${@:2}" ;;
    --run) measure_run "${@:2}" ;;
    --paths) measure_paths "${@:2}" ;;
    --quick) measure_paths --quick ;;
    '') measure_parts && measure_paths ;;
esac
