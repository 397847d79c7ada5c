//! Heaps and indexes as amcheck sees them. Rows are written into materialized views by other means than SQL, so that what
//! SQL shows of them is not the whole truth.

use postgres::Client;

use crate::available::has_extension;
use crate::shop::{column, run};

/// Asserts that the heaps of the views and of all that the extension keeps are sound, and that each of their indexes leads
/// to every row. A PostgreSQL that comes without amcheck says so.
#[track_caller]
pub fn assert_sound(client: &mut Client) {
    if !has_extension("amcheck") {
        return;
    }
    run(client, "CREATE EXTENSION IF NOT EXISTS amcheck");
    let flaws = column(
        client,
        "SELECT format('%s, block %s, offset %s: %s', relation.oid::regclass, blkno, offnum, msg)
         FROM pg_class AS relation
         CROSS JOIN LATERAL verify_heapam(relation.oid)
         WHERE relation.relnamespace IN ('analytics'::regnamespace, 'metabase_internal'::regnamespace)
             AND relation.relkind IN ('r', 'm')",
    );
    assert!(flaws.is_empty(), "{flaws:#?}");
    // An index that is not sound is an error that names it.
    let indexes = column(
        client,
        "SELECT index.oid::regclass, bt_index_check(index.oid, heapallindexed => true)
         FROM pg_class AS index
         JOIN pg_am ON pg_am.oid = index.relam
         WHERE index.relnamespace IN ('analytics'::regnamespace, 'metabase_internal'::regnamespace)
             AND index.relkind = 'i'
             AND pg_am.amname = 'btree'",
    );
    assert!(indexes.len() > 7, "{indexes:?}");
}
