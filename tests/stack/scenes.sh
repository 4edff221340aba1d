# shellcheck shell=bash
# shellcheck disable=SC2154,SC2119  # run.sh and scripts/stack.sh set the names used here
# Sourced by run.sh: what the running stack must show. Each is one part of the run, in this order.

readonly opensearch=http://127.0.0.1:$OPENSEARCH_PORT
readonly loki=http://127.0.0.1:$LOKI_PORT
readonly lines=51462
readonly load_lines=60000

documents_are() {
    local count
    count=$(count_documents)
    [[ $count == "$1" ]] || { echo "$count documents, not $1" && return 1; }
}

logpipe() { docker run --rm "$LOGPIPE_IMAGE" "$@"; }

# The data's file, as it lies on the web, on this machine.
serve_lines() {
    mkdir -p "$work/www"
    logpipe produce --demo "lines=$lines&seed=7" --to stdout: >"$work/www/nginx_json_logs" 2>"$work/www.log"
    python3 -m http.server --bind "$gateway" --directory "$work/www" 0 >"$work/www.log" 2>&1 &
    helpers+=($!)
    within 20 grep -qs 'Serving HTTP' "$work/www.log"
    DATA_URL=http://$gateway:$(sed -n -E 's/^Serving HTTP on .* port ([0-9]+) .*/\1/p' "$work/www.log")/nginx_json_logs
    export DATA_URL
}

check_start() {
    local start=("$root/scripts/start.sh")
    if [[ $build == no ]]; then
        start+=(--no-build)
    else
        say 'building our image'
        compose build producer >"$work/build.log" 2>&1 || {
            tail -n 30 "$work/build.log"
            failed=$((failed + 1))
            return 1
        }
        grep -oE '(Cacheable calls|Hits):.*' "$work/build.log" || true
    fi
    PYTHONUNBUFFERED=1 serve_lines
    local before=$failed
    check 'start.sh builds, starts and waits until all is healthy' "${start[@]}" --wait 600
    ((failed == before)) || return 1
    check 'start.sh again changes nothing' "${start[@]}" --wait 120
    local service
    for service in "${services[@]}"; do check "$service is healthy" test "$(state_of "$service")" = healthy; done
}

image_is_small() { (($(docker image inspect -f '{{.Size}}' "$LOGPIPE_IMAGE") < 30000000)); }
image_has_its_licences() {
    local id copied=0
    id=$(docker create "$LOGPIPE_IMAGE") || return
    docker cp "$id:/THIRD_PARTY.md" "$work/third_party.md" && docker cp "$id:/LICENSE" "$work/license" || copied=1
    docker rm "$id" >/dev/null
    ((copied == 0)) && cmp "$work/third_party.md" "$root/THIRD_PARTY.md" && cmp "$work/license" "$root/LICENSE"
}
container_is_bare() {
    local facts
    facts=$(docker inspect -f '{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Memory}}' \
        "$(container_of "$1")")
    [[ $facts == '65532:65532 true [ALL] [no-new-privileges:true] 268435456' ]] || { echo "$facts" && return 1; }
}
ports_are_local() {
    local id found
    for id in $(docker ps -q --filter "label=com.docker.compose.project=$project"); do docker port "$id"; done >"$work/ports"
    found=$(grep -v -- '-> 127.0.0.1:' "$work/ports") || true
    [[ -z $found ]] || { echo "$found" && return 1; }
}

is_version() { ask_opensearch / | grep -qF "\"number\" : \"$1\""; }
# The official image writes its garbage collector's log there.
logs_are_kept() {
    docker inspect -f '{{range .Mounts}}{{.Name}} {{.Destination}}{{println}}{{end}}' "$(container_of opensearch)" >"$work/mounts"
    grep -q "^${project}_opensearch-logs /usr/share/opensearch/logs$" "$work/mounts" || { cat "$work/mounts" && return 1; }
    docker exec "$(container_of opensearch)" bash -c 'compgen -G "/usr/share/opensearch/logs/*"'
}
check_opensearch() {
    check "OpenSearch is $OPENSEARCH_VERSION, as compose/.env says" is_version "$OPENSEARCH_VERSION"
    check "OpenSearch's logs are in a volume" logs_are_kept
}

