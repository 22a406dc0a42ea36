# shellcheck shell=bash disable=SC2034
# What every script here shares. Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
STATE="$ROOT/.turngate"
LOGS="$STATE/log"
VENV="$ROOT/.venv"

say() { printf '==> %s\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }

# die MESSAGE [HINT...]: one line of what is wrong, then what to do about it.
die() {
    printf 'error: %s\n' "$1" >&2
    shift
    local hint
    for hint in "$@"; do printf '       %s\n' "$hint" >&2; done
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# timed NAME COMMAND...: runs the command with its output as it comes and says
# how long it took; its exit code is passed on.
timed() {
    local name=$1 began=$SECONDS code=0
    shift
    say "$name"
    "$@" || code=$?
    if ((code == 0)); then
        say "$name: done in $((SECONDS - began)) s"
    else
        say "$name: FAILED (exit $code) after $((SECONDS - began)) s"
    fi
    return "$code"
}

# hold_lock NAME [SECONDS]: holds .turngate/NAME.lock on descriptor 9 until this
# shell ends, so that two scripts at once do not tread on each other. What is
# started in the background must close it: 9>&-.
hold_lock() {
    mkdir -p "$STATE"
    exec 9>"$STATE/$1.lock"
    flock -n 9 && return
    note "waiting for another '$1' in this tree to finish"
    flock -w "${2:-900}" 9 || die "another '$1' has held $STATE/$1.lock for ${2:-900} s" \
        "If none is running any more, remove that file and try again."
}

# A short name for this tree, for what cannot live inside it.
tree_hash() { printf '%s' "$ROOT" | sha256sum | cut -c1-10; }

# apt_install PACKAGE...: Debian's packages, for what only some scripts need.
apt_install() {
    local as_root=()
    ((EUID == 0)) || as_root=(sudo)
    "${as_root[@]}" apt-get update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" ||
        die "apt-get could not install: $*"
}
