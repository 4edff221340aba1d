#!/usr/bin/env bash
# Sends nginx log lines into the stack and follows them until all are in the index.
#
# Usage: scripts/produce.sh [--url URL | --demo] [--lines N]
#
#   without       asks the producer: GET /produceEventsToPipeline, which reads DATA_URL of compose/.env
#   --url URL     lines from there
#   --demo        made-up lines, for which no internet is needed
#   --lines N     how many generated lines; default: 51462; implies --demo
#
# Exit status 0 only when as many documents came as lines were sent.
set -euo pipefail
# shellcheck source=stack.sh
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

url=
lines=
demo=no
while (($# > 0)); do
    case $1 in
        --url | --lines)
            [[ -n ${2:-} ]] || misused "$1 needs a value"
            [[ $1 == --url ]] && url=$2 || lines=$2 demo=yes
            shift
            ;;
        --demo) demo=yes ;;
        -h | --help) print_help && exit 0 ;;
        *) misused "unknown argument $1" ;;
    esac
    shift
done
[[ -z $url || $demo == no ]] || misused 'either --url or --demo'
way_out='; without internet: scripts/produce.sh --demo'
[[ $demo == no ]] || way_out='; scripts/status.sh shows what is down'
[[ -z $url || $url == http*://* ]] || way_out='; an address begins with http:// or https://'
[[ ${lines:=51462} =~ ^[1-9][0-9]*$ ]] || misused "--lines takes a number, not $lines"
need_stack forwarder

before=$(count_documents) || fail "OpenSearch does not answer on port $OPENSEARCH_PORT: scripts/status.sh"

# Leaves the number of lines that are safe in `sent`.
send() {
    local answer status
    if [[ $demo == yes || -n $url ]]; then
        local from=(--demo "lines=$lines&seed=$RANDOM$RANDOM")
        [[ -z $url ]] || from=(--url "$url")
        answer=$(tools -T tools produce "${from[@]}" --to "$FORWARDER_URI" 2>&1) || {
            local why
            why=$(sed -n -E 's/.*"level":"error","message":"(.*)"\}.*/\1/p' <<<"$answer" | tail -n 1)
            fail "${why:-$answer}$way_out"
        }
        answer=$(grep -oE '[0-9]+ of [0-9]+ lines safe in .*[^"}]' <<<"$answer" | tail -n 1) || answer=
        sent=${answer%% *}
    else
        status=$(curl -sS --max-time 3600 -o "$root/build/produce-answer.json" -w '%{http_code}' \
            "http://127.0.0.1:$PRODUCER_PORT/produceEventsToPipeline") || fail 'the producer does not answer: scripts/status.sh'
        answer=$(<"$root/build/produce-answer.json")
        [[ $status == 200 ]] ||
            fail "$(sed -E 's/.*"detail":"([^"]*)".*/\1/' <<<"$answer")$way_out"
        sent=$(sed -n -E 's/.*"events":([0-9]+).*/\1/p' <<<"$answer")
    fi
    printf '%s\n' "$answer"
}
say 'sending'
send
[[ -n ${sent:-} ]] || fail 'the answer does not say how many lines were sent'

say "$sent lines are safe in the forwarder's journal; waiting for the index"
shown=-1
began=$SECONDS
moved=$SECONDS
while true; do
    now=$(count_documents) || now=
    indexed=$((${now:-before} - before))
    if ((indexed != shown)); then
        printf '   %d of %d\n' "$indexed" "$sent"
        shown=$indexed
        moved=$SECONDS
    fi
    ((indexed < sent)) || break
    ((SECONDS - moved < 120)) || fail "nothing new is in the index for two minutes: scripts/status.sh says why"
    sleep 1
done
say "$indexed documents after $((SECONDS - began)) s"
