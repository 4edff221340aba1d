#!/usr/bin/env bash
# All checks before a commit: format and tidy, build and tests, then again under ASan + UBSan, and TSan.
#
# Usage: scripts/check.sh
#
# Stops at the first that fails, with its status.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
    '') ;;
    -h | --help) print_help && exit 0 ;;
    *) misused "unknown argument $1" ;;
esac

"$root/scripts/tidy.sh"
"$root/scripts/test.sh" --sanitizers
