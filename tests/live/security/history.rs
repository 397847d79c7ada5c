//! The history of a view's refreshes is its owner's: whoever has no say in the view neither writes into it nor has anything removed from it.

use postgres::Client;

use crate::cluster::{Database, create_all_views, refresh_all};
use crate::shop::{column, run, shop};

/// A shop with an operator, who has refreshed the seven and a view of his own, and a session of another one.
fn shop_with_two_operators() -> (Database, Client, Client) {
    let database = shop();
    let operator = database.create_operator("operator");
    let another = database.create_operator("another");
    let (mut operator, another) = (database.connect_as(&operator), database.connect_as(&another));
    create_all_views(&mut operator);
    run(
        &mut operator,
        "SELECT metabase.create_custom_view('own', 'SELECT 1 AS a', ARRAY['a'])",
    );
    refresh_all(&mut operator);
    (database, operator, another)
}

/// All that there is to say of the runs of all views.
fn said(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT (view_name, last_refresh, mode, mode_reason)::text FROM metabase.view_status()
         UNION ALL SELECT max(id)::text FROM metabase.refresh_history",
    )
}

/// Calls all that refreshes, and expects each view to be refused.
fn refused(client: &mut Client) {
    for call in [
        "refresh('all')",
        "refresh('daily')",
        "refresh_view('metabase_brand_analytics', 'full')",
        "refresh_view('metabase_brand_analytics', 'incremental')",
        "refresh_view('own')",
        "sync_all()",
        "sync_on_order_event()",
        "sync_on_inventory_event()",
    ] {
        let statuses = format!("SELECT DISTINCT status FROM metabase.{call} WHERE error_message IS NOT NULL");
        assert_eq!(column(client, &statuses), ["failed"], "{call}");
    }
    for call in [
        "refresh_view('metabase_brand_analytics', 'no mode')",
        "refresh_view('no_view')",
        "refresh_if_due('metabase_brand_analytics')",
    ] {
        // Refused, or not due.
        let _ = client.batch_execute(&format!("SELECT * FROM metabase.{call}"));
    }
}

#[test]
fn a_refresh_that_is_refused_is_no_run_of_the_view() {
    let (database, mut operator, mut another) = shop_with_two_operators();
    let mut superuser = database.connect();
    let errors = "SELECT view_name FROM metabase.view_status() WHERE last_error IS NOT NULL";
    let before = said(&mut operator);
    refused(&mut another);
    assert_eq!(said(&mut operator), before);
    assert_eq!(column(&mut operator, errors), [""; 0]);
    // What the owner fails at is one.
    run(
        &mut operator,
        "SELECT * FROM metabase.refresh_view('own', 'incremental')",
    );
    assert_eq!(column(&mut operator, errors), ["own"]);
    run(&mut operator, "SELECT * FROM metabase.refresh_view('own')");
    // Whoever may not see that somebody else's table has the name of a source.
    run(
        &mut superuser,
        "ALTER TABLE transactions.orders RENAME TO former; CREATE TABLE transactions.orders (LIKE transactions.former)",
    );
    let before = said(&mut operator);
    refused(&mut another);
    assert_eq!(said(&mut operator), before);
    run(
        &mut superuser,
        "DROP TABLE transactions.orders; ALTER TABLE transactions.former RENAME TO orders",
    );
    // Views that are away are whose they were, and those that are gone are nobody's.
    run(&mut superuser, "SELECT metabase.before_migration()");
    let before = said(&mut operator);
    refused(&mut another);
    assert_eq!(said(&mut operator), before);
    refresh_fails(&mut operator);
    assert_ne!(said(&mut operator), before);
    run(&mut operator, "SELECT * FROM metabase.after_migration()");
    run(
        &mut operator,
        "SELECT metabase.drop_view(view_name) FROM metabase.view_status()",
    );
    let before = said(&mut operator);
    run(&mut another, "SELECT * FROM metabase.refresh('all')");
    assert_eq!(said(&mut operator), before);
}

/// A refresh of all views fails.
fn refresh_fails(client: &mut Client) {
    let statuses = "SELECT DISTINCT status FROM metabase.refresh('all')";
    assert_eq!(column(client, statuses), ["failed"]);
}
