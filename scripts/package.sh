#!/usr/bin/env bash
# Makes packages of what is committed, in target/package/: for each major of PostgreSQL that is installed here with its headers a
# Debian package, another one for metabase-push, and archives of the same files and of the sources.
#
#   REVISION=1   the number behind the version, for packages that are made again from the same sources
source "$(dirname "$0")/common.sh"

scripts/setup.sh package
out="$PWD/target/package"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
revision=${REVISION:-1}
name="metabase_views-$version"
sources="$out/build/$name"
# Everything is as old as the commit, so that the same sources make the same packages.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
export LC_ALL=C.UTF-8 TZ=UTC

majors() {
    local major
    for major in $SUPPORTED_MAJORS; do
        ! has_packages "$major" || echo "$major"
    done
}

# A copy of what is committed, with the folder debian/ that Debian's tools want.
copy_sources() {
    rm -rf "$out/build" "$out"/*.deb "$out"/*.tar.gz
    mkdir -p "$out/build" "$out/pgrx"
    git archive --prefix="$name/" --format=tar HEAD | gzip -9n > "$out/$name.tar.gz"
    tar -xzf "$out/$name.tar.gz" -C "$out/build"
    cp -r packaging "$sources/debian"
    write_control
    write_changelog
    write_copyright
}

# The paragraph of the extension once for each major.
write_control() {
    awk -v majors="$MAJORS" -v RS= -v ORS='\n\n' '
        !/PGVERSION/ { print; next }
        {
            count = split(majors, major, " ")
            for (at = 1; at <= count; at++) {
                paragraph = $0
                gsub(/PGVERSION/, major[at], paragraph)
                print paragraph
            }
        }' packaging/control > "$sources/debian/control"
}

# What has changed says CHANGELOG.md, which is in the packages as well.
write_changelog() {
    cat > "$sources/debian/changelog" <<CHANGELOG
metabase-views ($version-$revision) unstable; urgency=medium

  * Version $version of metabase_views, for PostgreSQL $(xargs <<< "$MAJORS" | sed 's/ /, /g').

 -- $(sed -n 's/^Maintainer: //p' packaging/control)  $(date -R -d "@$SOURCE_DATE_EPOCH")
CHANGELOG
}

write_copyright() {
    {
        echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
        echo 'Upstream-Name: metabase_views'
        echo
        echo 'Files: *'
        sed -n 's/^Copyright (c) /Copyright: /p' LICENSE
        echo 'License: PostgreSQL'
        sed '1,/^Copyright/d; s/^$/./; s/^/ /' LICENSE | sed 1d
    } > "$sources/debian/copyright"
}

# Debian's tools have a home of their own in which there is no Rust.
build() {
    say "Building packages for PostgreSQL $(xargs <<< "$MAJORS") (some minutes the first time)"
    (
        cd "$sources"
        export MAJORS CARGO_TARGET_DIR="$out/cargo" PGRX_HOME="$out/pgrx"
        export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
        dpkg-buildpackage --build=binary --no-sign --no-check-builddeps
    ) > "$out/build.log" 2>&1 || { tail -n 40 "$out/build.log" >&2; fail "the packages could not be built: $out/build.log"; }
    mv "$out/build/"*.deb "$out/"
}

# The same files for a system without Debian's tools.
archive_built_files() {
    local package root="$out/build/root"
    for package in "$out"/*.deb; do
        dpkg-deb --extract "$package" "$root"
    done
    tar --create --directory "$root" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" . |
        gzip -9n > "$out/$name-linux-$(uname -m).tar.gz"
}

MAJORS=$(majors)
[ -n "$MAJORS" ] || fail "no PostgreSQL with its headers is installed here (Debian's packages: postgresql-15 postgresql-server-dev-15)"
[ -z "$(git status --porcelain)" ] || say "What is not committed is not in the packages"
copy_sources
build
archive_built_files
say "The packages are in $out"
(cd "$out" && du --apparent-size -h -- *.deb *.tar.gz)
