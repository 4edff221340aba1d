#!/usr/bin/env bash
# The compose stack, brought up for real, filled, broken and taken down again: in a Docker engine of its own where none runs, our image
# built by compose/Dockerfile, the other images pulled or, where no registry answers, made by standins/.
#
# Usage: tests/stack/run.sh [--keep] [--image IMAGE]
#
#   --keep         leaves the stack running at the end, to look at
#   --image IMAGE  takes this image of logpipe instead of building one, for work on the tests themselves
#
# Downloads, stand-ins, compiler results and the engine's images stay in ${XDG_CACHE_HOME:-~/.cache}/logpipe-tests. How long it takes: docs/internals/testing.md.
# Ends in "N passed, N failed".
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly tree=$here/../..
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/logpipe-tests
keep=no
build=yes
while (($# > 0)); do
    case $1 in
        --keep) keep=yes ;;
        --image)
            export LOGPIPE_IMAGE=${2:?--image takes a name}
            build=no
            shift
            ;;
        *)
            echo "run.sh: unknown argument $1" >&2
            exit 2
            ;;
    esac
    shift
done

"$tree/scripts/setup.sh" --stack
mkdir -p "$cache"
work=$(mktemp -d /tmp/logpipe-stack-test.XXXXXX)
# One at a time: they share the cache, the engine and the ports.
exec 9>"$cache/lock"
flock -w 1800 9 || {
    echo 'another run of the stack tests does not end' >&2
    exit 1
}

passed=0
failed=0
# check WHAT COMMAND…: runs it, in silence where it is well.
check() {
    local what=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        passed=$((passed + 1))
        say "ok: $what"
    else
        failed=$((failed + 1))
        say "FAILED: $what"
        tail -n 30 "$work/output"
    fi
}
# within SECONDS COMMAND…: until it succeeds.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 1
    done
}

helpers=()
clean_up() {
    local status=$?
    if [[ $keep == no ]]; then
        remove_strays || true
        "$tree/scripts/stop.sh" --purge --yes >/dev/null 2>&1 || true
    fi
    ((${#helpers[@]} == 0)) || kill "${helpers[@]}" 2>/dev/null || true
    [[ $keep == yes ]] || "$here/engine.sh" stop "$cache"
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# ---- the engine, what is built there, and ports that nobody has

host=$("$here/engine.sh" start "$cache")
[[ -z $host ]] || export DOCKER_HOST=$host
gateway=$(docker network inspect bridge -f '{{(index .IPAM.Config 0).Gateway}}')
readonly gateway

free_ports() {
    python3 - "$@" <<'PYTHON'
import socket, sys
sockets = []
for name in sys.argv[1:]:
    sockets.append(socket.socket())
    sockets[-1].bind(("127.0.0.1", 0))
    print(f"export {name}_PORT={sockets[-1].getsockname()[1]}")
PYTHON
}
# shellcheck source=/dev/null
source <(free_ports PRODUCER FORWARDER KAFKA OPENSEARCH OPENSEARCH_ANALYZER DASHBOARDS LOKI GRAFANA)
export COMPOSE_PROJECT_NAME=logpipe-test
export KAFKA_HEAP=384m OPENSEARCH_HEAP=512m

# shellcheck source=../../scripts/stack.sh
source "$tree/scripts/stack.sh"
need_docker
say() { printf '== %s (%d s)\n' "$*" "$SECONDS"; }

# A port that is fixed: it is part of what Docker knows a layer by. Builds only lose their cache where it is taken.
python3 "$here/ccache_server.py" "$gateway" 24299 "$cache/ccache" 2>"$work/ccache.log" &
helpers+=($!)
export CCACHE_REMOTE_STORAGE=http://$gateway:24299

say 'images'
"$here/standins/build.sh" "$cache" >"$work/standins" 2>"$work/standins.log" || {
    cat "$work/standins.log"
    exit 1
}
say "stand-ins: $(tr '\n' ' ' <"$work/standins")"

# shellcheck source=files.sh
source "$here/files.sh"
# shellcheck source=scenes.sh
source "$here/scenes.sh"

# A run that was killed leaves its stack, and the engine starts it again.
remove_strays || true
"$tree/scripts/stop.sh" --purge --yes >"$work/leftovers.log" 2>&1 || {
    cat "$work/leftovers.log"
    exit 1
}

check_files
check_refusals
if check_start; then
    check_image
    check_opensearch
    check_produce
    check_kafka_clients
    check_log_driver
    check_dashboards
    check_status
    check_kills
    check_restart
    check_component_down
    check_stop_and_start
    [[ $keep == yes ]] || check_purge
    check_ship
fi
[[ $keep == no ]] || say "kept: DOCKER_HOST=${DOCKER_HOST:-} COMPOSE_PROJECT_NAME=$project; OpenSearch on $OPENSEARCH_PORT, Loki on $LOKI_PORT"

say 'the stack'
echo "$passed passed, $failed failed"
((failed == 0))
