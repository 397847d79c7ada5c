#!/usr/bin/env bash
# Sets a Metabase up that nobody has set up, tells it of the shop's database, and puts the dashboards there. Running it again is safe.
set -euo pipefail

state=/var/lib/metabase-push
umask 077

secret() { cat "/run/secrets/$1"; }

# METHOD PATH [HEADER]: a request with the body on standard input, so that no secret is among a command's arguments.
metabase() {
    curl --silent --show-error --fail-with-body --request "$1" "$METABASE_URL$2" --header 'Content-Type: application/json' \
        --header @<(echo "${3:-}") --data-binary @-
}

# The session of the first user, who is made if Metabase has none.
log_in() {
    local token
    token=$(metabase GET /api/session/properties < /dev/null | jq --raw-output 'select(."has-user-setup" | not) | ."setup-token" // empty')
    if [ -n "$token" ]; then
        jq --null-input --rawfile password /run/secrets/admin_password --arg email "$ADMIN_EMAIL" --arg token "$token" '{
            token: $token,
            user: {first_name: "Shop", last_name: "Admin", email: $email, password: $password},
            prefs: {site_name: "Shop", site_locale: "en", allow_tracking: false}
        }' | metabase POST /api/setup
    else
        jq --null-input --rawfile password /run/secrets/admin_password --arg email "$ADMIN_EMAIL" '{username: $email, password: $password}' |
            metabase POST /api/session
    fi | jq --raw-output .id
}

# A key of the group Administrators, which may write descriptions and types of fields.
make_key() {
    local header group
    header="X-Metabase-Session: $(log_in)"
    group=$(metabase GET /api/permissions/group "$header" < /dev/null | jq '.[] | select(.magic_group_type == "admin" or .name == "Administrators") | .id' | head -n 1)
    jq --null-input --argjson group "$group" --arg name "metabase-push $(date --utc +%FT%TZ)" '{group_id: $group, name: $name}' |
        metabase POST /api/api-key "$header" | jq --raw-output --exit-status .unmasked_key > "$state/key.new"
    mv "$state/key.new" "$state/key"
}

connect_database() {
    local header="X-Api-Key: $METABASE_API_KEY"
    metabase GET /api/database "$header" < /dev/null | jq --exit-status '[.data[].name] | index("shop") != null' > /dev/null ||
        jq --null-input --rawfile password /run/secrets/reader_password '{
            engine: "postgres",
            name: "shop",
            details: {host: "postgres", port: 5432, dbname: "shop", user: "metabase_reader", password: $password, ssl: false}
        }' | metabase POST /api/database "$header" > /dev/null
}

[ -s "$state/key" ] || make_key
METABASE_API_KEY=$(cat "$state/key")
PGPASSWORD=$(secret operator_password)
export METABASE_API_KEY PGPASSWORD
connect_database
# Both are containers of the same private network.
exec metabase-push --allow-http --connect 'host=postgres dbname=shop user=metabase_operator sslmode=disable' --database shop
