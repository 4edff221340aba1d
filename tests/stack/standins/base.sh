#!/usr/bin/env bash
# Makes the Debian image that compose/Dockerfile and the stand-ins start from, where it cannot be pulled: debootstrap from
# the machine's own package sources, under the names that the Dockerfiles use.
#
# Usage: tests/stack/standins/base.sh CACHE IMAGE…
#
# CACHE keeps the archive (35 s to make, 40 MB), so that only the first run makes it.
set -euo pipefail

readonly cache=$1
shift
readonly archive=$cache/debian-12-rootfs.tar.gz

# The first address of the system's package sources, in either of the two forms that they are written in.
mirror() {
    {
        sed -n -E 's/^URIs:[[:space:]]*([^[:space:]]+).*/\1/p' /etc/apt/sources.list.d/*.sources
        sed -n -E 's/^deb ([^[].*|\[[^]]*\] .*)/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list |
            sed -E 's/^\[[^]]*\] //; s/ .*//'
    } 2>/dev/null | head -n 1
}

make_archive() {
    local work
    work=$(mktemp -d "$cache/rootfs.XXXXXX")
    # shellcheck disable=SC2064  # expanded now
    trap "rm -rf '$work'" RETURN
    debootstrap --variant=minbase bookworm "$work/root" "$(mirror)" >"$work/log" 2>&1 || {
        tail -n 20 "$work/log" >&2
        return 1
    }
    # Packages come from where the machine gets its own; nothing else of the machine is in the image.
    local etc=$work/root/etc
    rm -f "$etc/apt/sources.list" "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/cache/apt/*.bin
    rm -rf "$work"/root/var/lib/apt/lists/* "$work"/root/var/log/*.log
    [[ ! -f /etc/apt/sources.list ]] || cp /etc/apt/sources.list "$etc/apt/"
    find /etc/apt/sources.list.d \( -name '*.sources' -o -name '*.list' \) -exec cp {} "$etc/apt/sources.list.d/" \;
    grep -lsr '^Acquire' /etc/apt/apt.conf.d | xargs -r cp -t "$etc/apt/apt.conf.d/" || true
    # As in the official image: no fsync for each file, no manuals.
    echo force-unsafe-io >"$etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
    printf 'path-exclude /usr/share/%s/*\n' doc man info locale >"$etc/dpkg/dpkg.cfg.d/docker"
    rm -rf "$work"/root/usr/share/{doc,man,info,locale}/*
    : >"$work/root/etc/resolv.conf"
    echo localhost >"$work/root/etc/hostname"
    tar -C "$work/root" -c . | gzip -1 >"$work/archive"
    mv "$work/archive" "$archive"
}

mkdir -p "$cache"
[[ -s $archive ]] || make_archive
docker import -c 'CMD ["bash"]' -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    "$archive" "$1" >/dev/null
first=$1
shift
for image in "$@"; do docker tag "$first" "$image"; done
