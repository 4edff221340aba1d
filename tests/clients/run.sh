#!/usr/bin/env bash
# Clients that others wrote send to `logpipe forward`; what the journal then exports is compared field by field.
#   LOGPIPE=build/release/logpipe tests/clients/run.sh          Debian's python3-fluent-logger
#   LOGPIPE=build/release/logpipe tests/clients/run.sh --long   also npm's @fluent-org/logger and fluent-logger-golang
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
logpipe=$(realpath "${LOGPIPE:-$here/../../build/release/logpipe}")
folder=$(mktemp -d)
server=

stop_server() {
    if [ -n "$server" ]; then
        kill -TERM "$server"
        wait "$server"
        server=
    fi
}
clean_up() {
    status=$?
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
    [ $status -eq 0 ] || sed "s/^/logpipe: /" "$folder"/*.log 2>/dev/null | tail -n 20 >&2
    rm -rf "$folder"
}
trap clean_up EXIT

# Starts a server of its own for the client NAME; its port is in $port. Other arguments are options of the server.
start_server() {
    name=$1
    shift
    "$logpipe" forward --listen 127.0.0.1:0 --journal "$folder/$name" --to stdout: --log-format json "$@" \
        >"$folder/$name.out" 2>"$folder/$name.log" &
    server=$!
    port=
    for _ in $(seq 200); do
        port=$(sed -n 's/.*forward_source: listening on [^ ,"]*:\([0-9]*\).*/\1/p' "$folder/$name.log")
        [ -z "$port" ] || return 0
        kill -0 "$server" 2>/dev/null || { wait "$server"; return 1; }
        sleep 0.1
    done
    echo "logpipe forward does not listen" >&2
    return 1
}

# Arguments are compare.py's.
check() {
    stop_server
    "$logpipe" journal export "$folder/$name/nginx-logs" >"$folder/$name.exported"
    printf '%s: ' "$name"
    "$here/compare.py" "$folder/$name.expected" "$folder/$name.exported" "$@"
}

start_server python
/usr/bin/python3 "$here/python_client.py" 127.0.0.1 "$port" "$folder/python.expected"
check

[ "${1:-}" = --long ] || exit 0

PYTHONPATH=$here /usr/bin/python3 -c '
import events, json
for record in events.records(): print(json.dumps(record))' >"$folder/records"

cp -r "$here/node" "$folder/node-client"
(cd "$folder/node-client" && npm install --no-audit --no-fund --no-package-lock --silent)
start_server node
node "$folder/node-client/client.js" 127.0.0.1 "$port" "$folder/records" "$folder/node.expected"
check

echo "the shared key" >"$folder/key"
start_server node-shared-key --shared-key-file "$folder/key"
node "$folder/node-client/client.js" 127.0.0.1 "$port" "$folder/records" "$folder/node-shared-key.expected" \
    "the shared key"
check

printf 'somebody:else\nnode:its password\n' >"$folder/users"
start_server node-user --shared-key-file "$folder/key" --users-file "$folder/users"
node "$folder/node-client/client.js" 127.0.0.1 "$port" "$folder/records" "$folder/node-user.expected" \
    "the shared key" node "its password"
check

(cd "$here/go" && go build -o "$folder/go-client" .)
start_server go
"$folder/go-client" 127.0.0.1 "$port" "$folder/records" "$folder/go.expected"
check --any-order
