#!/usr/bin/env bash
# What docs/installing.md and docs/uninstall.md say, on a machine that has nothing but the packages. Run by scripts/test-packages.sh.
set -euo pipefail
cd /packages
major=$1
package=postgresql-$major-metabase-views
library=/usr/lib/postgresql/$major/lib/metabase_views.so
output=/tmp/output

step() { printf -- '--> %s\n' "$*"; }
wrong() { printf 'wrong: %s\n' "$*" >&2; cat "$output" >&2; exit 1; }
quietly() { "$@" > "$output" 2>&1 || wrong "$*"; }
says() { grep -qF -- "$1" "$output" || wrong "it does not say: $1"; }
is_silent_about() { ! grep -qF -- "$1" "$output" || wrong "it says: $1"; }

sql() { PGDATABASE=${database:-shop} runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
cluster() { quietly pg_ctlcluster "$major" main "$@"; }
fails() { ! "$@" > "$output" 2>&1 || wrong "it does not fail: $*"; }
is_installed() { dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null | grep -qx installed; }

# Which dpkg does for apt-get as well.
refuses_to_go() {
    fails dpkg --remove "$package"
    says "PostgreSQL $major still uses what $package holds:"
    { is_installed && [ -f "$library" ]; } || wrong "it is not installed any more"
}

# A sale, which the triggers of the views' sources see.
sale() {
    sql -c "INSERT INTO transactions.orders SELECT gen_random_uuid(), inventory_item_id, platform_id, external_id, status, sold_at, gross_sale,
        net_proceeds, gross_profit, net_profit, roi, platform_fee, shipping_cost, payout_received, payout_date, buyer_destination_country,
        buyer_destination_city, raw_data, created_at, updated_at, quantity FROM transactions.orders LIMIT 1"
}

make_views() {
    quietly sql -c 'CREATE EXTENSION metabase_views' -f demo/first_look.sql
    is_silent_about failed
}

step "Installing"
quietly apt-get update
quietly apt-get install -y --no-install-recommends ./1/*.deb
! command -v cargo > /dev/null || wrong "Rust is here"
for file in "$library" "/usr/share/doc/$package"/{copyright,changelog.gz,changelog.Debian.gz,README.md*,docs/uninstall.md} /usr/share/man/man1/metabase-push.1.gz; do
    compgen -G "$file*" > /dev/null || wrong "$file is missing"
done
quietly metabase-push --help
says 'Fills Metabase with the dashboards'
fails env METABASE_URL=https://localhost metabase-push --database shop
says 'METABASE_API_KEY is not set'

step "A first look"
echo "shared_preload_libraries = 'metabase_views'" > "/etc/postgresql/$major/main/conf.d/metabase_views.conf"
cluster start
database=postgres quietly sql -c 'CREATE DATABASE shop'
quietly sql -v orders=1309 -f demo/schema.sql -f demo/data.sql
make_views
[ "$(sql -c 'SELECT count(*) FROM analytics.metabase_sales')" = 1309 ] || wrong "not all sales are there"
sale

step "Upgrading a package that is in use"
quietly apt-get install -y --no-install-recommends ./2/*.deb
[ "$(dpkg-query -W -f '${Version}' "$package")" = "$(dpkg-deb -f 2/"$package"_*.deb Version)" ] || wrong "the version is the old one"
sale
cluster restart
sale
[ "$(sql -c "SELECT count(*) FROM metabase.refresh('all') WHERE status <> 'completed'")" = 0 ] || wrong "refreshes fail"

step "What is in use is not removed"
refuses_to_go
says "database shop of cluster $major/main has the extension"
says "cluster $major/main is configured with shared_preload_libraries = metabase_views"
says "cluster $major/main was started with shared_preload_libraries = metabase_views"

step "Whatever a database is called, and whatever its settings are"
sql -c 'SELECT metabase.disable_capture()' -c 'DROP EXTENSION metabase_views CASCADE' > "$output" 2>&1 || wrong "it cannot be dropped"
rm "/etc/postgresql/$major/main/conf.d/metabase_views.conf"
cluster restart
names=($'two\nlines' 'host=nowhere dbname=postgres' 'postgresql://nowhere/postgres' "a'b\"c\\d" $'\e[2Jgone' '-c' 'Größe')
# shellcheck disable=SC2016 # it is not to be run
names+=('$(touch /tmp/run)`touch /tmp/run`;%s')
for name in "${names[@]}"; do
    database=postgres sql -v name="$name" <<< 'CREATE DATABASE :"name"'
    database=$name sql -v name="$name" <<< 'CREATE EXTENSION metabase_views;
        CREATE SCHEMA front;
        CREATE TABLE front.pg_extension (extname name);
        ALTER DATABASE :"name" SET search_path = front, pg_catalog;
        ALTER DATABASE :"name" SET statement_timeout = 1;
        ALTER DATABASE :"name" SET client_encoding = latin1'
    refuses_to_go
    says "- database $(LC_ALL=C; printf '%q' "$name") of cluster"
    is_silent_about Warning
    database=postgres sql -v name="$name" <<< 'DROP DATABASE :"name" WITH (FORCE)'
done
[ ! -e /tmp/run ] || wrong "a name was run"

step "A library that ALTER SYSTEM has set is in use as well, also while the server is down"
sql -c "ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements, metabase_views"
cluster stop
refuses_to_go
says "cluster $major/main is configured with shared_preload_libraries"
says "Warning: cluster $major/main does not run (down); its databases were not looked at"
cluster start
make_views

step "The file is gone, and comes back"
METABASE_VIEWS_FORCE_REMOVE=1 quietly apt-get remove -y "$package"
fails sale
# shellcheck disable=SC2016 # the server has not expanded it either
says 'could not access file "$libdir/metabase_views": No such file or directory'
quietly apt-get install -y --no-install-recommends ./2/*.deb
sale

step "The file is gone for good"
METABASE_VIEWS_FORCE_REMOVE=1 quietly apt-get remove -y "$package"
cluster stop
fails pg_ctlcluster "$major" main start
grep -qF 'could not access file "metabase_views": No such file or directory' "/var/log/postgresql/postgresql-$major-main.log" || wrong "the log says something else"
cluster start -o '-c shared_preload_libraries='
fails sale
sql -c 'ALTER SYSTEM RESET shared_preload_libraries' -c 'DROP EXTENSION metabase_views CASCADE' > "$output" 2>&1 || wrong "it cannot be dropped"
sale
cluster restart
sale

step "Leaving in the documented order"
quietly apt-get install -y --no-install-recommends ./2/*.deb
sql -c "ALTER SYSTEM SET shared_preload_libraries = 'metabase_views'"
cluster restart
make_views
sale
quietly sql -c 'SELECT metabase.disable_capture()' -c 'DROP EXTENSION metabase_views CASCADE'
refuses_to_go
sql -c 'ALTER SYSTEM RESET shared_preload_libraries'
refuses_to_go
is_silent_about 'is configured with'
cluster restart
quietly apt-get remove -y "$package"
is_silent_about Warning
[ ! -e "$library" ] || wrong "the library is still there"
sale
cluster restart
sale

step "A cluster that is down and not preloading is only warned of"
quietly apt-get install -y --no-install-recommends ./2/*.deb
cluster stop
quietly apt-get remove -y "$package"
says "Warning: cluster $major/main does not run (down); its databases were not looked at"

step "What the image of deploy/ does in an empty PostgreSQL"
quietly apt-get install -y --no-install-recommends ./2/*.deb
cluster start
database=postgres quietly sql -c 'DROP DATABASE shop'
mkdir -p /run/secrets /shop
ln -s /packages/demo /demo
for secret in operator reader metabase; do
    echo "it's secret" > "/run/secrets/${secret}_password"
done
quietly runuser -u postgres -- bash deploy/shop.sh
[ "$(sql -c 'SET ROLE metabase_reader; SELECT count(*) > 0 FROM analytics.metabase_sales' | tail -n 1)" = t ] || wrong "the reader sees no sales"
runuser -u postgres -- pg_dump -Fc shop > /shop/dump
database=postgres quietly sql -c 'DROP DATABASE shop' -c 'DROP DATABASE metabase' -c 'DROP ROLE metabase, metabase_operator, metabase_reader'
quietly runuser -u postgres -- bash deploy/shop.sh
[ "$(sql -c 'SELECT count(*) FROM analytics.metabase_sales')" = 1309 ] || wrong "the dump has not come back"
