#!/usr/bin/env bash
# A private PostgreSQL cluster: only its own user and root reach it, through a socket in a folder of mode 0700.
#
#   scripts/cluster.sh start DIR [SETTING=VALUE|-OPTION|memory=KILOBYTES|environment=NAME=VALUE ...]
#       makes the cluster if need be, starts it with these settings and options of postgres, prints the socket's folder; of memory
#       each of its processes gets so much at most, and their environment has this variable
#   scripts/cluster.sh standby DIR PRIMARY_DIR         copies a cluster that runs, to follow it when it is started
#   scripts/cluster.sh upgrade DIR OLD_DIR OLD_MAJOR [SETTING=VALUE ...]
#       makes the cluster with pg_upgrade of one that is stopped, whose files it takes; both run with these settings meanwhile
#   scripts/cluster.sh stop DIR [fast|immediate]
#   scripts/cluster.sh drop DIR                        stops it and removes all of it
source "$(dirname "$0")/common.sh"
use_private_postgres
# A test may have an installation of its own.
PG_BIN=${METABASE_VIEWS_PG_BIN:-$PG_BIN}

[ $# -ge 2 ] || fail "usage: scripts/cluster.sh start|standby|upgrade|stop|drop DIR …"
action=$1 dir=$2
shift 2

running() { [ -d "$dir/data" ] && as_server_user "$PG_BIN/pg_ctl" status -D "$dir/data" > /dev/null 2>&1; }

make_cluster() {
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown "$SERVER_USER:" "$dir"
    as_server_user "$PG_BIN/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N "$@" > "$dir.initdb.log" 2>&1 ||
        { cat "$dir.initdb.log" >&2; fail "initdb failed"; }
    rm -f "$dir.initdb.log"
}

# A socket's path may have 107 bytes at most, so its folder cannot be under an arbitrary checkout.
socket_dir() {
    local socket
    socket=$(cat "$dir/socket_dir" 2> /dev/null || true)
    if ! [ -d "$socket" ]; then
        socket=$(as_server_user mktemp -d /tmp/metabase_views.XXXXXX)
        echo "$socket" > "$dir/socket_dir"
    fi
    echo "$socket"
}

start() {
    [ -d "$dir/data" ] || make_cluster
    local socket setting options limit=() environment=()
    socket=$(socket_dir)
    if ! running; then
        options="-c listen_addresses='' -c unix_socket_directories='$socket'"
        for setting in "$@"; do
            case $setting in
                memory=*) limit=(prlimit "--as=$((${setting#memory=} * 1024))") ;;
                environment=*) environment+=("${setting#environment=}") ;;
                -*) options+=" $setting" ;;
                *)  options+=" -c $setting" ;;
            esac
        done
        as_server_user "${limit[@]}" env "${environment[@]}" "$PG_BIN/pg_ctl" start -w -s -D "$dir/data" -l "$dir/server.log" -o "$options" > /dev/null ||
            { tail -n 20 "$dir/server.log" >&2; fail "the server did not start"; }
    fi
    echo "$socket"
}

make_standby() {
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown "$SERVER_USER:" "$dir"
    as_server_user "$PG_BIN/pg_basebackup" -D "$dir/data" -h "$(cat "$1/socket_dir")" -U postgres -R -X stream -c fast
}

upgrade() {
    local old_dir=$1 old_major=$2 setting options="" unlike_new=()
    shift 2
    for setting in "$@"; do
        options+=" -c $setting"
    done
    # From 18 on a new cluster has checksums unless it is told, and pg_upgrade wants both to be alike.
    [ "$MAJOR" -lt 18 ] || unlike_new=(--no-data-checksums)
    make_cluster "${unlike_new[@]}"
    # It writes its log and its scripts to where it runs.
    (cd "$dir" && as_server_user "$PG_BIN/pg_upgrade" -U postgres --link --no-sync -s "$(socket_dir)" \
        -b "$(private_programs "$old_major")" -d "$old_dir/data" -o "$options" -B "$PG_BIN" -D "$dir/data" -O "$options") \
        > "$dir/upgrade.log" 2>&1 || { cat "$dir/upgrade.log" >&2; fail "pg_upgrade failed"; }
}

stop() {
    ! running || as_server_user "$PG_BIN/pg_ctl" stop -w -s -D "$dir/data" -m "${1:-fast}"
}

case $action in
    start)   start "$@" ;;
    standby) make_standby "$@" ;;
    upgrade) upgrade "$@" ;;
    stop)    stop "$@" ;;
    drop)
        stop immediate
        [ ! -f "$dir/socket_dir" ] || rm -rf "$(cat "$dir/socket_dir")"
        rm -rf "$dir"
        ;;
    *) fail "unknown action: $action (start, standby, upgrade, stop, drop)" ;;
esac
