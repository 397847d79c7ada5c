//! The choice between applying what is queued and building anew: by what either has cost.

use postgres::Client;

use crate::cluster::value;
use crate::shop::{VIEWS, assert_right, column, refreshed, refreshed_shop, run};

/// As many changes as are worth a thought about their cost.
const MANY: i32 = 10_000;

const INCREMENTAL: &str = "incremental: its changes were captured";
const CHEAPER: &str = "full: facts and rollups were built: so much has changed that this is cheaper";

/// What refreshes have cost, in seconds; NULL for what is not known.
struct Cost {
    change: &'static str,
    build: &'static str,
    full: &'static str,
}

/// Seconds for what does not count, which would decide everything if it did.
const BESIDE_THE_POINT: &str = "1000000";

/// Writes into the log, of each view, that its last full refresh has taken an eighth of these seconds. An older one, one that
/// has failed, one by what changed and one of another view say something else.
fn remember(client: &mut Client, cost: &Cost) {
    run(
        client,
        &format!(
            "UPDATE metabase_internal.incremental SET build_seconds = {};
             DELETE FROM metabase_internal.refresh_log",
            cost.build
        ),
    );
    let mut log = |views: &[&str], status: &str, mode: &str, seconds: &str| {
        run(
            client,
            &format!(
                "INSERT INTO metabase_internal.refresh_log
                     (view_name, status, mode, started_at, completed_at, requested_by, clock_offset)
                 SELECT name, '{status}', '{mode}', now() - make_interval(secs => {seconds}), now(), 'postgres', 0
                 FROM unnest('{{{}}}'::text[]) AS name",
                views.join(", ")
            ),
        );
    };
    log(&["mine"], "completed", "full", BESIDE_THE_POINT);
    if cost.full == "NULL" {
        return;
    }
    log(&VIEWS, "completed", "full", BESIDE_THE_POINT);
    log(&VIEWS, "completed", "full", &format!("{} / 8.0", cost.full));
    log(&VIEWS, "completed", "incremental", BESIDE_THE_POINT);
    log(&VIEWS, "failed", "full", BESIDE_THE_POINT);
}

/// Refreshes after so many changes, where this is what refreshes have cost. Returns how, and why so.
fn refresh_after(client: &mut Client, changes: i32, cost: &Cost) -> Vec<String> {
    remember(client, cost);
    run(
        client,
        &format!(
            "INSERT INTO metabase_internal.order_queue (captured_at, key_uuid)
             SELECT now(), gen_random_uuid() FROM generate_series(2, {changes});
             UPDATE transactions.orders SET gross_sale = gross_sale + 1
             WHERE id = '70000000-0000-0000-0000-000000000001'"
        ),
    );
    refreshed(client, "refresh('all')");
    assert_right(client);
    column(
        client,
        "SELECT DISTINCT mode || ': ' || mode_reason FROM metabase.view_status()",
    )
}

/// The same where a change has cost so much.
fn refresh_at_cost(client: &mut Client, changes: i32, cost: &Cost) -> Vec<String> {
    run(
        client,
        &format!(
            "UPDATE metabase_internal.incremental SET seconds_per_change = {}",
            cost.change
        ),
    );
    refresh_after(client, changes, cost)
}

#[test]
fn what_is_expected_to_cost_less_is_done() {
    let (_database, mut client) = refreshed_shop();
    let cost = |change, build, full| Cost { change, build, full };
    for (changes, cost, expected) in [
        // Nine seconds, and eleven, against three for building and seven for filling the views.
        (MANY, cost("0.0009", "3", "7"), INCREMENTAL),
        (MANY, cost("0.0011", "3", "7"), CHEAPER),
        (2 * MANY, cost("0.0004", "3", "7"), INCREMENTAL),
        (2 * MANY, cost("0.0006", "3", "7"), CHEAPER),
        // Of few changes nobody asks what they cost.
        (MANY - 1, cost("1", "3", "7"), INCREMENTAL),
        // What a change costs is guessed until it was measured: two seconds.
        (MANY, cost("NULL", "0.2", "1.9"), INCREMENTAL),
        (MANY, cost("NULL", "0.2", "1.7"), CHEAPER),
        // What the other way costs is not guessed.
        (MANY, cost("1", "NULL", "7"), INCREMENTAL),
        (MANY, cost("1", "3", "NULL"), INCREMENTAL),
    ] {
        assert_eq!(
            refresh_at_cost(&mut client, changes, &cost),
            [expected],
            "{changes} changes at {} seconds, {} for building, {} for filling",
            cost.change,
            cost.build,
            cost.full
        );
    }
}

#[test]
fn a_cost_that_keeps_refreshes_from_being_incremental_is_halved_each_time() {
    let (_database, mut client) = refreshed_shop();
    let cost = Cost {
        change: "0.0032",
        build: "3",
        full: "7",
    };
    let kept = "SELECT seconds_per_change FROM metabase_internal.incremental";
    assert_eq!(refresh_at_cost(&mut client, MANY, &cost), [CHEAPER]);
    assert_eq!(column(&mut client, kept), ["0.0016"]);
    assert_eq!(refresh_after(&mut client, MANY, &cost), [CHEAPER]);
    assert_eq!(column(&mut client, kept), ["0.0008"]);
    // Its turn, and it is measured.
    assert_eq!(refresh_after(&mut client, MANY, &cost), [INCREMENTAL]);
    let is_measured: bool = value(&mut client, &format!("SELECT ({kept}) NOT IN (0.0008, 0.0004)"));
    assert!(is_measured);
}

#[test]
fn whoever_asks_for_an_incremental_refresh_gets_one_at_any_cost() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        &format!(
            "UPDATE metabase_internal.incremental SET seconds_per_change = 1;
             INSERT INTO metabase_internal.order_queue (captured_at, key_uuid)
             SELECT now(), gen_random_uuid() FROM generate_series(1, {MANY})"
        ),
    );
    let rows = refreshed(
        &mut client,
        "refresh_view('metabase_brand_analytics', 'incremental')",
    );
    assert_eq!(
        (rows[0].status.as_str(), rows[0].mode.as_str()),
        ("completed", "incremental")
    );
}
