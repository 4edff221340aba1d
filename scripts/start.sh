#!/usr/bin/env bash
# Brings the whole stack up: checks what it needs, builds logpipe's image, starts everything and waits until it is healthy.
#
# Usage: scripts/start.sh [--no-build] [--scale SERVICE=N]… [--wait SECONDS] [--anyway]
#
#   --no-build      take the image of logpipe that is there
#   --scale …       that many containers of a service, as consumer=2
#   --wait SECONDS  how long to wait for everything to be healthy, default: 600
#   --anyway        start although a check says that it will not go well
#
# Run again it changes what changed and starts what is down; data stays. Exit status 0 when all is healthy, 1 when not.
set -euo pipefail
# shellcheck source=stack.sh
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

build=yes
seconds=600
anyway=no
scale=()
while (($# > 0)); do
    case $1 in
        --no-build) build=no ;;
        --anyway) anyway=yes ;;
        --scale)
            [[ ${2:-} =~ ^(consumer|indexer)=[1-9][0-9]*$ ]] || misused '--scale takes consumer=N or indexer=N'
            scale+=(--scale "$2")
            shift
            ;;
        --wait)
            [[ ${2:-} =~ ^[0-9]+$ ]] || misused '--wait takes a number of seconds'
            seconds=$2
            shift
            ;;
        -h | --help) print_help && exit 0 ;;
        *) misused "unknown argument $1" ;;
    esac
    shift
done
need_docker

refuse() { if [[ $anyway == yes ]]; then say "$1"; else fail "$1 (--anyway starts all the same)"; fi; }

check_ports() {
    local each port variable own
    own=$(docker ps --filter "label=com.docker.compose.project=$project" --format '{{.Ports}}')
    for each in "${ports[@]}"; do
        variable=${each}_PORT
        port=${!variable}
        # What is there of the stack itself may have it.
        [[ $own != *":$port->"* ]] || continue
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            refuse "port $port is taken: end what listens there, or choose another by $variable=… in compose/.env"
        fi
    done
}

check_memory() {
    local bytes
    bytes=$(docker info -f '{{.MemTotal}}')
    ((bytes >= 4000000000)) ||
        refuse "Docker has $((bytes / 1000000)) MB of memory, the stack wants 4000: give it more, or lower *_HEAP and *_MEMORY in compose/.env"
    # Where Docker runs on this machine itself, what is free counts as well.
    [[ -r /proc/meminfo ]] || return 0
    local free
    free=$(awk '/^MemAvailable:/ { print int($2 / 1000) }' /proc/meminfo)
    ((free >= 3000)) || [[ $(state_of opensearch) != absent ]] ||
        refuse "$free MB of memory are free, the stack wants 3000: end something big first"
}

check_map_count() {
    local count=262144
    [[ ! -r /proc/sys/vm/max_map_count ]] || count=$(cat /proc/sys/vm/max_map_count)
    ((count >= 262144)) ||
        say "vm.max_map_count is $count; a large index wants more: sudo sysctl -w vm.max_map_count=262144"
}

check_ports
check_memory
check_map_count

if [[ $build == yes ]]; then
    say "building $LOGPIPE_IMAGE (minutes the first time)"
    compose build producer >"$root/build/stack-build.log" 2>&1 || {
        tail -n 20 "$root/build/stack-build.log" >&2
        fail "the image could not be built; without internet the packages for it cannot be had. All of it: build/stack-build.log"
    }
elif [[ -z $(docker image ls -q "$LOGPIPE_IMAGE") ]]; then
    fail "image $LOGPIPE_IMAGE does not exist: leave out --no-build"
fi

say 'starting'
readonly log=$root/build/stack-up.log
compose up -d --no-build --remove-orphans "${scale[@]}" >"$log" 2>&1 &
readonly up=$!

# One line a service as soon as it is well; compose itself waits where one depends on another.
declare -A well=()
show_progress() {
    local each state
    for each in "${services[@]}" "${inits[@]}"; do
        [[ -z ${well[$each]:-} ]] || continue
        state=$(state_of "$each")
        case $state in
            healthy | 'exited (0)')
                well[$each]=yes
                printf '   %-22s %s (%d s)\n' "$each" "${state/exited (0)/done}" "$((SECONDS - began))"
                ;;
        esac
    done
}
# What was healthy before it was recreated has to be so again.
forget_replaced() {
    local each
    for each in "${!well[@]}"; do
        case $(state_of "$each") in
            healthy | 'exited (0)') ;;
            *) unset "well[$each]" ;;
        esac
    done
}
all_well() { ((${#well[@]} == ${#services[@]} + ${#inits[@]})); }

explain_and_fail() {
    local each state
    tail -n 5 "$log" >&2
    for each in "${services[@]}" "${inits[@]}"; do
        [[ -z ${well[$each]:-} ]] || continue
        state=$(state_of "$each")
        printf '   %-22s %s\n' "$each" "$state" >&2
        [[ $state == absent ]] || docker logs --tail 3 "$(container_of "$each")" 2>&1 | sed 's/^/      /' >&2
    done
    fail "$1; scripts/logs.sh COMPONENT shows more"
}

explain_up() {
    case $(<"$log") in
        *'no such host'* | *'pull access denied'* | *'request canceled'* | *'i/o timeout'*)
            explain_and_fail 'an image cannot be pulled: this needs internet once' ;;
        *'address already in use'* | *'port is already allocated'*) explain_and_fail 'a port is taken' ;;
        *) explain_and_fail 'it could not be started' ;;
    esac
}

began=$SECONDS
ended=no
until show_progress && all_well && [[ $ended == yes ]]; do
    if [[ $ended == no ]] && ! kill -0 "$up" 2>/dev/null; then
        ended=yes
        forget_replaced
        wait "$up" || { show_progress && explain_up; }
        continue
    fi
    ((SECONDS - began < seconds)) || explain_and_fail "not all are healthy after $seconds s"
    sleep 1
done

cat <<ADDRESSES
== up
   the data                http://127.0.0.1:$DASHBOARDS_PORT/app/dashboards#/view/nginx-logs
   the containers' logs    http://127.0.0.1:$GRAFANA_PORT
   send the data           scripts/produce.sh, or http://127.0.0.1:$PRODUCER_PORT/produceEventsToPipeline
   forward protocol        127.0.0.1:$FORWARDER_PORT
   how it is               scripts/status.sh, scripts/monitor.sh, scripts/logs.sh
ADDRESSES
