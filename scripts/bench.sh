#!/usr/bin/env bash
# Measures on a private cluster, in one run: a refresh by what changed against a refresh in full, where its time goes, how
# much room the state takes, and what capture costs those who write. Prints tables; docs/benchmarks.md explains them.
#
#   ORDERS=100000             completed orders of the shop
#   CHANGES="1 1000 100000"   after how many changed orders a refresh is timed
#   FULL_ROUNDS=3             how often, 1 to 3 times, all views are refreshed in full
#   WRITER_ROUNDS=5           rounds of pgbench with capture, and as many without; 0 for none
#   WRITER_SECONDS=10         how long each of them is
#   VERIFY=1                  0 to leave out the comparison of each view with its definition, which takes long on a big shop
#   CSV=                      a file for every single measurement
#   KEEP=0                    1 to leave the cluster running
source "$(dirname "$0")/common.sh"

orders=${ORDERS:-100000}
full_rounds=${FULL_ROUNDS:-3}
writer_rounds=${WRITER_ROUNDS:-5}
writer_seconds=${WRITER_SECONDS:-10}
phases=3
verified="The views were not compared with their definitions (VERIFY=0)."
socket=

# ----------------------------------------------------------------------------------------------------------------
# Tools
# ----------------------------------------------------------------------------------------------------------------

