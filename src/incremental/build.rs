//! Build: facts and rollups from all of the sources.

use std::sync::LazyLock;
use std::time::Instant;

use super::apply::{check_orders, run_steps};
use super::fingerprint::own_tables;
use super::membership;
use super::program::{empty_queue_statement, queues};
use super::script::Step;
use super::state::{self, StateSnapshot};
use crate::error::Error;
use crate::pg::identity::as_extension_owner;
use crate::pg::workspace::Workspace;
use crate::pg::{query, shared, version};
use crate::sql;
use crate::sqlstate;

/// Builds facts and rollups from what the workspace's snapshot shows. Returns how things stand then; no view is known to hold
/// what they say.
pub fn build(
    workspace: &mut Workspace,
    snapshot: &StateSnapshot,
    owner: u32,
) -> Result<StateSnapshot, Error> {
    let begin = Instant::now();
    if snapshot.catalog.own_tables.is_none() {
        let reason = "a queue is gone, or what bears its name is not the extension's own".into();
        return Err(Error::CannotBuild { reason });
    }
    membership::give_way_to_dumps()?;
    state::drop_tables()?;
    state::invalidate()?;
    let rows = workspace.once(|workspace| {
        as_extension_owner(|| {
            for queue in queues() {
                workspace.run(&empty_queue_statement(&queue))?;
            }
            Ok(())
        })?;
        fill(workspace, snapshot, owner)
    })?;
    membership::begin()?;
    state::check_unaltered(workspace, snapshot)?;
    static STORE: LazyLock<String> = LazyLock::new(|| {
        sql::fill(
            include_str!("../../sql/queries/incremental/store_build.sql"),
            &[(":own_tables", &own_tables())],
        )
    });
    // One that has begun meanwhile has the tables in its snapshot that go when this is committed.
    membership::give_way_to_dumps()?;
    as_extension_owner(|| {
        query::run(
            &STORE,
            &[
                snapshot.catalog.sources.clone().into(),
                begin.elapsed().as_secs_f64().into(),
                (rows as i64).into(),
                snapshot.rates_now().map(str::to_owned).into(),
                version::LIBRARY.to_owned().into(),
            ],
        )
    })?;
    state::snapshot_in(workspace)
}

/// How far the build is, for sync_status(), until it ends in whatever way.
struct Progress;

impl Drop for Progress {
    fn drop(&mut self) {
        shared::with_own_place(|_, place| place.show_build(0, 0));
    }
}

/// Makes and fills the tables. Returns how many facts there are.
fn fill(workspace: &mut Workspace, snapshot: &StateSnapshot, owner: u32) -> Result<u64, Error> {
    let (mut facts, mut number) = (0, 0);
    let steps = snapshot.program()?.build();
    let _progress = Progress;
    let show = |number| shared::with_own_place(|_, place| place.show_build(number, steps.len()));
    show(1);
    let mut run = |workspace: &mut Workspace, steps: &[Step]| {
        run_steps(workspace, steps, owner, |step, rows| {
            number += 1;
            show((number + 1).min(steps.len()));
            if matches!(step.name.as_str(), "item_read" | "sale_read") {
                facts += rows;
            }
        })
    };
    let is_key = |step: &Step| step.statement.contains(KEY_OF_ORDERS);
    let position = steps.iter().position(is_key);
    let position = position.ok_or_else(|| Error::Internal("no step makes the key of the orders".into()))?;
    let (before, rest) = steps.split_at(position);
    let (key, after) = rest.split_at(1);
    run(workspace, before)?;
    match workspace.subtransaction(|workspace| run(workspace, key)) {
        Err(error) if error.sqlstate() == sqlstate::UNIQUE_VIOLATION => {
            as_extension_owner(|| check_orders(workspace, "metabase_internal.sale_fact"))?;
            return Err(error);
        }
        done => done?,
    }
    run(workspace, after)?;
    Ok(facts)
}

/// What the step has that makes sure that each order stands once.
pub(super) const KEY_OF_ORDERS: &str = "CREATE UNIQUE INDEX sale_fact_pkey";