check_image() {
    local service
    check 'the image has less than 30 MB' image_is_small
    check 'the image has the licences of what it contains' image_has_its_licences
    for service in producer forwarder consumer indexer shipper; do
        check "$service has no root, no capability, no writable root" container_is_bare "$service"
    done
    check 'ports are on 127.0.0.1 only' ports_are_local
}

# http_status_is STATUS CURL-ARGUMENTS…
# shellcheck disable=SC2317  # it is called by check
http_status_is() {
    local wanted=$1 got
    shift
    got=$(curl -sS -o /dev/null -w '%{http_code}' "$@") || return
    [[ $got == "$wanted" ]] || { echo "$got, not $wanted" && return 1; }
}

check_produce() {
    local produce=http://127.0.0.1:$PRODUCER_PORT/produceEventsToPipeline
    check "another site's page starts no run" http_status_is 403 -H 'Sec-Fetch-Site: cross-site' "$produce"
    check "another site's name for the producer is refused" http_status_is 421 -H 'Host: evil.example' "$produce"
    check 'produce.sh: the lines of a URL, by a GET as in the original' "$root/scripts/produce.sh"
    check "$lines lines are $lines documents" documents_are "$lines"
    check 'produce.sh --demo' "$root/scripts/produce.sh" --demo --lines 2000
    check 'produce.sh --url' "$root/scripts/produce.sh" --url "$DATA_URL"
    check 'each run adds its own lines' documents_are $((2 * lines + 2000))
    check 'a URL that cannot be reached: one line and the way out' refuses 1 'Connection refused; without internet: scripts/produce.sh --demo' \
        "$root/scripts/produce.sh" --url "http://$gateway:9/nothing"
    rm "$work/www/nginx_json_logs"
    check 'the data is gone from its URL: one line and the way out' refuses 1 '; without internet: scripts/produce.sh --demo' "$root/scripts/produce.sh"
    # shellcheck disable=SC2016  # expanded there
    check 'the names of the original resolve' docker run --rm --network "${project}_my_network" "$DEBIAN_IMAGE" \
        bash -c 'for at in fluent/24224 kafka-node1/9092 opensearch-node1/9200; do : <"/dev/tcp/$at" || exit 1; done'
}

# kafka_tool NETWORK TOOL ARGUMENTS…: of Kafka's image, as a client within that network.
kafka_tool() {
    local network=$1 tool=$2
    shift 2
    docker run --rm -i --network "$network" -e KAFKA_HEAP_OPTS=-Xmx128m --entrypoint "/opt/kafka/bin/$tool.sh" "$KAFKA_IMAGE" "$@"
}
# A client that follows what the broker advertises: it makes a topic, produces to it and consumes from it.
kafka_works_at() {
    local network=$1 address=$2 topic=client-$RANDOM$RANDOM consumed
    kafka_tool "$network" kafka-topics --bootstrap-server "$address" --create --topic "$topic" </dev/null || return
    printf '%s\n' one two three | kafka_tool "$network" kafka-console-producer --bootstrap-server "$address" --topic "$topic" || return
    consumed=$(kafka_tool "$network" kafka-console-consumer --bootstrap-server "$address" --topic "$topic" --from-beginning --max-messages 3 \
        --timeout-ms 120000 </dev/null) || return
    [[ $consumed == $'one\ntwo\nthree' ]] || { echo "consumed: $consumed" && return 1; }
    kafka_tool "$network" kafka-topics --bootstrap-server "$address" --delete --topic "$topic" </dev/null
}
check_kafka_clients() {
    check 'a client in a container produces and consumes at kafka-node1:9092' kafka_works_at "${project}_my_network" kafka-node1:9092
    check "a client on the host produces and consumes at 127.0.0.1:$KAFKA_PORT" kafka_works_at host "127.0.0.1:$KAFKA_PORT"
}

