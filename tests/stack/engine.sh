#!/usr/bin/env bash
# A Docker engine for the tests, where none runs: with its own data, socket and bridge, and ended by its id.
#
# Usage: tests/stack/engine.sh start CACHE | stop CACHE
#
# start prints the DOCKER_HOST to use (nothing where the machine's own engine answers, which is then used). Images and build layers stay
# in CACHE/docker, so that only the first run makes them.
set -euo pipefail

readonly cache=${2:?engine.sh start|stop CACHE}
readonly data=$cache/docker
readonly run=/run/logpipe-tests
readonly socket=$run/docker.sock
# Not docker0: another engine that is started without a bridge removes that one.
readonly bridge=logpipe0
readonly address=172.31.240.1/24

answers() { docker -H "unix://$socket" version >/dev/null 2>&1; }

start() {
    if [[ -z ${DOCKER_HOST:-} ]] && docker version >/dev/null 2>&1; then return; fi
    if answers; then
        echo "unix://$socket"
        return
    fi
    if [[ $(id -u) -ne 0 ]]; then
        echo 'engine.sh: no Docker engine answers, and only root can start one' >&2
        exit 1
    fi
    mkdir -p "$data" "$run"
    ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
    ip address replace "$address" dev "$bridge"
    ip link set "$bridge" up
    nohup setsid dockerd --data-root "$data" --exec-root "$run/exec" --pidfile "$run/dockerd.pid" -H "unix://$socket" \
        --bridge "$bridge" --default-address-pool base=172.31.248.0/21,size=24 >"$run/dockerd.log" 2>&1 </dev/null &
    local id=$!
    for ((i = 0; i < 300; i++)); do
        if answers; then
            echo "unix://$socket"
            return
        fi
        kill -0 "$id" 2>/dev/null || break
        sleep 0.2
    done
    echo 'engine.sh: dockerd did not start:' >&2
    tail -n 20 "$run/dockerd.log" >&2
    exit 1
}

stop() {
    local id
    id=$(cat "$run/dockerd.pid" 2>/dev/null) || return 0
    [[ $(tr '\0' ' ' <"/proc/$id/cmdline" 2>/dev/null) == *"--data-root $data "* ]] || return 0
    kill "$id"
    for ((i = 0; i < 300; i++)); do
        kill -0 "$id" 2>/dev/null || break
        sleep 0.2
    done
    ip link delete "$bridge" 2>/dev/null || true
}

case ${1:-} in
    start) start ;;
    stop) stop ;;
    *)
        echo 'engine.sh start|stop CACHE' >&2
        exit 2
        ;;
esac
