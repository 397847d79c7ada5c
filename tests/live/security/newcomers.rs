//! What comes under one of the names that detection knows: a stranger's is in nobody's way, and nothing takes the place of what views read.

use postgres::Client;

use crate::cluster::{Database, create_all_views, error_of, refresh_all};
use crate::shop::{assert_incremental, assert_right, column, differences, refreshed, run, shop};

/// Tables of known names, which a role can make that may create in the database: for orders, stock items and categories, and of an
/// entity that the shop does not have.
const NEWCOMERS: &str = "CREATE SCHEMA sales; CREATE TABLE sales.\"order\" (LIKE transactions.orders INCLUDING ALL);
                         CREATE SCHEMA inventory; CREATE TABLE inventory.stock (id uuid PRIMARY KEY, product_id uuid);
                         CREATE SCHEMA catalog; CREATE TABLE catalog.category (id uuid PRIMARY KEY, name text)";
const SIZES: &str = "CREATE TABLE catalog.sizes (id uuid PRIMARY KEY, value text)";

/// A shop with an operator, and a session of a role that nobody trusts.
fn shop_with_stranger() -> (Database, Client, Client, Client) {
    let database = shop();
    let mut superuser = database.connect();
    let operator = database.create_operator("operator");
    let stranger = database.create_role("stranger");
    run(
        &mut superuser,
        &format!(
            "GRANT CREATE ON DATABASE {} TO {stranger};
             GRANT USAGE ON SCHEMA transactions TO {stranger};
             GRANT SELECT ON transactions.orders TO {stranger}",
            database.name()
        ),
    );
    let (operator, stranger) = (database.connect_as(&operator), database.connect_as(&stranger));
    (database, superuser, operator, stranger)
}

/// The tables that the adapters read.
fn read(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT DISTINCT relation FROM metabase.capture_status() WHERE entity IN ('order', 'stock_item', 'category') ORDER BY 1",
    )
}

const SHOPS: [&str; 3] = ["products.categories", "products.inventory", "transactions.orders"];

const CHANGE: &str = "UPDATE transactions.orders SET gross_sale = gross_sale + 1";

const SWAP: &str = "ALTER TABLE products.categories RENAME TO former;
                    CREATE TABLE products.categories (LIKE products.former INCLUDING ALL);
                    INSERT INTO products.categories SELECT id, name || '!' FROM products.former;
                    GRANT SELECT ON products.categories TO PUBLIC";

#[test]
fn a_strangers_table_of_a_known_name_is_in_the_way_of_no_creation() {
    let (database, _, mut operator, mut stranger) = shop_with_stranger();
    run(&mut stranger, NEWCOMERS);
    // Also for whoever grants what is found now.
    let late = database.create_operator("late");
    for session in [&mut operator, &mut database.connect_as(&late)] {
        create_all_views(session);
        refresh_all(session);
        assert_eq!(read(session), SHOPS);
        assert_right(session);
        for view in column(session, "SELECT view_name FROM metabase.view_status()") {
            run(session, &format!("SELECT metabase.drop_view('{view}')"));
        }
    }
    // Of what the shop does not have there is nothing else: a person has to say.
    run(&mut stranger, SIZES);
    let error = error_of(&mut operator, "SELECT * FROM metabase.create_all_views()");
    assert_eq!(error.sqlstate.code(), "42501");
    assert!(error.message.contains("catalog.sizes"), "{error:?}");
}

#[test]
fn a_strangers_table_is_in_the_way_of_no_migration() {
    let (_database, mut superuser, mut operator, mut stranger) = shop_with_stranger();
    create_all_views(&mut operator);
    run(&mut superuser, "SELECT metabase.before_migration()");
    run(&mut stranger, &format!("{NEWCOMERS}; {SIZES}"));
    run(&mut superuser, "SELECT * FROM metabase.after_migration()");
    refresh_all(&mut operator);
    assert_eq!(read(&mut operator), SHOPS);
    assert_right(&mut operator);
}

#[test]
fn views_go_on_with_what_they_read_whatever_comes_under_another_name() {
    for (has_stranger, newcomers) in [
        (true, format!("{NEWCOMERS}; {SIZES}")),
        (false, NEWCOMERS.to_owned()),
    ] {
        let (_database, mut superuser, mut operator, mut stranger) = shop_with_stranger();
        create_all_views(&mut operator);
        refresh_all(&mut operator);
        run(
            match has_stranger {
                true => &mut stranger,
                false => &mut superuser,
            },
            &newcomers,
        );
        run(&mut superuser, CHANGE);
        assert_incremental(&refreshed(&mut operator, "refresh('all')"));
        assert_eq!(read(&mut operator), SHOPS);
        let notes = column(
            &mut operator,
            "SELECT jsonb_array_elements_text(metabase.sync_status() -> 'changed_sources')",
        );
        for (entity, newcomer, table) in [
            ("order", "sales.\"order\"", "transactions.orders"),
            ("stock_item", "inventory.stock", "products.inventory"),
            ("category", "catalog.category", "products.categories"),
        ] {
            let note = format!(
                "entity {entity} could be read from {newcomer} as well: the views go on reading {table}"
            );
            assert!(notes.contains(&note), "{notes:?}");
        }
        // A table that is swapped is followed all the same.
        run(&mut superuser, SWAP);
        refresh_all(&mut operator);
        assert_right(&mut operator);
        assert_eq!(read(&mut operator), SHOPS);
        let categories = "SELECT bool_and(category_name ~ '!$') FROM analytics.metabase_inventory_status WHERE category_name IS NOT NULL";
        assert_eq!(column(&mut operator, categories), ["t"]);
        for view in ["metabase_executive_metrics", "metabase_inventory_status"] {
            assert_eq!(differences(&mut operator, view), 0);
        }
    }
}
