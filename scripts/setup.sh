#!/usr/bin/env bash
# Installs what logpipe needs from the distribution: Debian 12 or 13, as root or by sudo. Then builds librdkafka, by
# scripts/librdkafka.sh, where it is not there yet.
#
# Usage: scripts/setup.sh [--demo] [--tests] [--stack] [--long] [--static] [--lint] [--locks] [--bench] [--paths] [--check] [--all] [--list]
#
#   (nothing)  what the build needs
#   --demo     … and what scripts/demo.sh needs (python3, curl, sqlite3, jq)
#   --tests    … and what the tests need (Catch2, Java and Maven for real servers, real clients,
#              nginx, GoAccess, Chromium and npm for the page)
#   --stack    … and what tests/stack/run.sh needs (an engine, Compose, debootstrap, JDK, Maven, Go)
#   --long     … and what scripts/test.sh --long needs (Go, for clients of that world; a Docker engine)
#   --static   … and what scripts/static.sh needs
#   --lint     … and what scripts/tidy.sh --quick needs (clang-format, shellcheck)
#   --locks    … and what scripts/tidy.sh --locks needs (clang)
#   --bench    … and what scripts/bench.sh measures and counts with (Google Benchmark, valgrind)
#   --paths    … and what scripts/bench.sh --paths compares with and draws by (rsyslog, gnuplot, perf)
#   --check    … and what scripts/check.sh and fuzz.sh need (clang; includes --lint and --bench)
#   --all      all of these but --long, --stack and --paths
#   --list     prints the missing packages, one a line, and installs nothing
#
# Safe to run again: with everything there it installs and builds nothing, and asks no server.
# Exit status: 0 everything is there, 1 it could not be installed, 2 wrong call.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

groups=(build)
list_only=no
for argument in "$@"; do
    case $argument in
        --demo | --tests | --stack | --long | --static | --lint | --locks | --bench | --paths) groups+=("${argument#--}") ;;
        --check) groups+=(lint locks bench check) ;;
        --all) groups+=(demo tests static lint locks bench check) ;;
        --list) list_only=yes ;;
        -h | --help) print_help && exit 0 ;;
        *) misused "unknown argument $argument" ;;
    esac
done

# shellcheck source=/dev/null
system=$(source /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}") || system=unknown
case $system in
    'debian 12') boost=1.81 ;;  # the default Boost there is 1.74, which has no Boost.URL
    'debian 13') boost=1.83 ;;
    *) boost= ;;
esac

# Prints the packages of a group, one a line.
packages_of() {
    case $1 in
        build)
            printf '%s\n' g++ cmake ninja-build ccache git "libboost$boost-dev" "libboost-url$boost-dev" \
                "libboost-json$boost-dev" libsimdjson-dev libfmt-dev libspdlog-dev libcli11-dev \
                libtomlplusplus-dev libxxhash-dev libsqlite3-dev libssl-dev libzstd-dev liblz4-dev zlib1g-dev \
                dpkg-dev make
            ;;
        demo) printf '%s\n' python3 curl sqlite3 jq ;;
        # Java and Maven: for real Kafka and OpenSearch. kcat: somebody else's Kafka client. nginx: real lines. goaccess:
        # somebody else's reading of them. python3-venv: for what PyPI has of Kubernetes.
        tests)
            printf '%s\n' catch2 python3 python3-venv python3-fluent-logger jq sqlite3 curl openssl default-jre-headless maven kcat nginx goaccess \
                chromium logrotate rsyslog spin apache2-bin caddy
            command -v npm >/dev/null || echo npm  # as good from elsewhere
            ;;
        stack)
            command -v dockerd >/dev/null || echo docker.io
            docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null || echo docker-compose
            command -v javac >/dev/null || echo openjdk-17-jdk-headless
            command -v mvn >/dev/null || echo maven
            command -v go >/dev/null || echo golang-go
            printf '%s\n' debootstrap iproute2 iptables curl python3 python3-venv busybox-static
            ;;
        long)  # Go and Docker are as good from elsewhere
            command -v go >/dev/null || echo golang-go
            command -v dockerd >/dev/null || echo docker.io
            echo busybox-static  # the containers of tests/integration/ship
            echo python3-venv    # a newer Java, for OpenSearch 3
            ;;
        bench) printf '%s\n' libbenchmark-dev valgrind ;;
        paths) printf '%s\n' rsyslog rsyslog-kafka rsyslog-elasticsearch gnuplot-nox linux-perf ;;
        static) echo file ;;
        lint) printf '%s\n' clang-format-19 shellcheck ;;
        locks) echo clang-19 ;;
        check) printf '%s\n' clang-tidy-19 libclang-rt-19-dev ;;
    esac
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

if [[ -z $boost ]]; then
    {
        echo "setup.sh knows the package names of Debian 12 and 13; this system is: $system."
        echo "Please install g++ 12, CMake 3.25 and Boost 1.81 or later, and the others of these Debian names:"
        for group in "${groups[@]}"; do packages_of "$group"; done | sed 's/^/  /'
    } >&2
    exit 1
fi

mapfile -t missing < <(
    for group in "${groups[@]}"; do packages_of "$group"; done | sort -u |
        while read -r package; do is_installed "$package" || echo "$package"; done
)

if [[ $list_only == yes ]]; then
    ((${#missing[@]} == 0)) || printf '%s\n' "${missing[@]}"
    exit 0
fi
if ((${#missing[@]} == 0)); then
    "$root/scripts/librdkafka.sh"
    say "setup (${groups[*]}): everything is there"
    exit 0
fi

# Runs a command as root: as we are, or by sudo.
as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "needs root or sudo for: $*"
    fi
}

say "setup (${groups[*]}): installing ${missing[*]}"
as_root apt-get update -qq -o DPkg::Lock::Timeout=120
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=120 \
    -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}" </dev/null
"$root/scripts/librdkafka.sh"
say "setup: done"
