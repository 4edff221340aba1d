#!/usr/bin/env bash
# Builds Loki from its Go module, under the module's own go.mod (its replace and exclude lines count only there).
#
# Usage: tests/stack/standins/loki.sh CACHE VERSION
#
# 8 minutes of CPU; the program stays in CACHE/loki-VERSION/loki and is built once a version.
set -euo pipefail

readonly into=$1/loki-$2 version=$2 module=github.com/grafana/loki/v3
[[ ! -x $into/loki ]] || exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# folder_of MODULE@VERSION, from the proxy.
folder_of() { (cd "$work" && go mod download -json "$1" | sed -n -E 's/^[[:space:]]*"Dir": "(.*)",?$/\1/p'); }
sources=$(folder_of "$module@$version")

# The Go that Loki asks for: where this one is older (Debian 12 has 1.19), that version comes from the proxy, as newer ones do by themselves.
wanted=$(sed -n -E 's/^go ([0-9.]+)$/\1/p' "$sources/go.mod")
found=$(go env GOVERSION)
if [[ $(printf '%s\n' "$wanted" "${found#go}" | sort -V | head -n 1) != "$wanted" ]]; then
    toolchain=$(folder_of "golang.org/toolchain@v0.0.1-go$wanted.$(go env GOOS)-$(go env GOARCH)")
    find "$toolchain/bin" "$toolchain/pkg/tool" -type f -exec chmod +x {} +  # a module's files are not executable
    export PATH=$toolchain/bin:$PATH GOTOOLCHAIN=local
fi

# A folder of the module that it replaces by path is a module of its own on the proxy.
sed -E -e 's/^module .*/module logpipe.standins\/loki/' -e '/=> \.\//d' -e '/^(ignore|toolchain) /d' \
    "$sources/go.mod" >"$work/go.mod"
cp "$sources/go.sum" "$work/go.sum"
chmod u+w "$work/go.sum"
cd "$work"
go mod edit -require="$module@$version"
mkdir -p "$into"
CGO_ENABLED=0 nice -n 10 go build -mod=mod -trimpath -ldflags "-s -w -X github.com/grafana/loki/v3/pkg/util/build.Version=${version#v}" \
    -o "$into/loki.part" "$module/cmd/loki"
mv "$into/loki.part" "$into/loki"
