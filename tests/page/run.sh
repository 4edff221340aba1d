#!/usr/bin/env bash
# The page in a real, headless Chromium (the distribution's), driven by Playwright from npm.
#   LOGPIPE=build/release/logpipe tests/page/run.sh [NAME…]   only the tests whose name has one of these words
#   tests/servers/with_servers.py --kafka --opensearch -- tests/page/run.sh --servers    those that need real servers
#   LOGPIPE=build/release/logpipe tests/page/run.sh --readme-picture                    makes docs/page.png again
#   LOGPIPE_SCREENSHOTS=DIR                                    keeps a picture of each view there, light and dark
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
LOGPIPE=$(realpath "${LOGPIPE:-$here/../../build/release/logpipe}")
export LOGPIPE

# Kept between runs: later ones need no registry. Two that start together wait for each other.
modules=$here/../../build/page-modules
mkdir -p "$modules"
exec 9>"$modules/lock"
flock 9
if ! cmp -s "$here/package.json" "$modules/package.json" || [ ! -d "$modules/node_modules/playwright-core" ]; then
    cp "$here/package.json" "$modules/"
    # A registry may fail for a moment: npm asks again by itself, after 10 s, 20 s and so on.
    (cd "$modules" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --no-audit --no-fund --no-package-lock --fetch-retries 4 \
        --fetch-retry-factor 2 --loglevel error)
fi
exec 9>&-
export PLAYWRIGHT=$modules/node_modules/playwright-core/index.mjs
[[ ${1:-} != --readme-picture ]] || exec node "$here/readme_picture.mjs"
exec node "$here/page_test.mjs" "$@"
