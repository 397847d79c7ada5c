# What every script here shares: where things are, and how to say what is going on. Sourced, never run.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# RUST_BACKTRACE puts a backtrace into every error's DETAIL; RUSTFLAGS overrides the linking that pgrx needs.
unset RUST_BACKTRACE RUSTFLAGS

readonly PGRX_VERSION=0.18.1
readonly SUPPORTED_MAJORS="18 17 16 15"

say()  { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
fail() { printf '\033[1;31merror:\033[0m %s\n' "$*" >&2; exit 1; }

# PostgreSQL refuses to run as root, so root runs it as the user that Debian's package makes.
if [ "$(id -u)" = 0 ]; then
    readonly SERVER_USER=postgres
    as_server_user() { runuser -u "$SERVER_USER" -- "$@"; }
    as_root() { "$@"; }
else
    readonly SERVER_USER=$(id -un)
    as_server_user() { "$@"; }
    as_root() { sudo "$@"; }
fi

# The newest PostgreSQL here that this extension supports, or the one that PG_MAJOR names.
installed_major() {
    local major
    for major in ${PG_MAJOR:-$SUPPORTED_MAJORS}; do
        if [ -x "/usr/lib/postgresql/$major/bin/pg_config" ] && [ -d "/usr/include/postgresql/$major/server" ]; then
            echo "$major"
            return
        fi
    done
}

# Where the private PostgreSQL and its clusters live: under target/, unless the server's user cannot get there.
private_dir() {
    local dir="$PWD/target"
    mkdir -p "$dir"
    if [ "$(id -u)" = 0 ] && getent passwd "$SERVER_USER" > /dev/null && ! as_server_user test -x "$dir"; then
        dir="/var/tmp/metabase_views-$(printf '%s' "$PWD" | cksum | cut -d' ' -f1)"
        mkdir -p "$dir"
        # Anybody may write to /var/tmp: a folder that somebody else has put there is not ours to use.
        [ -O "$dir" ] || fail "$dir belongs to somebody else"
    fi
    echo "$dir"
}

# After setup: the major, its pg_config and its programs.
use_private_postgres() {
    PRIVATE_DIR=$(private_dir)
    MAJOR=$(installed_major)
    POSTGRES="$PRIVATE_DIR/postgres/$MAJOR"
    PG_BIN="$POSTGRES/lib/postgresql/$MAJOR/bin"
    PG_CONFIG="$PG_BIN/pg_config"
    export PGRX_HOME="$PWD/target/pgrx"
    export PG_CONFIG PG_BIN PRIVATE_DIR
}

# Installs the extension into the private PostgreSQL, built in a profile (dev or release).
install_extension() {
    local profile=$1
    # A server that runs has the library mapped: it must be replaced, not overwritten.
    rm -f "$("$PG_CONFIG" --pkglibdir)/metabase_views.so"
    cargo pgrx install --profile "$profile" --pg-config "$PG_CONFIG" --no-default-features --features "pg$MAJOR" \
        > target/install.log 2>&1 || { cat target/install.log >&2; fail "the extension could not be installed"; }
}