read_arguments() {
    local number most
    for number in "$orders" "$full_rounds" "$writer_seconds"; do is_count "$number"; done
    [ "$writer_rounds" = 0 ] || is_count "$writer_rounds"
    [ "$full_rounds" -le "$phases" ] || fail "FULL_ROUNDS may be $phases at most"
    read -ra counts <<< "${CHANGES:-$(default_changes)}"
    [ ${#counts[@]} -gt 0 ] || fail "CHANGES names no number of changed orders"
    for number in "${counts[@]}"; do is_count "$number"; done
    # What there is to do for a refresh in full: its time hardly depends on it.
    full_changes=$((orders < 10000 ? (orders + 9) / 10 : 1000))
    most=$(most_changes)
    [ "$most" -le "$orders" ] || fail "a shop of $orders orders is too small for $most changed ones at once"
    [ -z "${CSV:-}" ] || : > "$CSV"
}

is_count() { [[ $1 =~ ^[1-9][0-9]*$ ]] || fail "not a whole number above 0: $1"; }

# No more than there are orders.
default_changes() {
    local count
    for count in 1 1000 100000; do
        [ "$count" -gt "$orders" ] || echo "$count"
    done | xargs
}

# The most changes that are made at once.
most_changes() { printf '%s\n' "$full_changes" "${counts[@]}" | sort -n | tail -n 1; }

# Small numbers take little time and vary most, so they are measured most often.
rounds_of() {
    if   [ "$1" -lt 1000 ];   then echo 15
    elif [ "$1" -lt 100000 ]; then echo 9
    else                           echo 3
    fi
}

changed_orders() { [ "$1" = 1 ] && echo "1 changed order" || echo "$(thousands "$1") changed orders"; }

thousands() { LC_ALL=C sed -E ':again; s/([0-9])([0-9]{3})($|[^0-9])/\1,\2\3/; t again' <<< "$1"; }

sql() { "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -P border=1 -P footer=off -P null= -h "$socket" -U postgres -d shop "$@"; }

# From what a psql with \timing prints: the milliseconds of its one statement, whose answer must be empty.
milliseconds() {
    local line time=
    while IFS= read -r line && [ "$line" != "the end" ]; do
        case $line in
            "Time: "*) time=${line#Time: } time=${time%% *} ;;
            "") ;;
            *) fail "$line" ;;
        esac
    done
    [ -n "$time" ] || fail "a measured statement failed"
    echo "$time"
}

# A session that stays, as the background worker's does.
open_warm_session() {
    coproc WARM { sql -At; }
    exec {to_warm}>&"${WARM[1]}" {from_warm}<&"${WARM[0]}"
    printf '%s\n' '\timing on' >&"$to_warm"
}

time_warm() {
    printf '%s;\n' "$1" >&"$to_warm"
    printf '%s\n' '\echo the end' >&"$to_warm"
    milliseconds <&"$from_warm"
}

time_fresh() { sql -At -c '\timing on' -c "$1" | milliseconds; }

readonly CREATE_ALL="SELECT string_agg(view_name || ': ' || error_message, '; ') FROM metabase.create_all_views()"
readonly REFRESH_ALL="SELECT string_agg(view_name || ': ' || error_message, '; ') FROM metabase.refresh('all')"

note_figure() { sql -c "CALL bench.note_figure('$1', $2)"; }

# ----------------------------------------------------------------------------------------------------------------
# The shop
# ----------------------------------------------------------------------------------------------------------------

start() {
    scripts/setup.sh demo
    use_private_postgres
    cluster="$PRIVATE_DIR/bench"
    say "Building the extension"
    install_extension release
    scripts/cluster.sh drop "$cluster"
    trap finish EXIT
    socket=$(scripts/cluster.sh start "$cluster" shared_buffers=4GB max_wal_size=16GB checkpoint_timeout=30min autovacuum=on)
}

finish() {
    if [ "${KEEP:-0}" = 1 ] && [ -n "$socket" ]; then
        say "The cluster is left: $PG_BIN/psql -h $socket -U postgres shop; remove it: scripts/cluster.sh drop $cluster"
    else
        scripts/cluster.sh drop "$cluster"
    fi
}

load() {
    say "Loading a shop of $(thousands "$orders") completed orders"
    sql -d postgres -c 'CREATE DATABASE shop' -c "ALTER DATABASE shop SET TimeZone = 'Europe/Berlin'"
    sql -v orders="$orders" -f demo/schema.sql -f demo/data.sql
    say "Numbering its orders by a hash"
    sql -v most="$(most_changes)" -f benches/setup.sql
    settle
    sql -v machine="$(machine)" -f benches/report_environment.sql
}

# As a database is that has been running for a while, with nothing left to do for the server's own processes.
settle() { sql -c 'VACUUM (ANALYZE)' -c CHECKPOINT; }

create() {
    local time
    say "Creating the views"
    sql -c 'CREATE EXTENSION metabase_views'
    open_warm_session
    time=$(time_warm "$CREATE_ALL")
    note_figure create "$time"
    say "Building the state"
    time=$(time_warm "$REFRESH_ALL")
    note_figure build "$time"
    sql -c "CALL bench.note_sizes('built')"
    settle
}

views() { sql -At -c "SELECT view_name FROM metabase.view_status()"; }

# ----------------------------------------------------------------------------------------------------------------
# Refreshes
# ----------------------------------------------------------------------------------------------------------------

# All kinds are measured in turn, in phases, so that nothing that changes in the course of the run favours one.
measure_refreshes() {
    local phase count
    for phase in $(seq "$phases"); do
        [ "$phase" -gt "$full_rounds" ] || measure_full "$phase"
        # What has prepared itself for changes once is warm.
        change 1
        time_warm "$REFRESH_ALL" > /dev/null
        for count in "${counts[@]}"; do
            measure_incremental "$phase" "$count"
        done
    done
}

change() { sql -c "CALL bench.change_orders($1)"; }

measure_full() {
    local view time steps=()
    say "Phase $1 of $phases: in full, after $(changed_orders "$full_changes")"
    change "$full_changes"
    for view in $(views); do
        time=$(time_warm "REFRESH MATERIALIZED VIEW CONCURRENTLY analytics.$view")
        steps+=(-c "CALL bench.note_full_step('$view', $time)")
    done
    sql -c "CALL bench.note_full($full_changes)" "${steps[@]}"
    # Views that were refreshed by hand are refreshed in full once more, and that is not what is measured next.
    time_warm "$REFRESH_ALL" > /dev/null
}

measure_incremental() {
    local phase=$1 count=$2 rounds round time
    rounds=$(($(rounds_of "$count") / phases))
    say "Phase $phase of $phases: by what changed, after $(changed_orders "$count"), $((2 * rounds)) times"
    for round in $(seq "$rounds"); do
        change "$count"
        time=$(time_warm "$REFRESH_ALL")
        sql -c "CALL bench.note_refresh('warm', $count, $time)"
        change "$count"
        time=$(time_fresh "$REFRESH_ALL")
        sql -c "CALL bench.note_refresh('fresh', $count, $time)"
    done
}

# ----------------------------------------------------------------------------------------------------------------
# Writers
# ----------------------------------------------------------------------------------------------------------------

measure_writers() {
    local round commits capture both
    [ "$writer_rounds" != 0 ] || return 0
    say "Writers: warming up"
    write off off > /dev/null
    for round in $(seq "$writer_rounds"); do
        say "Writers: round $round of $writer_rounds, capture off and on"
        # Whatever grows with time does so for both.
        [ $((round % 2)) = 1 ] && both="off on" || both="on off"
        for commits in on off; do
            for capture in $both; do
                measure_writing "$round" "$commits" "$capture"
            done
        done
    done
}

measure_writing() {
    local round=$1 commits=$2 capture=$3 tps
    set_capture "$capture"
    sql -f benches/clean_up.sql
    tps=$(write "$commits")
    sql -c "CALL bench.note_writing('$commits', '$capture', $round, $tps)"
}

set_capture() {
    case $1 in
        off) sql -c 'SELECT metabase.disable_capture()' > /dev/null ;;
        on)  sql -c 'SELECT metabase.enable_capture()' > /dev/null ;;
    esac
}

