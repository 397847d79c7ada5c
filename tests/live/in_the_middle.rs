//! Refreshes in the middle of something: of a savepoint, of a statement that writes, of a transaction that began before others went on.

use crate::cluster::refresh_all;
use crate::shop::{
    VIEWS, assert_incremental, assert_right, column, refreshed, refreshed_shop, run, try_refreshed,
};

/// Something that refreshes by hand before and after a refresh of all, such that the catalog says the same both times; {by_hand} stands for
/// the refresh by hand.
const TWICE_BY_HAND: [&str; 4] = [
    "BEGIN; {by_hand}; SELECT metabase.refresh('all'); {change}; {by_hand}; COMMIT",
    "BEGIN; SAVEPOINT s; {by_hand}; SELECT metabase.refresh('all'); {change}; {by_hand}; RELEASE s; COMMIT",
    "DO $$ BEGIN
         {by_hand}; PERFORM metabase.refresh('all'); {change}; {by_hand};
     EXCEPTION WHEN division_by_zero THEN NULL;
     END $$",
    "BEGIN; SAVEPOINT s; {by_hand}; RELEASE s; SAVEPOINT s; SELECT metabase.refresh('all'); RELEASE s; {change}; {by_hand}; COMMIT",
];

#[test]
fn a_view_that_is_refreshed_by_hand_again_is_not_taken_for_what_it_was() {
    for twice in TWICE_BY_HAND {
        for how in ["", "CONCURRENTLY"] {
            for view in ["metabase_platform_performance", "metabase_brand_analytics"] {
                let (_database, mut client) = refreshed_shop();
                let by_hand = format!("REFRESH MATERIALIZED VIEW {how} analytics.{view}");
                let change =
                    "UPDATE transactions.orders SET gross_sale = gross_sale + 1, status = 'completed'";
                run(
                    &mut client,
                    &twice.replace("{by_hand}", &by_hand).replace("{change}", change),
                );
                // By now all rows have changed that the last refresh by hand has shown.
                run(
                    &mut client,
                    "UPDATE transactions.orders SET sold_at = '2021-03-04', platform_id = '10000000-0000-0000-0000-000000000001'",
                );
                for _ in 0..2 {
                    refresh_all(&mut client);
                    assert_right(&mut client);
                }
            }
        }
    }
}

/// A change of an order that its triggers have not noted yet when all views are refreshed.
const IN_A_STATEMENT: [&str; 4] = [
    "WITH u AS (UPDATE transactions.orders SET {new} RETURNING id)
     SELECT r.* FROM u, LATERAL (SELECT * FROM metabase.refresh('all') WHERE u.id IS NOT NULL) AS r",
    "CREATE FUNCTION public.refreshing() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM metabase.refresh('all'); RETURN NULL; END $$;
     CREATE TRIGGER a AFTER UPDATE ON transactions.orders FOR EACH ROW EXECUTE FUNCTION public.refreshing();
     UPDATE transactions.orders SET {new};
     DROP TRIGGER a ON transactions.orders",
    "CREATE FUNCTION public.refreshing() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM metabase.refresh('all'); RETURN NEW; END $$;
     CREATE TRIGGER a BEFORE UPDATE ON transactions.orders FOR EACH ROW EXECUTE FUNCTION public.refreshing();
     UPDATE transactions.orders SET {new};
     DROP TRIGGER a ON transactions.orders",
    "CREATE FUNCTION public.refreshed(text) RETURNS text LANGUAGE plpgsql AS
         $$ BEGIN PERFORM metabase.refresh('all'); RETURN $1; END $$;
     UPDATE transactions.orders SET {new}, buyer_destination_city = public.refreshed('Oslo')",
];

/// Where orders are before, in the middle and after.
const PLACES: [&str; 2] = [
    "sold_at = '2021-03-04', buyer_destination_country = 'Iceland', platform_id = '10000000-0000-0000-0000-000000000001',
     status = 'completed'",
    "sold_at = '2022-05-06', buyer_destination_country = 'Norway', platform_id = '10000000-0000-0000-0000-000000000002'",
];

