#!/usr/bin/env bash
# Builds the extension and installs it into the PostgreSQL that a pg_config belongs to.
#
#   scripts/install.sh PG_CONFIG
source "$(dirname "$0")/common.sh"

pg_config=$(command -v "${1:-pg_config}") || fail "there is no $1; name the server's pg_config: make install PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config"
scripts/setup.sh
use_private_postgres
major=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
case " $SUPPORTED_MAJORS " in
    *" $major "*) ;;
    *) fail "$pg_config is PostgreSQL $major; supported are: $SUPPORTED_MAJORS" ;;
esac
as_superuser=()
[ -w "$("$pg_config" --pkglibdir)" ] || as_superuser=(--sudo)
say "Building and installing for PostgreSQL $major"
cargo pgrx install --release "${as_superuser[@]}" --pg-config "$pg_config" --no-default-features --features "pg$major"
