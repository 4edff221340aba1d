#!/usr/bin/env bash
# Measures the parts (Google Benchmark), the embedded whole (`logpipe run` beside a bare SQLite loader of the same rows), and
# the paths through Kafka and OpenSearch beside rsyslog and librdkafka alone; counts the instructions of the parts. Preset
# bench.
#
# Usage: scripts/bench.sh [--parts [REGEX] | --instructions [ARGUMENTS…] | --run [ARGUMENTS…] | --files [ARGUMENTS…] |
#                         --paths [ARGUMENTS…] | --quick]
#
#   REGEX      of names of parts; default: all
#   ARGUMENTS  of tests/bench/instruction_counts.py, run_bench.py, files_bench.py, paths_bench.py
#   --instructions  compares with the counts that are kept; exit status 1 where a part takes over 5 % more
#   --files    a log file of combined, parsed into JSON, beside rsyslog
#   --quick    --paths with one round of fewer events
#
# Without arguments: parts and paths (of which --run is one).
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

measure_parts() {
    build_preset bench --target bench_parts
    say 'parts, one thread each'
    "$root/build/bench/tests/bench/bench_parts" --benchmark_counters_tabular=true --benchmark_filter="${1:-.}"
}

count_instructions() {
    build_preset bench --target bench_parts
    say 'instructions of the parts'
    "$root/tests/bench/instruction_counts.py" "$root/build/bench/tests/bench/bench_parts" "$@"
}

measure_run() {
    build_preset bench --target logpipe sqlite_loader
    say 'run, end to end, beside a bare SQLite loader'
    "$root/tests/bench/run_bench.py" "$root/build/bench/logpipe" "$root/build/bench/tests/bench/sqlite_loader" "$@"
}

measure_files() {
    "$root/scripts/setup.sh" --paths
    build_preset bench --target logpipe
    say 'a log file to JSON, beside rsyslog'
    "$root/tests/bench/files_bench.py" "$root/build/bench/logpipe" "$@"
}

measure_paths() {
    "$root/scripts/setup.sh" --tests --paths
    build_preset bench --target logpipe bulk_stub bulk_loader forward_load kafka_probe sqlite_loader bench_parts
    say 'paths, beside rsyslog, librdkafka alone and a loader whose bodies are ready'
    "$root/tests/bench/paths_bench.py" "$root/build/bench" "$@"
}

case ${1:-} in
    -h | --help) print_help && exit 0 ;;
    '' | --parts | --instructions | --run | --files | --paths | --quick) ;;
    *) misused "unknown argument $1" ;;
esac
"$root/scripts/setup.sh" --bench
case ${1:-} in
    --parts) measure_parts "${@:2}" ;;
    --instructions) count_instructions "${@:2}" ;;
    --run) measure_run "${@:2}" ;;
    --files) measure_files "${@:2}" ;;
    --paths) measure_paths "${@:2}" ;;
    --quick) measure_paths --quick ;;
    '') measure_parts && measure_paths ;;
esac
