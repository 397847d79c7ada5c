#!/usr/bin/env bash
# Installs what building and testing need and what is missing here. Quick when nothing is.
#
#   scripts/setup.sh         all of it, with a private copy of PostgreSQL
#   scripts/setup.sh demo    all but what only tests need
#   scripts/setup.sh tools   what building needs
#   scripts/setup.sh package what making packages needs
source "$(dirname "$0")/common.sh"

# Debian's packages, each with a file or command that shows it to be there.
missing_packages() {
    command -v cc        > /dev/null || echo gcc libc6-dev
    command -v make      > /dev/null || echo make
    command -v pkg-config > /dev/null || echo pkg-config
    command -v clang     > /dev/null || compgen -G '/usr/bin/clang-[0-9]*' > /dev/null || echo clang
    compgen -G '/usr/lib/llvm-*/lib/libclang.so*' > /dev/null || echo libclang-dev
    command -v sudo      > /dev/null || echo sudo
    [ "$(id -u)" != 0 ] || command -v runuser > /dev/null || echo util-linux
    if [ "$scope" = package ]; then
        command -v dpkg-buildpackage > /dev/null || echo dpkg-dev
        command -v dh > /dev/null || echo debhelper
        command -v help2man > /dev/null || echo help2man
    fi
    [ "$private" = yes ] || return 0
    local major
    major=$(installed_major)
    if [ -z "$major" ]; then
        major=${PG_MAJOR:-$(default_major)}
        echo "postgresql-$major" "postgresql-server-dev-$major"
    fi
    # One of the tests has pg_cron refresh the views.
    [ -f "/usr/lib/postgresql/$major/lib/pg_cron.so" ] || echo "postgresql-$major-cron"
    [ "$scope" = all ] || return 0
    # The tests open the preview in a browser.
    command -v chromium > /dev/null || command -v chromium-browser > /dev/null || command -v google-chrome > /dev/null ||
        echo chromium fonts-dejavu-core
}

# The major that this Debian release ships.
default_major() {
    apt-cache depends postgresql 2> /dev/null | sed -n 's/.*Depends: postgresql-\([0-9]\+\)$/\1/p' | head -n 1
}

install_packages() {
    local packages
    packages=$(missing_packages | xargs)
    [ -n "$packages" ] || return 0
    command -v apt-get > /dev/null ||
        fail "missing: $packages (Debian's package names); install them with this system's package manager"
    [ "$(id -u)" = 0 ] || command -v sudo > /dev/null ||
        fail "missing: $packages; install them as root with: apt-get install $packages"
    say "Updating the list of Debian's packages"
    as_root apt-get update -q > /dev/null
    packages=$(missing_packages | xargs)
    say "Installing Debian's packages: $packages"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages > target/apt.log 2>&1 ||
        { tail -n 20 target/apt.log >&2; fail "apt-get could not install: $packages"; }
    [ "$private" = no ] || [ -n "$(installed_major)" ] ||
        fail "no PostgreSQL of a supported major ($SUPPORTED_MAJORS) could be installed"
}

install_cargo_pgrx() {
    command -v cargo > /dev/null || fail "cargo is missing: it comes with Rust, from https://rustup.rs"
    [ "$(cargo pgrx --version 2> /dev/null)" = "cargo-pgrx $PGRX_VERSION" ] && return 0
    say "Installing cargo-pgrx $PGRX_VERSION (about four minutes)"
    cargo install cargo-pgrx --version "$PGRX_VERSION" --locked
}

# A copy of PostgreSQL that belongs to this checkout. The extension is installed into it as an ordinary user, and the
# system's own PostgreSQL is never touched. PostgreSQL finds its files relative to its programs, so a copy just works.
copy_postgres() {
    local share="$POSTGRES/share/postgresql" lib="$POSTGRES/lib/postgresql" include="$POSTGRES/include"
    [ -x "$PG_CONFIG" ] && [ "$("$PG_CONFIG" --version)" = "$("/usr/lib/postgresql/$MAJOR/bin/pg_config" --version)" ] &&
        [ -f "$lib/$MAJOR/lib/pg_cron.so" ] && return 0
    say "Copying PostgreSQL $MAJOR to $POSTGRES"
    rm -rf "$POSTGRES"
    mkdir -p "$share" "$lib" "$include"
    cp -a "/usr/lib/postgresql/$MAJOR" "$lib/"
    cp -aL "/usr/share/postgresql/$MAJOR" "$share/"
    ln -s /usr/include/postgresql "$include/postgresql"
}

init_pgrx() {
    grep -qsF "$PG_CONFIG" "$PGRX_HOME/config.toml" && return 0
    mkdir -p "$PGRX_HOME"
    cargo pgrx init "--pg$MAJOR=$PG_CONFIG" > "$PGRX_HOME/init.log" 2>&1 ||
        { cat "$PGRX_HOME/init.log" >&2; fail "cargo pgrx init failed"; }
}

scope=${1:-all}
# Whether a copy of PostgreSQL is wanted as well.
case $scope in
    tools | package) private=no ;;
    *) private=yes ;;
esac
mkdir -p target
install_packages
install_cargo_pgrx
[ "$private" = yes ] || exit 0
use_private_postgres
copy_postgres
init_pgrx
