//! Names between a look and a statement: who owns a schema can rename it, and what is granted or taken off is still what was looked at.

use crate::cluster::value;
use crate::sessions::{Background, wait_until};
use crate::shop::{VIEWS, column, refreshed_shop, run, shop_with_views, triggers};

/// While grant_operator() waits for a row of the catalog that somebody holds, the owner of the schemas has another role's table take the name
/// of a source.
#[test]
fn an_operator_is_granted_what_was_looked_at_and_nothing_that_has_taken_its_name() {
    let (database, mut superuser) = shop_with_views();
    let (schemas_owner, victim) = (
        database.create_role("schemas_owner"),
        database.create_role("victim"),
    );
    let operator = database.create_role("operator");
    run(
        &mut superuser,
        &format!(
            "ALTER DATABASE {} OWNER TO {schemas_owner};
             ALTER SCHEMA transactions OWNER TO {schemas_owner};
             ALTER SCHEMA core OWNER TO {schemas_owner};
             CREATE SCHEMA other AUTHORIZATION {schemas_owner};
             CREATE TABLE other.brands (LIKE core.brands);
             ALTER TABLE other.brands OWNER TO {victim}",
            database.name()
        ),
    );
    let brands: u32 = value(&mut superuser, "SELECT 'other.brands'::regclass::oid");
    let mut holder = database.connect_as(&schemas_owner);
    run(&mut holder, "BEGIN; GRANT USAGE ON SCHEMA transactions TO PUBLIC");
    let granting = Background::start(
        database.connect(),
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    granting.wait_until_blocked(&mut superuser);
    // It waits, and is refused.
    let _ = database.connect_as(&schemas_owner).batch_execute(
        "SET lock_timeout = '1s'; BEGIN; ALTER SCHEMA core RENAME TO away; ALTER SCHEMA other RENAME TO core; COMMIT",
    );
    run(&mut holder, "ROLLBACK");
    granting.result().expect("what was looked at is still there");
    let may_read = format!("SELECT has_table_privilege('{operator}', {brands}, 'SELECT')");
    assert!(
        !value::<bool>(&mut superuser, &may_read),
        "the victim's table was granted"
    );
    let may_read = format!("SELECT has_table_privilege('{operator}', 'core.brands', 'SELECT')");
    assert!(value::<bool>(&mut superuser, &may_read));
}

#[test]
fn where_a_schema_is_renamed_meanwhile_an_operator_is_granted_nothing() {
    let (database, mut superuser) = shop_with_views();
    let operator = database.create_role("operator");
    let mut renaming = database.connect();
    run(&mut renaming, "BEGIN; ALTER SCHEMA core RENAME TO away");
    let granting = Background::start(
        database.connect(),
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    granting.wait_until_blocked(&mut superuser);
    run(&mut renaming, "COMMIT");
    let error = granting.result().expect_err("a name means something else");
    let error = error.as_db_error().expect("the server answers");
    assert_eq!(error.code().code(), "40001");
    assert_eq!(
        error.message(),
        "schema \"core\" was renamed or dropped meanwhile"
    );
    assert_eq!(
        error.hint(),
        Some("Nothing was changed. Call it again once nobody renames schemas.")
    );
    let may_use = format!("SELECT has_schema_privilege('{operator}', 'metabase', 'USAGE')");
    assert!(!value::<bool>(&mut superuser, &may_use));
}

/// While the installer goes from trigger to trigger, another role's table takes the name of one that it has still to come to.
#[test]
fn the_installer_takes_no_trigger_off_a_table_that_has_taken_a_name_and_goes_on() {
    let (database, mut superuser) = refreshed_shop();
    let operator = database.create_operator("operator");
    let victim = database.create_role("victim");
    run(
        &mut database.connect_as(&operator),
        "SELECT * FROM metabase.refresh('all'); SELECT * FROM metabase.refresh('all')",
    );
    run(
        &mut superuser,
        &format!(
            "CREATE SCHEMA other;
             CREATE TABLE other.platforms (LIKE core.platforms);
             CREATE FUNCTION other.own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
             CREATE TRIGGER metabase_views_truncate_platform AFTER TRUNCATE ON other.platforms EXECUTE FUNCTION other.own();
             ALTER TABLE other.platforms OWNER TO {victim}"
        ),
    );
    // Each of the first half of the triggers takes a moment that way.
    let mut holder = database.connect();
    run(
        &mut holder,
        "BEGIN; SELECT FROM pg_trigger WHERE tgname ~ '^metabase_views_capture' FOR UPDATE",
    );
    run(
        &mut database.connect_as(&operator),
        "SELECT metabase.disable_capture()",
    );
    wait_until(
        &mut superuser,
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query = 'metabase_views: installing capture' AND wait_event_type = 'Lock')",
    );
    run(
        &mut superuser,
        "BEGIN; ALTER SCHEMA core RENAME TO away; ALTER SCHEMA other RENAME TO core; COMMIT",
    );
    wait_until(
        &mut superuser,
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE query = 'metabase_views: installing capture')",
    );
    run(&mut holder, "ROLLBACK");
    let left = triggers(&mut superuser);
    assert!(
        left.contains(&"metabase_views_truncate_platform on core.platforms (O)".to_owned()),
        "{left:?}"
    );
    assert!(
        left.iter()
            .any(|trigger| trigger.starts_with("metabase_views_truncate_platform on away.platforms")),
        "{left:?}"
    );
    // One whose name sorts behind it.
    assert!(
        !left.iter().any(|trigger| trigger.contains("truncate_stock_item")),
        "{left:?}"
    );
}

/// Whoever may make views in the schema has taken the name of one that the shop does without.
#[test]
fn what_bears_the_name_of_a_view_and_is_another_roles_keeps_nobody_from_what_is_his() {
    let (database, mut superuser) = shop_with_views();
    let (operator, another) = (
        database.create_operator("operator"),
        database.create_operator("another"),
    );
    run(
        &mut superuser,
        "SELECT metabase.drop_view(view_name) FROM metabase.view_status() WHERE exists",
    );
    let mut client = database.connect_as(&operator);
    run(&mut client, "SELECT metabase.set_setting('sales_view', 'off')");
    run(
        &mut client,
        "SELECT * FROM metabase.create_all_views(); SELECT * FROM metabase.refresh('all')",
    );
    run(
        &mut database.connect_as(&another),
        "CREATE MATERIALIZED VIEW analytics.metabase_sales AS SELECT 1 AS order_id",
    );
    run(
        &mut client,
        "SELECT metabase.before_migration();
         SELECT * FROM metabase.after_migration();
         SELECT metabase.set_setting('gone_statuses', 'sold')",
    );
    let made = column(
        &mut client,
        "SELECT view_name FROM metabase.create_all_views(drop_existing => true) WHERE created",
    );
    assert_eq!(made, VIEWS[..7]);
    assert_eq!(
        value::<i32>(&mut superuser, "SELECT order_id FROM analytics.metabase_sales"),
        1
    );
}
