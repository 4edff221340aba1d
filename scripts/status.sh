#!/usr/bin/env bash
# Shows how every component of the stack is, in one table.
#
# Usage: scripts/status.sh [OPTIONS of `logpipe status`, as --json or --watch]
#
# Exit status 0 when all are up, 1 when one is down, 2 when it is unknown.
set -euo pipefail
# shellcheck source=stack.sh
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

[[ ${1:-} != -h && ${1:-} != --help ]] || { print_help && exit 0; }
need_stack forwarder

# A container that is not there or restarts is worth its own line: from within the network it has no name.
down=0
for service in "${services[@]}"; do
    state=$(state_of "$service")
    case $state in
        healthy | starting | running) ;;
        *)
            printf '%s: container %s; scripts/logs.sh %s\n' "$service" "$state" "$service" >&2
            down=1
            ;;
    esac
done
terminal=(-T)
[[ ! -t 0 || ! -t 1 ]] || terminal=()
status=0
tools "${terminal[@]}" tools status "${looks[@]}" "$@" || status=$?
((status != 0)) || status=$down
exit "$status"