marker_is_indexed() {
    ask_opensearch /nginx-logs/_refresh -X POST -o /dev/null
    ask_opensearch /nginx-logs/_search -H 'Content-Type: application/json' -d "{\"size\": 10, \"sort\": [{\"@timestamp\": \"desc\"}]}" |
        grep -q "$1"
}
logs_by_driver() {
    local marker=driver-$RANDOM$RANDOM
    docker run --rm --log-driver fluentd --log-opt "fluentd-address=127.0.0.1:$FORWARDER_PORT" \
        --log-opt tag=app.driver --log-opt fluentd-request-ack=true "$DEBIAN_IMAGE" echo "$marker"
    within 60 marker_is_indexed "$marker"
}
check_log_driver() { check "Docker's fluentd log driver delivers into the index" logs_by_driver; }

# An error of a component, for the panel that counts them.
remove_strays() { docker rm -f "$project-faulty" >/dev/null 2>&1; }
make_an_error() {
    remove_strays || true
    docker run -d --name "$project-faulty" --label "com.docker.compose.project=$project" \
        --label com.docker.compose.service=faulty "$LOGPIPE_IMAGE" produce --file /nonexistent >/dev/null
}
check_dashboards() {
    make_an_error
    check 'Loki holds lines of every component' within 90 "$here/ask.py" components "$loki" "${services[@]}" "${inits[@]}"
    check 'each panel of the Grafana dashboard has data' within 90 "$here/ask.py" panels "$loki" \
        "$root/compose/grafana/dashboards/containers.json"
    check 'each visualization of OpenSearch Dashboards has data' "$here/ask.py" visualizations "$opensearch" \
        "$root/compose/opensearch-dashboards/saved-objects.ndjson"
    check 'Grafana has its data source' bash -c "curl -fsS 'http://127.0.0.1:$GRAFANA_PORT/api/datasources/uid/loki' || curl -fsS 'http://127.0.0.1:$GRAFANA_PORT/api/datasources' | grep -q '\"loki\"'"
    check 'Dashboards has the dashboard' bash -c "curl -fsS 'http://127.0.0.1:$DASHBOARDS_PORT/api/saved_objects/_find?type=dashboard' | grep -q nginx-logs"
}

all_are_named() {
    local each
    "$root/scripts/status.sh" >"$work/status" || { cat "$work/status" && return 1; }
    cat "$work/status"
    for each in producer forwarder consumer indexer shipper kafka opensearch dashboards loki grafana; do
        grep -qi "$each" "$work/status" || { echo "no $each" && return 1; }
    done
}
json_is_pure() {
    "$root/scripts/status.sh" --json >"$work/status.json" 2>"$work/status.errors" || { cat "$work/status.errors" && return 1; }
    python3 -c 'import json, sys; json.load(sys.stdin)' <"$work/status.json" || return
    [[ ! -s $work/status.errors ]] || { cat -A "$work/status.errors" && return 1; }
}
monitor_shows() {
    timeout 20 "$root/scripts/monitor.sh" --plain >"$work/monitor" 2>&1 || true
    [[ $(wc -l <"$work/monitor") -gt 1 ]]
}
check_status() {
    check 'status.sh: every component is up, exit status 0' within 60 all_are_named
    check 'status.sh --json is JSON and nothing else' json_is_pure
    check 'monitor.sh --plain shows the stack' monitor_shows
    check 'logs.sh shows lines of a component' bash -c "'$root/scripts/logs.sh' --no-follow --tail 5 kafka | grep -q kafka"
}

# In its own terms, with an engine and a Loki of its own that can be broken; by the binary of the image.
check_ship() {
    local id
    id=$(docker create "$LOGPIPE_IMAGE")
    docker cp "$id:/logpipe" "$work/logpipe" >"$work/copy.log"
    docker rm "$id" >"$work/copy.log"
    check 'ship: each line of each container once, whatever is restarted' \
        env LOGPIPE="$work/logpipe" "$here/../integration/ship/ship_test.py"
}

