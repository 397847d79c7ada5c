//! Keys of unusual types, and keys that are unique only once a transaction has ended.

use postgres::Client;

use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::shop::{
    VIEWS, assert_error, assert_incremental, assert_right, column, completed_and_failed, differences,
    refreshed, run,
};

/// The shop without constraints, and no views yet.
fn loosened() -> (Database, Client) {
    let database = Database::with_layout_a();
    database.run_file("tests/layouts/a_loosened.sql");
    database.run_file("tests/hand_worked/shop.sql");
    let client = database.connect();
    (database, client)
}

/// All that the views show, as text.
fn shown(client: &mut Client) -> Vec<Vec<String>> {
    VIEWS
        .iter()
        .map(|view| {
            column(
                client,
                &format!("SELECT row::text FROM analytics.{view} AS row ORDER BY row::text COLLATE \"C\""),
            )
        })
        .collect()
}

// Types

#[test]
fn keys_of_character_types_lead_to_the_same_rows_as_those_of_others() {
    // What there was of shop and views with keys of type uuid, before and after each change.
    let (_database, mut client) = loosened();
    create_all_views(&mut client);
    let mut expected = vec![shown(&mut client)];
    for change in CHANGES {
        run(&mut client, change);
        refresh_all(&mut client);
        expected.push(shown(&mut client));
    }
    // Wider than the keys, so that there are blanks at their ends.
    for key_type in ["character(40)", "name", "character varying(40)"] {
        let (_database, mut client) = loosened();
        run(&mut client, &EXCHANGE_KEYS.replace("{type}", key_type));
        create_all_views(&mut client);
        let mut seen = vec![shown(&mut client)];
        refresh_all(&mut client);
        for change in CHANGES {
            run(&mut client, change);
            assert_incremental(&refreshed(&mut client, "refresh('all')"));
            assert_right(&mut client);
            seen.push(shown(&mut client));
        }
        assert_eq!(seen, expected, "{key_type}");
        // A key of nothing but blanks is one, too.
        run(
            &mut client,
            "UPDATE transactions.orders SET id = '' WHERE id = '70000000-0000-0000-0000-000000000002';
             UPDATE products.inventory SET id = '   ' WHERE id = '60000000-0000-0000-0000-000000000002';
             UPDATE transactions.orders SET gross_sale = gross_sale + 5 WHERE id = ''",
        );
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_right(&mut client);
    }
}

/// Gives all keys, and what refers to them, another type.
const EXCHANGE_KEYS: &str = "DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER TABLE %s ALTER %I TYPE {type} USING %I::text', attrelid::regclass, attname, attname)
        FROM pg_attribute
        WHERE attrelid::regclass::text ~ '^(core|products|transactions)\\.'
            AND atttypid = 'uuid'::regtype
            AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r')
    LOOP
        EXECUTE statement;
    END LOOP;
END $$";

/// Rows that change, come, go and are given to others, in each table.
const CHANGES: [&str; 3] = [
    "UPDATE transactions.orders SET gross_sale = gross_sale + 1;
     UPDATE products.inventory SET purchase_price = purchase_price + 1;
     UPDATE products.products SET name = name || '.';
     UPDATE products.categories SET name = name || '.';
     UPDATE core.brands SET name = name || '.';
     UPDATE core.platforms SET name = name || '.';
     UPDATE core.suppliers SET business_name = business_name || '.'",
    "UPDATE products.products SET brand_id = '30000000-0000-0000-0000-000000000001'",
    "DELETE FROM transactions.orders WHERE gross_sale > 200;
     UPDATE transactions.orders SET id = '70000000-0000-0000-0000-000000000777'
     WHERE id = '70000000-0000-0000-0000-000000000001'",
];

// Unique in the end

