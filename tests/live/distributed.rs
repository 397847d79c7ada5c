//! Tables that Citus keeps on other nodes. Its catalog stands in for it here: what it says is asked for before anything is locked.

use std::time::{Duration, Instant};

use crate::cluster::{Database, create_all_views, refresh_all};
use crate::shop::{assert_incremental, assert_right, column, refreshed, run, shop};

/// Says that a table is distributed, as Citus does.
const CATALOG: &str = "SET allow_system_table_mods = on;
    CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass, partmethod \"char\");
    RESET allow_system_table_mods";

fn distribute(database: &Database, table: &str) {
    run(
        &mut database.connect(),
        &format!("INSERT INTO pg_catalog.pg_dist_partition VALUES ('{table}', 'h')"),
    );
}

#[test]
fn a_distributed_table_is_a_stated_reason_and_never_locked() {
    let database = shop();
    let mut client = database.connect();
    run(&mut client, CATALOG);
    distribute(&database, "products.products");
    create_all_views(&mut client);
    let reason = "products.products is a distributed (Citus) table, whose rows change on other nodes, too";
    // A writer whose locks would have to be waited for.
    let mut writer = database.connect();
    run(
        &mut writer,
        "BEGIN; UPDATE transactions.orders SET gross_sale = gross_sale; UPDATE products.products SET name = name",
    );
    let begin = Instant::now();
    refresh_all(&mut client);
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT mode || ': ' || mode_reason FROM metabase.view_status()"
        ),
        [format!(
            "full: changes of entity product are not captured: {reason}"
        )]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT reason FROM metabase.enable_capture() WHERE entity = 'product'"
        ),
        [reason]
    );
    assert!(begin.elapsed() < Duration::from_secs(5), "nothing was waited for");
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'metabase_views%'"
        ),
        ["0"]
    );
    run(&mut writer, "ROLLBACK");

    // Once it is an ordinary table again, or of another database's, all is as ever.
    run(&mut client, "DELETE FROM pg_catalog.pg_dist_partition");
    run(&mut client, "SELECT metabase.enable_capture()");
    refresh_all(&mut client);
    run(&mut client, "UPDATE products.products SET name = name || '.'");
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    // Captured already, it is noticed as well.
    distribute(&database, "transactions.orders");
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    refresh_all(&mut client);
    assert_right(&mut client);
}

#[test]
fn a_partition_that_is_distributed_counts_for_its_parent() {
    let database = Database::with_layout_a();
    for file in [
        "tests/layouts/a_loosened.sql",
        "tests/layouts/a_partitioned.sql",
        "tests/hand_worked/shop.sql",
    ] {
        database.run_file(file);
    }
    let mut client = database.connect();
    create_all_views(&mut client);
    run(&mut client, CATALOG);
    let partition = column(
        &mut client,
        "SELECT relid::text FROM pg_partition_tree('transactions.orders') WHERE isleaf ORDER BY 1 LIMIT 1",
    );
    distribute(&database, &partition[0]);
    refresh_all(&mut client);
    assert_eq!(
        column(
            &mut client,
            "SELECT reason FROM metabase.capture_status() WHERE entity = 'order'"
        ),
        ["transactions.orders is a distributed (Citus) table, whose rows change on other nodes, too"]
    );
}
