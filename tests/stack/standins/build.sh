#!/usr/bin/env bash
# Makes the images that the stack needs there where they are not: pulled where a registry answers, else stand-ins under the same names:
# real Kafka, OpenSearch (Maven Central) and Loki (Go module proxy) on a Debian made by debootstrap, and for Grafana and
# OpenSearch Dashboards, which cannot be had so, small servers that check what is provisioned to them.
#
# Usage: tests/stack/standins/build.sh CACHE
#
# What was downloaded and compiled stays in CACHE; an image that is there already is taken as it is, unless it is a stand-in of other
# sources than these. Prints the names of the images that are stand-ins.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly cache=${1:?build.sh CACHE}
# shellcheck source=/dev/null
source ../../../compose/.env
readonly label=org.logpipe.standin
readonly jre_image=logpipe-tests/jre:17
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

progress() { printf 'standins: %s\n' "$*" >&2; }

# What a stand-in is made of, as one number.
sum_of() { find base.sh build.sh jre.Dockerfile loki.sh "$1" -type f | sort | xargs cat | sha256sum | cut -c 1-16; }

# is_there IMAGE SUM: pulled by someone, or a stand-in of these very sources.
is_there() {
    local found
    found=$(docker image inspect -f "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null) || return 1
    [[ -z $found || $found == "$2" ]]
}

is_standin() { [[ -n $(docker image inspect -f "{{index .Config.Labels \"$label\"}}" "$1") ]]; }

# One look-up tells whether there is a registry at all.
can_pull() { [[ ${registry:=$(timeout 60 docker pull -q "$1" >/dev/null 2>&1 && echo yes || echo no)} == yes ]]; }

# image KIND IMAGE BUILD…: one that is there, one pulled, or one built by the command.
image() {
    local kind=$1 image=$2 sum
    sum=$(sum_of "$kind")
    shift 2
    if ! is_there "$image" "$sum"; then
        if can_pull "$image"; then
            docker pull -q "$image" >/dev/null
        else
            progress "$image"
            rm -rf "$work/context"
            cp -r "$kind" "$work/context"
            "$@" "$image" "$sum"
        fi
    fi
    if is_standin "$image"; then echo "$image"; fi
}

build() { docker build -q --label "$label=$2" -t "$1" "${@:3}" "$work/context" >/dev/null; }

# jars KIND VERSION: a server's jars, by its pom.
jars() {
    local into=$cache/$1-$2
    if [[ ! -d $into/lib ]]; then
        progress "fetching the jars of $1 $2"
        rm -rf "$into.part"
        mvn -B -q -f "$1/pom.xml" "-Dserver.version=$2" \
            org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime \
            -DoutputDirectory="$into.part/lib" >&2
        mkdir -p "$into"
        mv "$into.part/lib" "$into/lib"
        rm -rf "$into.part"
    fi
    cp -r "$into/lib" "$work/context/lib"
}

jre() {
    [[ -n $(docker image ls -q "$DEBIAN_IMAGE") ]] || debian
    docker build -q --build-arg DEBIAN_IMAGE="$DEBIAN_IMAGE" -t "$jre_image" - <jre.Dockerfile >/dev/null
}

debian() {
    progress "$DEBIAN_IMAGE"
    ./base.sh "$cache" "$DEBIAN_IMAGE"
}

kafka() {
    jre
    jars kafka "${1##*:}"
    build "$@" --build-arg JRE_IMAGE="$jre_image"
}

opensearch() {
    jre
    jars opensearch "${1##*:}"
    javac -cp "$work/context/lib/*" -d "$work/context" opensearch/Node.java
    build "$@" --build-arg JRE_IMAGE="$jre_image"
}

loki() {
    ./loki.sh "$cache" "v${1##*:}"
    cp "$cache/loki-v${1##*:}/loki" "$work/context/"
    mkdir -p "$work/context/data" "$work/context/rootfs/tmp" "$work/context/rootfs/etc"
    chmod 1777 "$work/context/rootfs/tmp"
    echo 'loki:x:10001:10001::/loki:/sbin/nologin' >"$work/context/rootfs/etc/passwd"
    build "$@"
}

web() { build "$1" "$2" --build-arg DEBIAN_IMAGE="$DEBIAN_IMAGE"; }

mkdir -p "$cache"
[[ -n $(docker image ls -q "$DEBIAN_IMAGE") ]] || can_pull "$DEBIAN_IMAGE" || debian
image kafka "$KAFKA_IMAGE" kafka
image opensearch "$OPENSEARCH_IMAGE:$OPENSEARCH_VERSION" opensearch
image dashboards "$DASHBOARDS_IMAGE:$OPENSEARCH_VERSION" web
image loki "$LOKI_IMAGE" loki
image grafana "$GRAFANA_IMAGE" web
