# shellcheck shell=bash
# Sourced by the scripts of the compose stack: how they speak to Docker, and what the stack is made of.
# shellcheck disable=SC2034  # names for those who source it
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# compose/.env, but for what the environment says already.
while IFS='=' read -r name value; do
    [[ ! $name =~ ^[A-Z_]+$ || -n ${!name+set} ]] || export "$name=$value"
done <"$root/compose/.env"
readonly project=$COMPOSE_PROJECT_NAME

# What runs all the time, in the order of the data; what runs once at the start; what publishes a port.
readonly services=(producer forwarder kafka consumer indexer opensearch opensearch-dashboards shipper loki grafana)
readonly inits=(kafka-topics opensearch-template dashboards-import)
readonly ports=(PRODUCER FORWARDER KAFKA OPENSEARCH OPENSEARCH_ANALYZER DASHBOARDS LOKI GRAFANA)

# Where `logpipe status` and `logpipe monitor` look, within the stack's network.
readonly looks=(
    --at producer:8000 --at forwarder:24231 --at consumer:24232 --at indexer:24233 --at shipper:24234
    --brokers kafka-node1:9092 --hop nginx-logs:nginx-consumer --hop nginx-events:nginx-indexer
    --opensearch http://opensearch:9200 --dashboards http://opensearch-dashboards:5601
    --loki http://loki:3100 --grafana http://grafana:3000
)

# Fails with one line and the way out where Docker or Compose cannot be used.
need_docker() {
    local why
    command -v docker >/dev/null ||
        fail 'docker is missing: install it (Debian: apt-get install docker.io docker-compose)'
    why=$(docker version -f '{{.Server.Version}}' 2>&1) || {
        case $why in
            *'permission denied'*) fail "you may not use Docker: sudo usermod -aG docker $(id -un), then log in again" ;;
            *) fail "Docker is not running: start it (sudo systemctl start docker); it says: ${why##*$'\n'}" ;;
        esac
    }
    if docker compose version >/dev/null 2>&1; then
        compose_command=(docker compose)
    elif command -v docker-compose >/dev/null; then
        compose_command=(docker-compose)
    else
        fail 'Docker Compose is missing: install docker-compose-plugin, or docker-compose of Debian'
    fi
    # The shipper is not root: it needs the group that may use the socket.
    if [[ ${DOCKER_HOST:-} == unix://* && $DOCKER_SOCKET == /var/run/docker.sock ]]; then
        export DOCKER_SOCKET=${DOCKER_HOST#unix://}
    fi
    [[ ! -S $DOCKER_SOCKET ]] || DOCKER_GID=$(stat -c %g "$DOCKER_SOCKET" 2>/dev/null || echo 0)
    export DOCKER_GID
}

# In its folder, so that .env and an override file are found.
compose() { (cd "$root/compose" && "${compose_command[@]}" "$@"); }

# container_of SERVICE: the id of its container, running or not; nothing where there is none.
container_of() {
    docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$1" \
        --filter label=com.docker.compose.oneoff=False | head -n 1
}

# state_of SERVICE: healthy, starting, unhealthy, running, exited (STATUS) or absent.
state_of() {
    local id
    id=$(container_of "$1")
    [[ -n $id ]] || { echo absent && return; }
    docker inspect -f '{{if eq .State.Status "running"}}{{if .State.Health}}{{.State.Health.Status}}{{else}}running{{end}}{{
        else}}{{.State.Status}} ({{.State.ExitCode}}){{end}}' "$id" 2>/dev/null || echo absent
}

# need_stack SERVICE: fails where it has no container.
need_stack() {
    need_docker
    [[ $(state_of "$1") != absent ]] || fail 'the stack is not there: scripts/start.sh'
}

# Leaves out what docker-compose 1.29 says on standard error of a container that it makes as asked, and its exit status as a line of
# its own; errors and what logpipe says stay. Not ended by Ctrl-C, for what is still to be said comes after that.
without_progress() (
    trap '' INT
    sed -u -E '/^(Creating [^ ]+ \.\.\. *(done)?|[0-9]+)\r?$/d'
)

# tools [OPTION…] SUBCOMMAND…: logpipe in a new container within the stack's network.
tools() { { compose run --rm --no-deps "$@" 2>&1 >&3 3>&- | without_progress >&2; } 3>&1; }

# ask_opensearch PATH [CURL ARGUMENTS…]: of OpenSearch.
ask_opensearch() {
    local path=$1
    shift
    curl -fsS --max-time 10 "$@" "http://127.0.0.1:$OPENSEARCH_PORT$path"
}

# The number of documents that a search sees now; 0 before there is an index.
count_documents() {
    ask_opensearch '/nginx-logs/_refresh?ignore_unavailable=true' -X POST -o /dev/null 2>/dev/null || true
    ask_opensearch '/nginx-logs/_count?ignore_unavailable=true' | sed -n -E 's/.*"count":([0-9]+).*/\1/p'
}
