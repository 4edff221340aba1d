#!/usr/bin/env bash
# Gives the saved objects (index pattern, search, visualizations, the dashboard nginx-logs) to OpenSearch Dashboards and
# opens on that dashboard. Runs once, in a container with its own image; running it again changes nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# The server answers 503 for a while after its port is open.
ask() { curl -fsS --retry 30 --retry-delay 2 --retry-all-errors --max-time 30 -H 'osd-xsrf: true' "$@"; }

answer=$(ask -F file=@saved-objects.ndjson "$DASHBOARDS/api/saved_objects/_import?overwrite=true")
[[ ${answer//[[:space:]]/} == *'"success":true'* ]] || {
    echo "import: $answer" >&2
    exit 1
}
echo "import: $answer"
# The objects are there also where this is refused.
ask -o /dev/null -H 'Content-Type: application/json' \
    -d '{"changes":{"defaultIndex":"nginx-logs","defaultRoute":"/app/dashboards#/view/nginx-logs"}}' \
    "$DASHBOARDS/api/opensearch-dashboards/settings" || echo 'import: the start page was not set' >&2
