//! Build: facts and rollups from all of the sources.

use std::time::Instant;

use super::script::Step;
use super::state::{self, Look};
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, as_role};
use crate::pg::query;
use crate::pg::workspace::Workspace;

/// Builds facts and rollups from what one snapshot shows. All views are to be refreshed in full afterwards.
pub fn build(owner: u32) -> Result<(), Error> {
    let begin = Instant::now();
    state::drop_tables()?;
    state::invalidate()?;
    let (sources, rows) = Workspace::open(|workspace| {
        let look = state::look_in(workspace)?;
        as_extension_owner(|| {
            for statement in include_str!("../../sql/queries/empty_queues.sql").split_inclusive(';') {
                if !statement.trim().is_empty() {
                    workspace.run_once(statement)?;
                }
            }
            Ok(())
        })?;
        let rows = as_role(owner, || fill(workspace, &look))?;
        Ok((look.sources_now, rows))
    })?;
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/store_build.sql"),
            &[
                sources.into(),
                begin.elapsed().as_secs_f64().into(),
                (rows as i64).into(),
            ],
        )
    })
}

/// Makes and fills the tables. Answers how many facts there are.
fn fill(workspace: &mut Workspace, look: &Look) -> Result<u64, Error> {
    let mut rows = 0;
    for step in look.shop()?.build() {
        if let Step::Run { statement, .. } = step {
            let written = workspace.run_once(&statement)?;
            if statement.starts_with("INSERT INTO metabase_internal.sale_fact")
                || statement.starts_with("INSERT INTO metabase_internal.item_fact")
            {
                rows += written;
            }
        }
    }
    Ok(rows)
}