#[test]
fn a_view_that_is_compared_within_a_statement_keeps_nothing_that_nobody_mends() {
    for statement in IN_A_STATEMENT {
        let (_database, mut client) = refreshed_shop();
        // Each view is to be compared as a whole.
        for view in VIEWS {
            run(
                &mut client,
                &format!("REFRESH MATERIALIZED VIEW analytics.{view}"),
            );
        }
        // A trigger replaces nothing that capture relies on: it comes before the facts.
        let new = PLACES[0];
        run(
            &mut client,
            &format!("BEGIN; {}; COMMIT", statement.replace("{new}", new)),
        );
        run(
            &mut client,
            &format!("UPDATE transactions.orders SET {}", PLACES[1]),
        );
        for _ in 0..2 {
            refresh_all(&mut client);
            assert_right(&mut client);
        }
    }
}

/// What others do that a transaction which began before does not see, though it is done to it.
const DONE_BY_OTHERS: [&str; 5] = [
    "BEGIN; CREATE TABLE public.kept AS TABLE transactions.orders; TRUNCATE transactions.orders;
     INSERT INTO transactions.orders TABLE public.kept; COMMIT",
    "ALTER TABLE transactions.orders ADD COLUMN noted timestamptz DEFAULT clock_timestamp()",
    "VACUUM FULL transactions.orders",
    "ALTER VIEW metabase_internal.brands RENAME name TO lent;
     ALTER VIEW metabase_internal.brands RENAME segment TO name;
     ALTER VIEW metabase_internal.brands RENAME lent TO segment",
    "REFRESH MATERIALIZED VIEW analytics.metabase_platform_performance",
];

#[test]
fn a_transaction_that_does_not_see_what_others_have_altered_refreshes_nothing() {
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        for mode in ["auto", "full"] {
            for done in DONE_BY_OTHERS {
                let (database, mut client) = refreshed_shop();
                let mut old = database.connect();
                run(
                    &mut old,
                    &format!("BEGIN ISOLATION LEVEL {level}; SELECT * FROM pg_class LIMIT 1"),
                );
                run(
                    &mut client,
                    "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
                );
                run(&mut client, done);
                let outcome = try_refreshed(
                    &mut old,
                    &format!("refresh_view('metabase_platform_performance', '{mode}')"),
                );
                // What is filled in full, and not from facts, may be as old as this transaction.
                if mode == "auto" || !done.starts_with("REFRESH") {
                    let rows = outcome.unwrap_or_else(|error| panic!("{level}, {mode}, {done}: {error:?}"));
                    let error = rows[0].error_message.clone().unwrap_or_default();
                    assert!(
                        error.starts_with("could not serialize access"),
                        "{level}, {mode}, {done}: {rows:?}"
                    );
                }
                let _ = old.batch_execute("COMMIT");
                for _ in 0..2 {
                    refresh_all(&mut client);
                    if !done.contains("RENAME") {
                        assert_right(&mut client);
                    }
                }
            }
        }
    }
}

#[test]
fn a_transaction_that_sees_no_others_is_refreshed_by_what_changes_all_the_same() {
    let (_database, mut client) = refreshed_shop();
    for _ in 0..2 {
        run(
            &mut client,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
        );
        run(&mut client, "BEGIN ISOLATION LEVEL REPEATABLE READ");
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        run(&mut client, "COMMIT");
        assert_right(&mut client);
    }
}

#[test]
fn what_waits_for_the_end_of_the_transaction_is_not_in_the_middle_of_a_statement() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "ALTER TABLE transactions.orders ADD FOREIGN KEY (platform_id) REFERENCES core.platforms DEFERRABLE INITIALLY DEFERRED",
    );
    for _ in 0..2 {
        refresh_all(&mut client);
    }
    run(
        &mut client,
        "REFRESH MATERIALIZED VIEW analytics.metabase_brand_analytics",
    );
    let refreshing = "BEGIN;
                      UPDATE transactions.orders SET gross_sale = gross_sale + 1, platform_id = '10000000-0000-0000-0000-000000000001';
                      SELECT metabase.refresh('all');
                      COMMIT";
    for _ in 0..2 {
        run(&mut client, refreshing);
        assert_right(&mut client);
    }
    let modes = "SELECT DISTINCT mode FROM metabase.view_status()";
    assert_eq!(column(&mut client, modes), ["incremental"]);
}