#[test]
fn a_key_that_is_unique_only_at_the_end_of_a_transaction_counts_nothing_twice_before() {
    let (_database, mut client) = loosened();
    for table in [
        "core.platforms",
        "core.brands",
        "products.products",
        "products.inventory",
    ] {
        let name = table.split('.').next_back().unwrap_or_default();
        run(
            &mut client,
            &format!(
                "ALTER TABLE {table} DROP CONSTRAINT {name}_pkey, ADD PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED"
            ),
        );
    }
    create_all_views(&mut client);
    refresh_all(&mut client);
    let counts = "SELECT format('%s %s %s %s',
                      (SELECT sum(total_orders) FROM analytics.metabase_platform_performance),
                      (SELECT sum(total_sales) FROM analytics.metabase_brand_analytics),
                      (SELECT sum(units_sold) FROM analytics.metabase_product_performance),
                      (SELECT count(*) FROM analytics.metabase_inventory_status))";
    let once = column(&mut client, counts);
    for table in [
        "core.platforms",
        "core.brands",
        "products.products",
        "products.inventory",
    ] {
        run(&mut client, &format!("BEGIN; INSERT INTO {table} TABLE {table}"));
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_eq!(column(&mut client, counts), once, "each row of {table} twice");
        assert_right(&mut client);
        for view in VIEWS {
            run(
                &mut client,
                &format!("SELECT * FROM metabase.refresh_view('{view}', 'full')"),
            );
        }
        assert_eq!(column(&mut client, counts), once, "each row of {table} twice");
        // One of the two is another row, with the same key, until the transaction ends.
        run(
            &mut client,
            &format!("DELETE FROM {table} WHERE ctid IN (SELECT max(ctid) FROM {table} GROUP BY id); COMMIT"),
        );
        refresh_all(&mut client);
        assert_right(&mut client);
        assert_eq!(column(&mut client, counts), once, "each row of {table} once");
    }
}

/// Refreshes while an order stands twice. The seven show both, for this reason in full; of the view of sales, no two rows have one key.
#[track_caller]
fn assert_shown_twice(client: &mut Client, reason: &str) {
    let the_seven = &VIEWS[..7];
    let answer = refreshed(client, "refresh('all')");
    assert_eq!(
        completed_and_failed(&answer),
        (the_seven.to_vec(), vec!["metabase_sales"])
    );
    assert_eq!(
        column(
            client,
            "SELECT DISTINCT mode || ': ' || mode_reason FROM metabase.view_status() WHERE view_name <> 'metabase_sales'"
        ),
        [reason]
    );
    for view in the_seven {
        assert_eq!(differences(client, view), 0, "{view}");
    }
}

/// PostgreSQL takes rows that are the same for one, where they have a NULL in them.
#[test]
fn an_order_that_stands_twice_and_lacks_something_is_named_too() {
    let (_database, mut client) = loosened();
    run(
        &mut client,
        "ALTER TABLE transactions.orders DROP CONSTRAINT orders_pkey;
         UPDATE transactions.orders SET buyer_destination_city = NULL",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    let order = "70000000-0000-0000-0000-000000000001";
    run(
        &mut client,
        &format!("INSERT INTO transactions.orders SELECT * FROM transactions.orders WHERE id = '{order}'"),
    );
    assert_shown_twice(
        &mut client,
        &format!("full: changes could not be applied: order {order} stands twice in its source"),
    );
}

#[test]
fn an_order_that_stands_twice_is_named_and_shown_as_it_stands() {
    let (_database, mut client) = loosened();
    run(
        &mut client,
        "ALTER TABLE transactions.orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    let total = "SELECT sum(total_orders)::bigint FROM analytics.metabase_platform_performance";
    let once: i64 = value(&mut client, total);
    let order = "70000000-0000-0000-0000-000000000001";
    run(
        &mut client,
        &format!(
            "BEGIN; INSERT INTO transactions.orders SELECT * FROM transactions.orders WHERE id = '{order}'"
        ),
    );
    assert_shown_twice(
        &mut client,
        &format!("full: changes could not be applied: order {order} stands twice in its source"),
    );
    assert_eq!(value::<i64>(&mut client, total), once + 1);
    run(&mut client, "ROLLBACK");
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
}

#[test]
fn an_order_that_stands_twice_is_named_also_where_the_facts_are_built() {
    let (_database, mut client) = loosened();
    run(
        &mut client,
        "ALTER TABLE transactions.orders DROP CONSTRAINT orders_pkey",
    );
    create_all_views(&mut client);
    let order = "70000000-0000-0000-0000-000000000001";
    run(
        &mut client,
        &format!("INSERT INTO transactions.orders SELECT * FROM transactions.orders WHERE id = '{order}'"),
    );
    assert_shown_twice(
        &mut client,
        &format!("full: facts and rollups cannot be built: order {order} stands twice in its source"),
    );
    let error = error_of(&mut client, "SELECT metabase.rebuild()");
    assert_error(
        &error,
        "23505",
        &format!("order {order} stands twice in its source"),
        Some(
            "Refreshes are full for as long as it does. Remove one of the two, or map the key to a column that tells them apart.",
        ),
    );
    run(
        &mut client,
        "DELETE FROM transactions.orders WHERE ctid IN (SELECT max(ctid) FROM transactions.orders GROUP BY id HAVING count(*) > 1);
         SELECT metabase.rebuild()",
    );
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
}
