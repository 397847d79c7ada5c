//! Apply: from the queued keys to facts, rollups and the groups that have changed.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use super::program::Program;
use super::script::{Step, Verb};
use super::state::StateSnapshot;
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, as_role};
use crate::pg::query;
use crate::pg::workspace::Workspace;

/// All that is generated for one build of the facts.
pub struct Generated {
    generation: String,
    /// From the queues to their keys.
    take: Vec<Step>,
    /// From these to facts, rollups and dirty groups.
    apply: Vec<Step>,
    pub program: Program,
}

thread_local! {
    static GENERATED: RefCell<Option<Rc<Generated>>> = const { RefCell::new(None) };
}

/// The SQL for the facts that there are, generated once a session.
pub fn generated(snapshot: &StateSnapshot) -> Result<Rc<Generated>, Error> {
    let generation = snapshot.generation.clone().unwrap_or_default();
    if let Some(generated) = GENERATED.with_borrow(Clone::clone)
        && generated.generation == generation
    {
        return Ok(generated);
    }
    let program = snapshot.program()?;
    let generated = Rc::new(Generated {
        generation,
        take: program.take(),
        apply: program.apply(),
        program,
    });
    GENERATED.set(Some(generated.clone()));
    Ok(generated)
}

/// Brings facts and rollups to what the workspace's snapshot shows. The groups that have changed are kept in it, as
/// `dirty_executive` and so on.
pub fn apply(workspace: &mut Workspace, snapshot: &StateSnapshot, owner: u32) -> Result<(), Error> {
    let begin = Instant::now();
    let generated = generated(snapshot)?;
    workspace.set_generation(&generated.generation);
    match snapshot.changes {
        0 => as_extension_owner(|| {
            generated
                .take
                .iter()
                .try_for_each(|step| keep_nothing(workspace, step))
        })?,
        _ => run_steps(workspace, &generated.take, owner, |_, _| ())?,
    }
    run_steps(workspace, &generated.apply, owner, |_, _| ())?;
    store_apply(begin.elapsed().as_secs_f64(), snapshot.changes)
}

/// Runs steps, each in the name of whom it is for: what reads the shop as `owner`, the views' owner, in the restricted context
/// that REFRESH has, and all else as the extension's owner. `done` is shown each step, and how many rows it has written.
pub fn run_steps(
    workspace: &mut Workspace,
    steps: &[Step],
    owner: u32,
    mut done: impl FnMut(&Step, u64),
) -> Result<(), Error> {
    for steps in steps.chunk_by(|one, next| one.reads_shop() == next.reads_shop()) {
        let run = || {
            for step in steps {
                let written = run_step(workspace, step)?;
                done(step, written);
            }
            Ok(())
        };
        match steps[0].reads_shop() {
            true => as_role(owner, run)?,
            false => as_extension_owner(run)?,
        }
    }
    Ok(())
}

/// Runs a step, if there is anything for it to do. Returns how many rows it has kept or written.
fn run_step(workspace: &mut Workspace, step: &Step) -> Result<u64, Error> {
    let Step {
        verb,
        name,
        when,
        statement,
    } = step;
    let is_due = when.is_empty() || when.iter().any(|name| workspace.kept(name) > 0);
    match verb {
        Verb::Run if !is_due => Ok(0),
        _ if !is_due => keep_nothing(workspace, step).map(|()| 0),
        Verb::Run => workspace.run(statement),
        Verb::Read => workspace.read(name, statement),
        Verb::Take => workspace.keep_written(name, statement),
        Verb::Keep => {
            let rows = workspace.keep(name, statement)?;
            check(workspace, name)?;
            Ok(rows)
        }
    }
}

/// Keeps no rows for a step that has nothing to do: later steps read none.
fn keep_nothing(workspace: &mut Workspace, step: &Step) -> Result<(), Error> {
    match step.reads_shop() {
        true => workspace.read_none(&step.name, &step.statement),
        false => workspace.keep_none(&step.name, &step.statement),
    }
}

/// What must hold of the rows that a step has kept.
fn check(workspace: &mut Workspace, name: &str) -> Result<(), Error> {
    match name {
        // Where no unique index vouches for the key of the orders, they can stand twice; facts cannot.
        "sale_new" => check_orders(workspace, name),
        _ => Ok(()),
    }
}

/// An error if an order stands twice in `rows`.
pub fn check_orders(workspace: &mut Workspace, rows: &str) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct DuplicateOrder {
        key: String,
    }
    let query =
        format!("SELECT order_id::text AS key FROM {rows} GROUP BY order_id HAVING count(*) > 1 LIMIT 1");
    match workspace.rows::<DuplicateOrder>(&query)?.pop() {
        Some(DuplicateOrder { key }) => Err(Error::DuplicateOrder { key }),
        None => Ok(()),
    }
}

fn store_apply(seconds: f64, changes: i64) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/incremental/store_apply.sql"),
            &[seconds.into(), changes.into()],
        )
    })
}
