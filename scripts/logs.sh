#!/usr/bin/env bash
# Shows the newest lines that the containers logged and follows them; all of them, with search, are in Grafana.
#
# Usage: scripts/logs.sh [--no-follow] [--tail N] [COMPONENT…]
#
# COMPONENT is a service of compose/docker-compose.yml, as forwarder or kafka; without any, all.
set -euo pipefail
# shellcheck source=stack.sh
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

options=(--follow)
tail=100
components=()
while (($# > 0)); do
    case $1 in
        --no-follow) options=() ;;
        --tail)
            [[ ${2:-} =~ ^[0-9]+$ ]] || misused '--tail takes a number'
            tail=$2
            shift
            ;;
        -h | --help) print_help && exit 0 ;;
        *)
            [[ " ${services[*]} ${inits[*]} " == *" $1 "* ]] || misused "no component $1; there are: ${services[*]} ${inits[*]}"
            components+=("$1")
            ;;
    esac
    shift
done
need_stack "${components[0]:-forwarder}"
compose logs "${options[@]}" --tail "$tail" "${components[@]}"