# Transactions per second of two clients, with synchronous_commit on or off.
write() {
    local output numbered
    numbered=$(sql -At -c 'SELECT max(no) FROM bench.orders')
    output=$(PGOPTIONS="-c synchronous_commit=$1" "$PG_BIN/pgbench" -n -M prepared -c 2 -j 2 -T "$writer_seconds" \
        -D orders="$numbered" -f benches/update_order.sql -h "$socket" -U postgres shop 2>&1) || fail "$output"
    grep -q 'failed transactions: 0 ' <<< "$output" || fail "$output"
    sed -n 's/^tps = \([0-9.]*\).*/\1/p' <<< "$output"
}

# ----------------------------------------------------------------------------------------------------------------
# Truth and report
# ----------------------------------------------------------------------------------------------------------------

verify() {
    local view differing
    [ "${VERIFY:-1}" != 0 ] || return 0
    say "Comparing each view with its definition"
    time_warm "$REFRESH_ALL" > /dev/null
    for view in $(views); do
        differing=$(sql -c "SELECT * FROM metabase.verify('$view') LIMIT 5" -P tuples_only=on)
        [ -z "$differing" ] || fail "$view is not what its definition says: $differing"
    done
    verified="Each view was compared with its definition after these rounds, and was right."
}

machine() {
    local model memory
    model=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2> /dev/null | head -n 1 || true)
    memory=$(awk '/^MemTotal/ { printf "%.0f GB of memory", $2 / 1048576 }' /proc/meminfo 2> /dev/null || true)
    echo "$(getconf _NPROCESSORS_ONLN) processors${model:+ ($model)}${memory:+, $memory}"
}

report() {
    sql -f benches/report_refreshes.sql
    echo "$verified"
    sql -f benches/report_sizes.sql
    [ "$writer_rounds" = 0 ] || sql -f benches/report_writers.sql
    [ -z "${CSV:-}" ] || sql -f benches/export.sql > "$CSV"
}

read_arguments
start
load
create
measure_refreshes
sql -c "CALL bench.note_sizes('after')"
verify
measure_writers
verify
report
