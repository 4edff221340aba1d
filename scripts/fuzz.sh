#!/usr/bin/env bash
# Fuzzes what parses foreign bytes, under AddressSanitizer and UndefinedBehaviorSanitizer.
#
# Usage: scripts/fuzz.sh [SECONDS] [TARGET…]
#
#   SECONDS  for each target; default: 60
#   TARGET   e.g. forward_decoder; default: all targets of tests/fuzz
#
# Starts from tests/fuzz/corpus/TARGET, which it does not change; new inputs go to build/fuzz-corpus/TARGET and are
# taken up again next time. Goes through all targets; exit status 1 if one failed, with the input's file named.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[[ ${1:-} != -h && ${1:-} != --help ]] || { print_help && exit 0; }
seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
targets=("$@")
if ((${#targets[@]} == 0)); then
    mapfile -t targets < <(cd "$root/tests/fuzz" && printf '%s\n' *_fuzz.cpp | sed 's/_fuzz\.cpp$//')
fi
for target in "${targets[@]}"; do
    [[ -f $root/tests/fuzz/${target}_fuzz.cpp ]] || misused "no target $target in tests/fuzz"
done

"$root/scripts/setup.sh" --check
build_preset fuzz --target "${targets[@]/#/fuzz_}"

readonly findings=$root/build/fuzz-findings
passed=0
failed=0
for target in "${targets[@]}"; do
    say "fuzz $target, $seconds s"
    grown=$root/build/fuzz-corpus/$target
    seed=$root/tests/fuzz/corpus/$target
    log=$findings/$target.log
    mkdir -p "$grown" "$findings"
    arguments=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
        -artifact_prefix="$findings/$target-" "$grown")
    [[ ! -d $seed ]] || arguments+=("$seed")
    if "$root/build/fuzz/tests/fuzz/fuzz_$target" "${arguments[@]}" >"$log" 2>&1; then
        passed=$((passed + 1))
        grep -E '^stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)' "$log"
    else
        failed=$((failed + 1))
        tail -n 60 "$log"
        say "fuzz $target FAILED: the input is $(sed -n -E 's/.*Test unit written to (.*)/\1/p' "$log" | tail -n 1)"
    fi
done
echo "$passed passed, $failed failed"
((failed == 0))
