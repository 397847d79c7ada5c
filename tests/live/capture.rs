//! What the triggers on the sources note, whatever is altered while they look for the place to note it in.

use std::thread::scope;

use crate::cluster::refresh_all;
use crate::sessions::Background;
use crate::shop::{assert_right, refreshed_shop, run};

/// Where a trigger can be stopped between two of its looks.
const STOPS: [&str; 2] = [
    "metabase_internal.order_queue IN SHARE MODE",
    "metabase_internal.captured_relation IN ACCESS EXCLUSIVE MODE",
];

/// What replaces something of what a trigger looks for.
const REPLACEMENTS: [&str; 5] = [
    "SELECT metabase.rebuild()",
    "SELECT metabase.before_migration(); SELECT metabase.after_migration()",
    "SELECT metabase.create_all_views(drop_existing => true)",
    "ALTER TABLE metabase_internal.sale_fact OWNER TO pg_database_owner;
     ALTER TABLE metabase_internal.order_queue OWNER TO pg_database_owner",
    "ALTER TABLE metabase_internal.order_queue RENAME TO order_queue_before;
     CREATE TABLE metabase_internal.order_queue (LIKE metabase_internal.order_queue_before INCLUDING ALL)",
];

#[test]
fn a_change_is_noted_whatever_is_replaced_while_its_trigger_looks() {
    scope(|scope| {
        for replacement in REPLACEMENTS {
            scope.spawn(move || STOPS.map(|stop| change_while(stop, replacement)));
        }
    });
}

/// An order changes, whose trigger is stopped until something is replaced. Then all views are refreshed, which may read all orders anew
/// without this one, and only then the change is committed.
fn change_while(stop: &str, replacement: &str) {
    let (database, mut client) = refreshed_shop();
    // A first change would find all that it looks for in the session's memory.
    let mut writer = database.connect();
    run(&mut writer, "BEGIN; SELECT * FROM transactions.orders");
    let mut other = database.connect();
    run(&mut other, &format!("BEGIN; LOCK TABLE {stop}"));
    let change = Background::start(
        writer,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    change.wait_until_blocked(&mut client);
    run(&mut other, replacement);
    run(&mut other, "COMMIT");
    let mut writer = change.session();
    refresh_all(&mut client);
    run(&mut writer, "COMMIT");
    refresh_all(&mut client);
    assert_right(&mut client);
}

/// How an adapter goes for a while, and how views come back that read it.
const AWAY: [(&str, &str); 6] = [
    ("ALTER TABLE transactions.orders DROP COLUMN shipping_cost CASCADE", ANEW),
    ("DROP VIEW metabase_internal.orders CASCADE", ANEW),
    ("DROP VIEW metabase_internal.brands CASCADE", ANEW),
    (
        "SELECT metabase.map_source('brand', NULL); SELECT metabase.create_all_views(drop_existing => true)",
        UNMAPPED,
    ),
    (
        "CREATE VIEW core.shown AS SELECT * FROM core.brands;
         SELECT metabase.map_source('brand', 'core.shown'); SELECT metabase.create_all_views(drop_existing => true)",
        UNMAPPED,
    ),
    (
        "ALTER VIEW metabase_internal.orders SET SCHEMA core",
        "ALTER VIEW core.orders SET SCHEMA metabase_internal",
    ),
];
const ANEW: &str = "SELECT metabase.create_all_views()";
const UNMAPPED: &str =
    "SELECT metabase.unmap_source('brand'); SELECT metabase.create_all_views(drop_existing => true)";

/// Changes of what the adapters read.
const WRITE: &str =
    "UPDATE transactions.orders SET gross_sale = gross_sale + 1; UPDATE core.brands SET name = name || '!'";

#[test]
fn whoever_writes_while_an_adapter_is_away_is_not_missed_by_the_views_that_come_back() {
    scope(|scope| {
        for (away, back) in AWAY {
            scope.spawn(move || {
                for is_prepared in [false, true] {
                    for is_refreshed in [false, true] {
                        write_while(away, back, is_prepared, is_refreshed);
                    }
                }
            });
        }
    });
}

/// Somebody writes, in a session that has not done so before, while an adapter is away, and commits when the views have come back and were
/// refreshed.
fn write_while(away: &str, back: &str, is_prepared: bool, is_refreshed: bool) {
    let (database, mut client) = refreshed_shop();
    let (prepare, commit) = match is_prepared {
        true => (
            format!("PREPARE TRANSACTION '{}'", database.name()),
            format!("COMMIT PREPARED '{}'", database.name()),
        ),
        false => ("SELECT".to_owned(), "COMMIT".to_owned()),
    };
    run(&mut client, away);
    if is_refreshed {
        // What is in the way, they say.
        run(&mut client, "SELECT * FROM metabase.refresh('all')");
    }
    let mut writer = database.connect();
    run(&mut writer, &format!("BEGIN; {WRITE}"));
    run(&mut writer, &prepare);
    run(&mut client, back);
    refresh_all(&mut client);
    refresh_all(&mut client);
    run(&mut writer, &commit);
    refresh_all(&mut client);
    assert_right(&mut client);
    refresh_all(&mut client);
    assert_right(&mut client);
}
