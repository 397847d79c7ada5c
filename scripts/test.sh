#!/usr/bin/env bash
# Installs what is missing and runs every test.
#
#   scripts/test.sh            everything
#   scripts/test.sh quick      what finds most mistakes in a minute or so, after a small change: the format, the architecture, pure
#                              logic, and a broad part of the tests on the live cluster, without lints and without tests that
#                              take long or a cluster of their own
#   scripts/test.sh server     what depends on the server's major: the lints, the tests inside the server, the tests on the live cluster
#   scripts/test.sh live NAME  the tests on the live cluster whose name contains NAME (all without it)
#   scripts/test.sh push NAME  the tests of metabase-push whose name contains NAME (all without it)
#
# PG=18 in the environment names the major of PostgreSQL that it is tested with (scripts/setup.sh), PG=all has each of them tested in turn.
source "$(dirname "$0")/common.sh"

# What a wheel has is there for the asking; what none has is tested where it is installed. What depends on no major is tested once.
test_each_major() {
    local major
    for major in $(majors_oldest_first); do
        if has_packages "$major" || from_wheel "$major"; then
            PG=$major scripts/test.sh "$@"
            [ "${1:-all}" != all ] || set -- server
        else
            say "PostgreSQL $major is not installed: not tested"
        fi
    done
}

if [ "${PG:-}" = all ]; then
    test_each_major "$@"
    exit
fi
scripts/setup.sh
use_private_postgres
features=(--no-default-features --features "pg$MAJOR")
cluster="$PRIVATE_DIR/test-cluster"

check_format() {
    say "Checking the format"
    cargo fmt --check
}

check_lints() {
    say "Checking the lints for PostgreSQL $MAJOR"
    cargo clippy --all-targets "${features[@]}" --quiet -- -D warnings
}

# All tests in src/, which are in modules called "tests": pure logic, and what runs inside the server.
test_sources() {
    say "Testing the modules, alone and inside the server"
    # pgrx's own runner needs to be told how root runs a server, and where that server may write.
    local as_other_user=() pgdata="$PRIVATE_DIR/pgrx-test"
    if [ "$(id -u)" = 0 ]; then
        install -d -o "$SERVER_USER" "$pgdata"
        as_other_user=(--runas "$SERVER_USER" --pgdata "$pgdata")
    fi
    cargo pgrx test "pg$MAJOR" tests:: "${features[@]}" "${as_other_user[@]}"
}

# What holds of the source as it stands.
test_architecture() {
    say "Testing the architecture"
    cargo test --test architecture "${features[@]}" --quiet
}

# The command that fills Metabase, tested against a Metabase of its own, and the crate that it shares with the extension.
test_push() {
    say "Checking and testing metabase-push"
    cargo fmt -p metabase-push -p legible --check
    cargo clippy -p metabase-push -p legible --all-targets --quiet -- -D warnings
    cargo test -p metabase-push -p legible --quiet -- "$@"
}

# Runs a command with a cluster for all tests that have none of their own.
on_live_cluster() {
    # Before the library in hand, which is built in the same place.
    METABASE_VIEWS_RELEASED_LIBRARY=$(scripts/release.sh build 0.1.0)
    install_extension dev
    scripts/cluster.sh drop "$cluster"
    METABASE_VIEWS_TEST_SOCKET=$(scripts/cluster.sh start "$cluster" fsync=off max_prepared_transactions=40)
    # Tests that kill their server or set it up otherwise have clusters of their own there.
    METABASE_VIEWS_TEST_DIR=$PRIVATE_DIR
    export METABASE_VIEWS_TEST_SOCKET METABASE_VIEWS_TEST_DIR METABASE_VIEWS_RELEASED_LIBRARY
    "$@" || fail "tests failed; their cluster is still there: psql -h $METABASE_VIEWS_TEST_SOCKET -U postgres"
    scripts/cluster.sh drop "$cluster"
}

test_live() {
    say "Testing on a live cluster of PostgreSQL $MAJOR"
    install_into_older_majors "$@"
    on_live_cluster run_live "$@"
}

# pg_upgrade needs the extension on both sides. Whoever asks for other tests by name does not wait for more builds; without the variable that
# test fails.
install_into_older_majors() {
    [ $# = 0 ] || [[ $* = *upgrade* ]] || return 0
    local older
    METABASE_VIEWS_OLDER_MAJORS=
    for older in $(private_majors); do
        [ "$older" -lt "$MAJOR" ] || continue
        (PG=$older && use_private_postgres && install_extension dev)
        METABASE_VIEWS_OLDER_MAJORS+="$older "
    done
    export METABASE_VIEWS_OLDER_MAJORS
}

run_live() {
    cargo test --test live "${features[@]}" -- "$@" && cargo test -p metabase-push --test push -- --ignored "$@"
}

test_server() {
    check_lints
    test_sources
    test_live
}

# All tests that need no server, and those on the live cluster that see most of the code in a second or two each.
test_quick() {
    local modules=(cost:: errors:: hand_worked:: incremental:: keys:: pg_regress::)
    say "Testing what is quick"
    cargo fmt --check
    # Those in src/pg/tests.rs run inside a server.
    cargo test --lib --test architecture "${features[@]}" --quiet -- --skip pg::tests::
    on_live_cluster cargo test --test live "${features[@]}" --quiet -- "${modules[@]}"
}

case ${1:-all} in
    all)
        check_format
        test_architecture
        test_push
        test_server
        ;;
    server)
        test_server
        ;;
    quick)
        test_quick
        ;;
    live)
        shift
        test_live "$@"
        ;;
    push)
        shift
        test_push "$@"
        ;;
    *) fail "usage: scripts/test.sh [quick | server | live|push [NAME]]" ;;
esac
