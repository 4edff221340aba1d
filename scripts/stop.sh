#!/usr/bin/env bash
# Stops the stack in order: what is on its way becomes safe first. Data stays, and scripts/start.sh goes on with it.
#
# Usage: scripts/stop.sh [--purge [--yes]]
#
#   --purge  removes the data as well: journal, topics, index, logs. Asks first.
#   --yes    does not ask
set -euo pipefail
# shellcheck source=stack.sh
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

purge=no
sure=no
for argument in "$@"; do
    case $argument in
        --purge) purge=yes ;;
        --yes) sure=yes ;;
        -h | --help) print_help && exit 0 ;;
        *) misused "unknown argument $argument" ;;
    esac
done
need_docker

if [[ $purge == yes && $sure == no ]]; then
    read -r -p "Remove all data of the stack $project for good? Type yes: " answer || answer=
    [[ $answer == yes ]] || fail 'nothing was removed'
fi
# Clients first, each with its time to drain, so that nothing is asked of a server that is gone.
for service in producer forwarder consumer indexer shipper; do
    [[ $(state_of "$service") == absent ]] || compose stop "$service"
done
if [[ $purge == yes ]]; then
    compose --profile tools down --volumes --remove-orphans
else
    compose --profile tools down --remove-orphans
fi
