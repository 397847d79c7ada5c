#!/usr/bin/env bash
# What a release leaves behind, and what later ones need of it (RELEASE.md).
#
#   scripts/release.sh freeze          keeps the SQL and the sources of the version in Cargo.toml, as committed, in releases/
#   scripts/release.sh build VERSION   builds the library of a release from what was kept; prints where it is
source "$(dirname "$0")/common.sh"
use_private_postgres

# All that the library is built from.
readonly SOURCES=(Cargo.toml Cargo.lock metabase_views.control .cargo crates src sql)

freeze() {
    local version
    version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
    [ -z "$(git status --porcelain -- "${SOURCES[@]}")" ] || fail "commit first: a release is what is committed"
    ! grep -qs "metabase_views--$version.sql" releases/SHA256SUMS || fail "version $version is frozen already"
    mkdir -p releases
    install_extension dev
    cp "$("$PG_CONFIG" --sharedir)/extension/metabase_views--$version.sql" releases/
    git archive --prefix="metabase_views-$version/" HEAD -- "${SOURCES[@]}" | xz -9e > "releases/metabase_views-$version.tar.xz"
    (cd releases && sha256sum "metabase_views--$version.sql" "metabase_views-$version.tar.xz" >> SHA256SUMS)
}

# Both versions have their library in the same file, which cargo does not know: it would take one for the other.
forget_library() { rm -rf target/debug/.fingerprint/metabase_views-*; }

# What the build in hand has compiled of other people's crates is not compiled again.
build() {
    local version=$1 dir="$PRIVATE_DIR/releases/$1"
    local library="$dir/metabase_views-$MAJOR.so"
    if ! [ "$library" -nt "releases/metabase_views-$version.tar.xz" ]; then
        say "Building the library of release $version"
        mkdir -p "$dir"
        tar -xf "releases/metabase_views-$version.tar.xz" -C "$dir" --strip-components 1
        forget_library
        cargo build --lib --manifest-path "$dir/Cargo.toml" --target-dir target --no-default-features --features "pg$MAJOR" --quiet >&2
        cp target/debug/libmetabase_views.so "$library"
        forget_library
    fi
    echo "$library"
}

case ${1:-} in
    freeze) freeze ;;
    build)  build "${2:?which version?}" ;;
    *) fail "usage: scripts/release.sh freeze | build VERSION" ;;
esac
