# shellcheck shell=bash
# Sourced after common.sh by the scripts that build a library from a source package of Debian: apt with a private
# configuration, which needs no root and changes nothing of the machine. The caller sets `work`, a folder, and `log`, a file.

# Runs a command with its output in the log; shows the end of the log when it fails.
quietly() {
    # shellcheck disable=SC2154  # log is the caller's
    "$@" >>"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        fail "failed: $* (the whole output is in $log)"
    }
}

private_apt() {
    local command=$1
    shift
    # shellcheck disable=SC2154  # work is the caller's
    "$command" -q -o APT::Sandbox::User= -o "Dir::Etc::sourcelist=$work/apt/sources.list" \
        -o "Dir::Etc::sourceparts=$work/apt/parts" -o "Dir::State::lists=$work/apt/lists" \
        -o "Dir::Cache=$work/apt/cache" "$@"
}

# use_package_sources SED-EXPRESSION: the machine's own package sources with source packages switched on, each line
# edited by the expression, e.g. to name another release; '' leaves them as they are.
use_package_sources() {
    local edit=$1 file
    mkdir -p "$work/apt/parts" "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    : >"$work/apt/sources.list"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [[ -f $file ]] &&
            sed -n -E 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$file" | sed -E "$edit" >>"$work/apt/sources.list"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [[ -f $file ]] && sed -E -e 's/^Types:.*/Types: deb-src/I' -e "$edit" "$file" >"$work/apt/parts/$(basename "$file")"
    done
    return 0
}
