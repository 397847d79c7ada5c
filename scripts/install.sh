#!/usr/bin/env bash
# Builds the extension and installs it into the PostgreSQL that a pg_config belongs to.
#
#   scripts/install.sh PG_CONFIG
source "$(dirname "$0")/common.sh"

given=${1:-pg_config}
pg_config=$(command -v "$given") ||
    fail "there is no $given; name the server's own: make install PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config"
major=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
case " $SUPPORTED_MAJORS " in
    *" $major "*) ;;
    *) fail "$pg_config is PostgreSQL $major; supported are: $SUPPORTED_MAJORS" ;;
esac
[ -f "$("$pg_config" --includedir-server)/postgres.h" ] ||
    fail "PostgreSQL's headers are missing; Debian's package is postgresql-server-dev-$major"

scripts/setup.sh tools
export PGRX_HOME="$PWD/target/pgrx" PGRX_PG_CONFIG_PATH="$pg_config"
as_superuser=()
[ -w "$("$pg_config" --pkglibdir)" ] || as_superuser=(sudo)
say "Building for PostgreSQL $major and installing into $("$pg_config" --pkglibdir)"
built="$PWD/target/package/$major"
rm -rf "$built"
cargo pgrx package --out-dir "$built" --pg-config "$pg_config" --no-default-features --features "pg$major"
# A server that runs has the library mapped: it must be replaced, not overwritten, or the server crashes.
"${as_superuser[@]}" cp --recursive --remove-destination "$built/." /
say "Installed. Next: shared_preload_libraries = 'metabase_views', restart, CREATE EXTENSION metabase_views"
