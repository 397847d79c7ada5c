#!/usr/bin/env bash
# Run once by the image of PostgreSQL, when its volume is empty: loads the shop, and makes the views and the roles.
set -euo pipefail

secret() { cat "/run/secrets/$1"; }
sql() { psql -X -q -v ON_ERROR_STOP=1 -U postgres "$@"; }

sql -v operator="$(secret operator_password)" -v reader="$(secret reader_password)" -v metabase="$(secret metabase_password)" <<'SQL'
CREATE ROLE metabase_operator LOGIN PASSWORD :'operator';
CREATE ROLE metabase_reader LOGIN PASSWORD :'reader';
CREATE ROLE metabase LOGIN PASSWORD :'metabase';
CREATE DATABASE metabase OWNER metabase;
CREATE DATABASE shop;
SQL

# A dump of pg_dump -Fc or -Ft, or one in SQL.
if ! [ -s /shop/dump ]; then
    sql -d shop -v orders=1309 -f /demo/schema.sql -f /demo/data.sql
elif pg_restore --list /shop/dump > /dev/null 2>&1; then
    pg_restore --no-owner --no-privileges --exit-on-error -U postgres -d shop /shop/dump
else
    sql -d shop -f /shop/dump > /dev/null
fi

sql -d shop <<'SQL'
CREATE EXTENSION IF NOT EXISTS metabase_views;
SELECT metabase.grant_operator('metabase_operator');
SELECT metabase.grant_reader('metabase_reader');
-- A shop whose tables are not found is there all the same, for somebody to map them.
\set ON_ERROR_STOP off
SET ROLE metabase_operator;
SELECT view_name, created, error_message FROM metabase.create_all_views();
SELECT view_name, status, error_message FROM metabase.refresh('all');
SQL
