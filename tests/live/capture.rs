//! What the triggers on the sources note, whatever is altered while they look for the place to note it in.

use std::thread::scope;

use crate::cluster::refresh_all;
use crate::sessions::Background;
use crate::shop::{assert_right, refreshed_shop, run};

/// Where a trigger can be stopped between two of its looks.
const STOPS: [&str; 3] = [
    "metabase_internal.order_queue IN SHARE MODE",
    "pg_depend IN ACCESS EXCLUSIVE MODE",
    "pg_rewrite IN ACCESS EXCLUSIVE MODE",
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
