#!/usr/bin/env bash
# Builds logpipe and runs the main job on this machine: generated nginx lines, served over HTTP on localhost, through the
# Fluent forward protocol, the journal and the transform into SQLite; then shows the ledger and some of the data.
#
# Usage: scripts/demo.sh [--lines N] [--data-dir DIR]
#
#   --lines N       how many lines; default: 51462
#   --data-dir DIR  where the data goes, a folder without any yet; default: a new one under /tmp. It is kept.
#
# Exit status 0 only if every line is in the store.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

lines=51462
data=
while (($# > 0)); do
    case $1 in
        --lines | --data-dir)
            (($# > 1)) || misused "$1 needs a value"
            [[ $1 == --lines ]] && lines=$2 || data=$2
            shift
            ;;
        -h | --help) print_help && exit 0 ;;
        *) misused "unknown argument $1" ;;
    esac
    shift
done
[[ $lines =~ ^[1-9][0-9]*$ ]] || misused "--lines takes a number, not $lines"

"$root/scripts/setup.sh" --demo
build_preset release --target logpipe
readonly logpipe=$root/build/release/logpipe

[[ -n $data ]] || data=$(mktemp -d /tmp/logpipe-demo.XXXXXX)
[[ ! -e $data/store.sqlite ]] || fail "$data holds the data of an earlier run"
mkdir -p "$data/www"
data=$(cd "$data" && pwd)

# What runs in the background, ended by its id however this script ends.
running=()
end_what_runs() {
    ((${#running[@]} == 0)) || kill "${running[@]}" 2>/dev/null || true
}
trap end_what_runs EXIT

# wait_until SECONDS WHAT COMMAND…: until the command succeeds.
wait_until() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        ((SECONDS < end)) || fail "$what: not within the time given; the logs are in $data"
        sleep 0.1
    done
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

say "$lines lines, made up and the same every time"
"$logpipe" produce --demo "lines=$lines&seed=1" --to "file:$data/www/nginx_json_logs"

say 'serve them over HTTP'
PYTHONUNBUFFERED=1 python3 -m http.server --bind 127.0.0.1 --directory "$data/www" 0 >"$data/http.log" 2>&1 &
running+=($!)
wait_until 30 'the HTTP server' grep -qs 'Serving HTTP' "$data/http.log"
http_port=$(sed -n -E 's/^Serving HTTP on .* port ([0-9]+) .*/\1/p' "$data/http.log")

say 'start the pipeline: forward protocol, journal, transform, SQLite'
forward_port=$(free_port)
admin_port=$(free_port)
"$logpipe" run --data-dir "$data" --listen "127.0.0.1:$forward_port" --admin "127.0.0.1:$admin_port" \
    >"$data/ledger.txt" 2>"$data/run.log" &
pipeline=$!
running+=("$pipeline")
is_ready() {
    kill -0 "$pipeline" 2>/dev/null || fail "the pipeline ended: $(tail -n 5 "$data/run.log")"
    curl -fs -o /dev/null "http://127.0.0.1:$admin_port/readyz"
}
wait_until 60 'the pipeline' is_ready

say 'produce'
"$logpipe" produce --url "http://127.0.0.1:$http_port/nginx_json_logs" --to "forward://127.0.0.1:$forward_port"

# The ledger as the running process tells it.
ledger() { "$logpipe" status --at "127.0.0.1:$admin_port" | grep -oE 'in [0-9]+ = indexed .* in flight [0-9]+' | head -n 1; }
all_is_through() { [[ $(ledger) == *' in flight 0' ]]; }
wait_until 120 'the last lines' all_is_through

say 'stop the pipeline (SIGTERM); it ends when everything is safe and prints its ledger'
kill -TERM "$pipeline"
status=0
wait "$pipeline" || status=$?
running=("${running[0]}")
cat "$data/ledger.txt"
((status == 0)) || fail "the pipeline ended with status $status; its log is $data/run.log"

readonly store=$data/store.sqlite
say 'the data, by status code'
sqlite3 -box "$store" "
    SELECT json_extract(doc, '\$.event.response') AS response, count(*) AS documents,
           sum(json_extract(doc, '\$.event.bytes')) AS bytes
    FROM documents GROUP BY response ORDER BY documents DESC"
say 'the five most frequent requests'
sqlite3 -box "$store" "
    SELECT json_extract(doc, '\$.event.request') AS request, count(*) AS documents
    FROM documents GROUP BY request ORDER BY documents DESC LIMIT 5"

say 'look further'
cat <<LOOK
  sqlite3 $store "SELECT doc FROM documents LIMIT 1" | jq .
  $logpipe journal ls $data/nginx-logs
  $logpipe journal export $data/nginx-logs | head -n 3
  $logpipe run --data-dir $data --admin 127.0.0.1:8001     # its page: http://127.0.0.1:8000, and elsewhere:
  $logpipe status --at 127.0.0.1:8001
  rm -r $data
LOOK

documents=$(sqlite3 "$store" 'SELECT count(*) FROM documents')
((documents == lines)) || fail "$documents documents of $lines lines are in the store"
