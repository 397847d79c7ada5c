//! Time, memory, places and locks: nobody takes more of them than they were given.

use crate::cluster::create_all_views;
use crate::shop::{column, refresh_view, run, shop};

// Locks

#[test]
fn a_reader_that_has_asked_for_the_status_and_stays_in_its_transaction_is_in_nobodys_way() {
    for isolation in ["READ COMMITTED", "REPEATABLE READ"] {
        let database = shop();
        let (operator, reader) = (database.create_role("operator"), database.create_role("reader"));
        run(
            &mut database.connect(),
            &format!(
                "SELECT metabase.grant_operator('{operator}'); SELECT metabase.grant_reader('{reader}')"
            ),
        );
        let mut as_operator = database.connect_as(&operator);
        create_all_views(&mut as_operator);
        run(
            &mut as_operator,
            "SELECT * FROM metabase.refresh('all'); SELECT * FROM metabase.refresh('all')",
        );
        // Groups that are noted for other views are counted, too.
        run(
            &mut database.connect(),
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
        );
        let row = refresh_view(&mut as_operator, "metabase_executive_metrics");
        assert_eq!(row.mode, "incremental");

        let mut as_reader = database.connect_as(&reader);
        let status = "SELECT sum(row_count) > 0, sum(pending_changes) > 0, count(size_bytes) FROM metabase.view_status()";
        run(
            &mut as_reader,
            &format!("BEGIN ISOLATION LEVEL {isolation}; {status}"),
        );
        let pending = "SELECT count(*) FROM metabase.view_status() WHERE pending_changes > 0";
        assert_eq!(column(&mut as_reader, pending), ["6"]);
        // What it still holds is what nobody but DROP EXTENSION locks against it.
        assert_eq!(
            column(
                &mut as_operator,
                "SELECT DISTINCT locked.relation::regclass
                 FROM pg_locks AS locked
                 JOIN pg_stat_activity AS session USING (pid)
                 JOIN pg_class AS relation ON relation.oid = locked.relation
                 WHERE session.state = 'idle in transaction'
                     AND session.datname = current_database()
                     AND (
                         relation.relnamespace = 'analytics'::regnamespace
                         OR relation.relnamespace = 'metabase_internal'::regnamespace
                             AND (relation.relkind = 'v' OR relation.relname ~ '^dirty_|_rollup$|_fact$')
                             AND relation.relname NOT IN ('queue', 'known_role_now')
                     )"
            ),
            [""; 0]
        );
        run(&mut as_operator, "SET lock_timeout = '2s'");
        for (call, failed) in [
            ("refresh('all')", "status <> 'completed'"),
            (
                "refresh_view('metabase_brand_analytics', 'full')",
                "status <> 'completed'",
            ),
            ("rebuild()", "false"),
            ("refresh('all')", "status <> 'completed'"),
            ("refresh('all')", "status <> 'completed'"),
            ("create_all_views(true)", "NOT created"),
            ("create_view('metabase_brand_analytics', true)", "NOT created"),
            ("drop_view('metabase_brand_analytics')", "false"),
            ("disable_capture()", "false"),
        ] {
            assert_eq!(
                column(
                    &mut as_operator,
                    &format!("SELECT row FROM metabase.{call} AS row WHERE {failed}")
                ),
                [""; 0],
                "{isolation}: {call}"
            );
        }
        // It can go on.
        run(&mut as_reader, &format!("{status}; COMMIT"));
    }
}
