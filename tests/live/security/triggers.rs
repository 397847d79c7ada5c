//! The functions of the capture triggers may be executed by everybody. On a table that is no source they do nothing.

use crate::cluster::{create_all_views, refresh_all, value};
use crate::shop::{SALE, assert_incremental, assert_right, refreshed, run, shop};

#[test]
fn a_trigger_on_a_table_of_ones_own_notes_nothing() {
    let database = shop();
    let operator = database.create_operator("operator");
    let other = database.create_operator("other");
    let mut superuser = database.connect();
    create_all_views(&mut database.connect_as(&operator));
    refresh_all(&mut database.connect_as(&operator));
    refresh_all(&mut database.connect_as(&operator));
    run(
        &mut superuser,
        &format!(
            "CREATE SCHEMA trap AUTHORIZATION {other}; GRANT {operator} TO {other} WITH ADMIN OPTION; REVOKE {operator} FROM {other}"
        ),
    );
    let mut evil = database.connect_as(&other);
    run(
        &mut evil,
        "CREATE TABLE trap.plain (id uuid, n int);
         CREATE TABLE trap.parted (id uuid, n int) PARTITION BY LIST (n);
         CREATE TABLE trap.part PARTITION OF trap.parted DEFAULT;
         CREATE TABLE trap.orders (LIKE transactions.orders);
         CREATE VIEW trap.view AS TABLE trap.plain",
    );
    let queues = [
        "order",
        "stock_item",
        "product",
        "brand",
        "category",
        "platform",
        "supplier",
        "size",
    ];
    for (number, queue) in queues.iter().enumerate() {
        for table in ["plain", "parted", "orders"] {
            run(
                &mut evil,
                &format!(
                    "CREATE TRIGGER metabase_views_capture_{queue} AFTER INSERT OR UPDATE OR DELETE ON trap.{table}
                         FOR EACH ROW EXECUTE FUNCTION metabase_internal.capture_row('{queue}_queue', 'id', 'required');
                     CREATE TRIGGER nosuch_{number} AFTER INSERT ON trap.{table}
                         FOR EACH ROW EXECUTE FUNCTION metabase_internal.capture_row('{queue}_queue', 'nosuch');
                     CREATE TRIGGER truncate_{number} AFTER TRUNCATE ON trap.{table}
                         FOR EACH STATEMENT EXECUTE FUNCTION metabase_internal.capture_truncate('{queue}_queue');
                     ALTER TRIGGER metabase_views_capture_{queue} ON trap.{table} DEPENDS ON EXTENSION metabase_views"
                ),
            );
        }
    }
    run(
        &mut evil,
        "INSERT INTO trap.plain SELECT gen_random_uuid(), 1 FROM generate_series(1, 100);
         INSERT INTO trap.parted SELECT gen_random_uuid(), 1 FROM generate_series(1, 100);
         INSERT INTO trap.part VALUES (NULL, 2);
         INSERT INTO trap.orders TABLE transactions.orders;
         UPDATE trap.orders SET id = gen_random_uuid();
         DELETE FROM trap.orders;
         TRUNCATE trap.plain, trap.parted, trap.orders",
    );
    let queued = "SELECT count(*) FROM metabase_internal.queue";
    assert_eq!(value::<i64>(&mut superuser, queued), 0);
    // In a session that knows the sources' own triggers, too, by a superuser, and in a transaction that has written to both.
    run(
        &mut superuser,
        &format!(
            "BEGIN; {SALE}; INSERT INTO trap.plain VALUES (gen_random_uuid(), 1); TRUNCATE trap.plain; COMMIT"
        ),
    );
    assert_eq!(value::<i64>(&mut superuser, queued), 1);
    assert_incremental(&refreshed(&mut database.connect_as(&operator), "refresh('all')"));
    assert_right(&mut superuser);
}

/// A source that becomes a partition, and one that is taken out again, note what they have to in each session, also in the one that has
/// written to them before.
#[test]
fn partitions_note_for_as_long_as_they_are_some() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        "CREATE TABLE transactions.by_key (LIKE transactions.orders INCLUDING DEFAULTS) PARTITION BY LIST (status);
         CREATE TABLE transactions.rest PARTITION OF transactions.by_key DEFAULT;
         INSERT INTO transactions.by_key TABLE transactions.orders;
         DROP TABLE transactions.orders;
         ALTER TABLE transactions.by_key RENAME TO orders",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    refresh_all(&mut client);
    let queued = "SELECT count(*) FROM metabase_internal.queue";
    let mut writer = database.connect();
    run(&mut writer, SALE);
    assert_eq!(value::<i64>(&mut client, queued), 1);
    run(
        &mut client,
        "CREATE TABLE transactions.deep PARTITION OF transactions.orders FOR VALUES IN ('a', 'b') PARTITION BY LIST (status);
         CREATE TABLE transactions.a PARTITION OF transactions.deep FOR VALUES IN ('a')",
    );
    run(&mut writer, &SALE.replace("'completed'", "'a'"));
    assert_eq!(value::<i64>(&mut client, queued), 2);
    run(
        &mut client,
        "ALTER TABLE transactions.orders DETACH PARTITION transactions.deep",
    );
    run(
        &mut writer,
        "INSERT INTO transactions.deep TABLE transactions.deep",
    );
    assert_eq!(value::<i64>(&mut client, queued), 2);
    run(
        &mut client,
        "ALTER TABLE transactions.orders ATTACH PARTITION transactions.deep FOR VALUES IN ('a', 'b')",
    );
    run(&mut writer, "DELETE FROM transactions.deep");
    assert_eq!(value::<i64>(&mut client, queued), 4);
    refresh_all(&mut client);
    assert_right(&mut client);
}
