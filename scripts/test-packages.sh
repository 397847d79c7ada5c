#!/usr/bin/env bash
# Makes the packages and tests them in a bare Debian under target/, which has neither Rust nor sources. For root, or a user who may use sudo.
# The bare Debian is fetched once.
source "$(dirname "$0")/common.sh"

work="$PWD/target/package-test"
bare="$work/bare.tar"
root="$work/root"
mkdir -p "$work"

# Twice the same, and once with a higher revision.
make_packages() {
    scripts/package.sh
    keep 1
    say "Making them again"
    rm -rf "$work/again"
    mv "$work/1" "$work/again"
    scripts/package.sh
    keep 1
    diff -r "$work/again" "$work/1" || fail "the same sources have made other packages"
    REVISION=2 scripts/package.sh
    keep 2
}

keep() {
    rm -rf "${work:?}/$1"
    mkdir "$work/$1"
    cp target/package/*.deb "$work/$1/"
}

make_root() {
    # shellcheck disable=SC1091 # VERSION_CODENAME
    source /etc/os-release
    if ! [ -f "$bare" ]; then
        command -v mmdebstrap > /dev/null || as_root apt-get install -y -q --no-install-recommends mmdebstrap > target/apt.log
        say "Fetching a bare Debian $VERSION_CODENAME"
        as_root mmdebstrap --quiet --variant=minbase "$VERSION_CODENAME" "$bare"
    fi
    remove_root
    mkdir "$root"
    as_root tar --extract --file "$bare" --directory "$root"
    as_root cp /etc/resolv.conf "$root/etc/"
    # As in a container: a package that is installed starts nothing.
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$root/usr/sbin/policy-rc.d" > /dev/null
    as_root chmod +x "$root/usr/sbin/policy-rc.d"
    as_root mkdir "$root/packages"
    as_root cp -r "$work/1" "$work/2" demo deploy tests/packages "$root/packages/"
}

remove_root() { as_root rm -rf --one-file-system "$root"; }

# With processes and mounts of its own, all of which end with it.
in_root() {
    as_root unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" \
        chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

make_packages
if command -v lintian > /dev/null; then
    say "Checking them with lintian"
    # Which is for those who bring a new package into Debian.
    lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$work"/1/*.deb
fi
for package in "$work"/1/postgresql-*.deb; do
    major=${package##*/postgresql-}
    major=${major%%-*}
    [ -n "$(apt-cache policy "postgresql-$major" 2> /dev/null)" ] || { say "Debian has no PostgreSQL $major here: not tested"; continue; }
    make_root
    say "Testing them for PostgreSQL $major"
    in_root bash /packages/packages/steps.sh "$major" || fail "the packages are wrong; their Debian is still there: $root"
    remove_root
done
say "The packages are right"
