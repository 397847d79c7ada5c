//! Filling a view whose key holds NULLs. REFRESH CONCURRENTLY takes no NULL for another, so that it would write such a row anew each
//! time, and count it as changed.

use super::full::FullRefresh;
use crate::error::Error;
use crate::pg::identity::as_role;
use crate::pg::workspace::Workspace;
use crate::pg::{matview, query};
use crate::sql;
use crate::view::state::{ViewState, check_schema};

/// Writes the rows in which a view differs from its definition. Returns whether it has: it is not for every view, and where it does
/// not come out, REFRESH says why or does better.
///
/// The caller holds the lock that REFRESH CONCURRENTLY takes.
pub fn write_differences(view: &str, state: &ViewState, plan: FullRefresh) -> Result<bool, Error> {
    if plan != FullRefresh::Concurrent || !state.owned || check_schema(state.owner_oid).is_err() {
        return Ok(false);
    }
    let oid = || [i64::from(state.oid).into()];
    let key: Vec<String> = query::values(include_str!("../../sql/queries/refresh/key_columns.sql"), &oid())?;
    let name = sql::qualified("analytics", view);
    let has_null: Vec<String> = key
        .iter()
        .map(|column| format!("{} IS NULL", sql::ident(column)))
        .collect();
    let has_null = format!("SELECT FROM {name} WHERE {}", has_null.join(" OR "));
    if !as_role(state.owner_oid, || query::exists(&has_null, &[]))? {
        return Ok(false);
    }
    #[derive(serde::Deserialize)]
    struct Held {
        rows: u64,
    }
    let columns: i32 = query::value(
        "SELECT relnatts::integer FROM pg_catalog.pg_class WHERE oid = $1::oid",
        &oid(),
    )?;
    let columns: Vec<String> = (1..=columns).map(|number| format!("c{number}")).collect();
    let comparison = sql::fill(
        include_str!("../../sql/queries/refresh/compare_rows.sql"),
        &[(":view", &name), (":columns", &columns.join(", "))],
    );
    Workspace::open(|workspace| {
        workspace.once(|workspace| {
            as_role(state.owner_oid, || {
                let computed = workspace.keep_stored("computed", state.oid)?;
                let changes = workspace.raw_rows(&comparison)?;
                matview::write(state.oid, &changes)?;
                // Where the definition gives a row twice, both are the same to the comparison. The key forbids that.
                let held: Vec<Held> =
                    workspace.rows(&format!("SELECT pg_catalog.count(*) AS rows FROM {name}"))?;
                match held.iter().all(|held| held.rows == computed) {
                    true => Ok(true),
                    false => Err(Error::Internal("the definition gives a row twice".into())),
                }
            })
        })
    })
}
