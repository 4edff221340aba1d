#!/usr/bin/env bash
# The live view of the stack: rates, lag, queues, latency, errors. Key q ends it, ? explains the others.
#
# Usage: scripts/monitor.sh [OPTIONS of `logpipe monitor`, as --plain]
set -euo pipefail
# shellcheck source=stack.sh
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

[[ ${1:-} != -h && ${1:-} != --help ]] || { print_help && exit 0; }
need_stack forwarder
terminal=(-T)
[[ ! -t 0 || ! -t 1 ]] || terminal=()
# In place of this shell, so that a signal reaches it and its container goes with it.
cd "$root/compose"
exec "${compose_command[@]}" run --rm --no-deps "${terminal[@]}" tools monitor "${looks[@]}" "$@" 2> >(without_progress >&2)