# Under load, each of ours is killed in turn and started again, as an operator would; then the oracle counts serials.
documents_are_more_than() { (($(count_documents) > $1)); }
answers() { docker exec "$(container_of "$1")" /logpipe status --self; }
check_kills() {
    local load service before killed=0
    before=$(count_documents)
    tools -T -e LOGPIPE_GIVE_UP_AFTER=5m tools produce --demo "lines=$load_lines&rate=1000&seed=11&serial=1" \
        --to forward://forwarder:24224 >"$work/load.log" 2>&1 &
    load=$!
    check 'lines flow' within 60 documents_are_more_than "$before"
    for service in forwarder consumer indexer shipper producer; do
        kill -0 "$load" 2>/dev/null || break
        docker kill "$(container_of "$service")" >/dev/null && docker start "$(container_of "$service")" >/dev/null &&
            killed=$((killed + 1))
        check "$service was killed and answers again" within 60 answers "$service"
    done
    check 'all five were killed while lines came' test "$killed" = 5
    check 'the load was acknowledged' wait "$load"
    logpipe produce --demo "lines=$load_lines&seed=11&serial=1" --to stdout: >"$work/made.jsonl" 2>"$work/made.log"
    check "nothing missing, nothing doubled: $load_lines serials" within 400 "$here/ask.py" serials "$opensearch" "$work/made.jsonl"
    for service in forwarder consumer indexer shipper producer; do
        check "$service is healthy again" within 90 is_healthy "$service"
    done
}
is_healthy() { [[ $(state_of "$1") == healthy ]]; }

# A process that dies by itself is started again by Docker.
restarted() { [[ $(docker inspect -f '{{.RestartCount}}' "$(container_of "$1")") -gt ${2:-0} ]]; }
check_restart() {
    local id count
    id=$(container_of consumer)
    count=$(docker inspect -f '{{.RestartCount}}' "$id")
    kill -9 "$(docker inspect -f '{{.State.Pid}}' "$id")"
    check 'a process that dies is started again' within 30 restarted consumer "$count"
    check 'and is healthy' within 60 is_healthy consumer
}

names_the_stopped() {
    local status=0
    "$root/scripts/status.sh" >"$work/status" 2>&1 || status=$?
    cat "$work/status"
    [[ $status == 1 ]] && grep -q "$1" "$work/status"
}
check_component_down() {
    local each
    for each in indexer loki; do
        compose stop "$each" >/dev/null 2>&1
        check "status.sh names the stopped $each, exit status 1" names_the_stopped "$each"
        compose start "$each" >/dev/null 2>&1
        check "and is well when $each is back" within 90 "$root/scripts/status.sh"
    done
}

check_stop_and_start() {
    local before
    before=$(count_documents)
    check 'stop.sh' "$root/scripts/stop.sh"
    check 'no container is left' test -z "$(docker ps -q --filter "label=com.docker.compose.project=$project")"
    check 'start.sh again' "$root/scripts/start.sh" --no-build --wait 300
    check 'the documents are there' within 30 documents_are "$before"
    check 'and new ones come' "$root/scripts/produce.sh" --demo --lines 1000
    check 'once' documents_are $((before + 1000))
}

nothing_is_left() {
    local left
    left=$(
        docker ps -aq --filter "label=com.docker.compose.project=$project"
        docker volume ls -q --filter "label=com.docker.compose.project=$project"
        docker network ls -q --filter "label=com.docker.compose.project=$project"
    )
    [[ -z $left ]] || { echo "$left" && return 1; }
}
check_purge() {
    remove_strays || true
    check 'stop.sh --purge asks, and a no removes nothing' bash -c "! '$root/scripts/stop.sh' --purge </dev/null"
    check 'stop.sh --purge' "$root/scripts/stop.sh" --purge --yes
    check 'leaves nothing' nothing_is_left
}
