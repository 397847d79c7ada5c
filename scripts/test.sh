#!/usr/bin/env bash
# Installs what is missing and runs every test.
#
#   scripts/test.sh            everything
#   scripts/test.sh live NAME  the tests on the live cluster whose name contains NAME (all without it)
#   scripts/test.sh push NAME  the tests of metabase-push whose name contains NAME (all without it)
source "$(dirname "$0")/common.sh"

scripts/setup.sh
use_private_postgres
features=(--no-default-features --features "pg$MAJOR")
cluster="$PRIVATE_DIR/test-cluster"

check_style() {
    say "Checking the format and the lints"
    cargo fmt --check
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

# The command that fills Metabase, tested against a Metabase of its own, and the crate that it shares with the extension.
test_push() {
    say "Checking and testing metabase-push"
    cargo fmt -p metabase-push -p legible --check
    cargo clippy -p metabase-push -p legible --all-targets --quiet -- -D warnings
    cargo test -p metabase-push -p legible --quiet -- "$@"
}

test_live() {
    say "Testing on a live cluster"
    install_extension dev
    scripts/cluster.sh drop "$cluster"
    METABASE_VIEWS_TEST_SOCKET=$(scripts/cluster.sh start "$cluster" fsync=off max_prepared_transactions=10)
    # Tests that kill their server or set it up otherwise have clusters of their own there.
    METABASE_VIEWS_TEST_DIR=$PRIVATE_DIR
    export METABASE_VIEWS_TEST_SOCKET METABASE_VIEWS_TEST_DIR
    { cargo test --test live "${features[@]}" -- "$@" && cargo test -p metabase-push --test push -- --ignored "$@"; } ||
        fail "tests failed; their cluster is still there: psql -h $METABASE_VIEWS_TEST_SOCKET -U postgres"
    scripts/cluster.sh drop "$cluster"
}

case ${1:-all} in
    all)
        check_style
        test_sources
        test_push
        test_live
        ;;
    live)
        shift
        test_live "$@"
        ;;
    push)
        shift
        test_push "$@"
        ;;
    *) fail "usage: scripts/test.sh [live|push [NAME]]" ;;
esac
