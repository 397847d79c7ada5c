#!/usr/bin/env bash
# How long creating and refreshing the seven views takes on a shop of ORDERS completed orders (default: the demo's 1,309).
source "$(dirname "$0")/common.sh"

scripts/setup.sh
use_private_postgres
cluster="$PRIVATE_DIR/bench"
orders=${ORDERS:-1309}

say "Building the extension"
install_extension release
scripts/cluster.sh drop "$cluster"
socket=$(scripts/cluster.sh start "$cluster" shared_buffers=1GB max_wal_size=8GB)
trap 'scripts/cluster.sh drop "$cluster"' EXIT
sql() { "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -P border=1 -P footer=off -h "$socket" -U postgres "$@"; }
say "Loading a shop of $orders completed orders"
sql -v orders="$orders" -f demo/schema.sql -f demo/data.sql
sql -c 'CREATE EXTENSION metabase_views'
say "Measuring"
sql -v orders="$orders" -f benches/full_refresh.sql
