#!/usr/bin/env bash
# A demo shop with its views on a private cluster under target/. Running it again is quick.
#
#   scripts/demo.sh        starts it
#   scripts/demo.sh stop   stops it; its data stays
#   scripts/demo.sh drop   stops it, removes its data and the pages
source "$(dirname "$0")/common.sh"

scripts/setup.sh demo
use_private_postgres
cluster="$PRIVATE_DIR/demo"
pages="$PWD/target/demo-pages"
orders=${ORDERS:-1309}

start() {
    say "Building the extension (about four minutes the first time)"
    install_extension release
    # A server that runs has loaded the library that was there when it started.
    ! is_new_build || scripts/cluster.sh stop "$cluster"
    say "Starting the demo cluster"
    socket=$(scripts/cluster.sh start "$cluster" shared_preload_libraries=metabase_views)
    sql() { "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -P border=1 -P footer=off -h "$socket" -U postgres "$@"; }
    load_shop
    load_flawed_shop
    create_extension
    show
}

load_shop() {
    [ -z "$(sql -At -c "SELECT 1 FROM pg_database WHERE datname = 'shop'")" ] || return 0
    say "Loading the demo shop: $orders completed orders"
    # Under another name until it is complete: a shop that was half loaded is never taken for one.
    sql -c 'DROP DATABASE IF EXISTS shop_being_loaded' -c 'CREATE DATABASE shop_being_loaded' 2> /dev/null
    sql -d shop_being_loaded -c "ALTER DATABASE shop_being_loaded SET TimeZone = 'Europe/Berlin'"
    sql -d shop_being_loaded -v orders="$orders" -f demo/schema.sql -f demo/data.sql
    sql -c 'ALTER DATABASE shop_being_loaded RENAME TO shop'
}

# The same with flaws in its data, for check_data() to find.
load_flawed_shop() {
    [ -z "$(sql -At -c "SELECT 1 FROM pg_database WHERE datname = 'flawed_shop'")" ] || return 0
    say "Loading a shop whose data has flaws"
    sql -c 'DROP DATABASE IF EXISTS flawed_shop_being_loaded' -c 'CREATE DATABASE flawed_shop_being_loaded TEMPLATE shop' 2> /dev/null
    sql -d flawed_shop_being_loaded -c "ALTER DATABASE flawed_shop_being_loaded SET TimeZone = 'Europe/Berlin'" \
        -c 'SET client_min_messages = warning' -c 'DROP EXTENSION IF EXISTS metabase_views CASCADE' -f demo/flaws.sql
    sql -c 'ALTER DATABASE flawed_shop_being_loaded RENAME TO flawed_shop'
}

# An extension that was built from other sources than the one in the database is replaced, with its views.
create_extension() {
    is_new_build || return 0
    local database
    for database in shop flawed_shop; do
        sql -d "$database" -c 'SET client_min_messages = warning' -c 'DROP EXTENSION IF EXISTS metabase_views CASCADE' \
            -c 'CREATE EXTENSION metabase_views'
    done
    build > "$cluster/build"
}

build() {
    cat "$("$PG_CONFIG" --sharedir)"/extension/metabase_views--*.sql "$("$PG_CONFIG" --pkglibdir)"/metabase_views.so | cksum
}

is_new_build() { [ "$(build)" != "$(cat "$cluster/build" 2> /dev/null)" ]; }

show() {
    say "Creating what is missing of the views, refreshing them all"
    sql -d shop -f demo/first_look.sql
    check_data
    write_pages
    cat <<MESSAGE

The demo shop runs. Its files are in $cluster.
  look at:  $pages/executive.html and the other three there
  connect:  $PG_BIN/psql -h $socket -U postgres shop    (flawed_shop is the one with flaws in its data)
  stop:     scripts/demo.sh stop     (make demo starts it again)
  remove:   scripts/demo.sh drop
MESSAGE
}

# What is wrong with the data of both shops.
check_data() {
    say "Checking the shop's data"
    sql -d shop -f demo/check_data.sql
    say "Checking the data of the shop with flaws"
    sql -d flawed_shop -f demo/check_data.sql
}

# The four dashboards, as pages for any browser.
write_pages() {
    say "Writing the dashboards' previews"
    mkdir -p "$pages"
    local name
    for name in $(sql -d shop -At -c 'SELECT name FROM metabase.dashboards()'); do
        sql -d shop -At -c "SELECT metabase.dashboard_html('$name')" > "$pages/$name.html"
    done
}

case ${1:-start} in
    start) start ;;
    stop)
        scripts/cluster.sh stop "$cluster"
        say "The demo cluster is stopped; its data stays"
        ;;
    drop)
        scripts/cluster.sh drop "$cluster"
        rm -rf "$pages"
        say "The demo cluster and its pages are removed"
        ;;
    *) fail "usage: scripts/demo.sh [stop|drop]" ;;
esac
