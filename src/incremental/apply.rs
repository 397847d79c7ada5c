//! Apply: from the queued keys to facts, rollups and the groups that have changed.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use super::program::Program;
use super::script::Step;
use super::state::StateSnapshot;
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, as_role};
use crate::pg::query;
use crate::pg::workspace::Workspace;
use crate::source::entity::ENTITIES;

/// All that is generated for one build of the facts.
pub struct Generated {
    generation: String,
    /// The statements that take the keys from the queues, each with the name that they are kept under.
    takes: Vec<(String, String)>,
    steps: Vec<Step>,
    pub shop: Program,
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
    let shop = snapshot.shop()?;
    let generated = Rc::new(Generated {
        generation,
        takes: takes(&shop),
        steps: shop.apply(),
        shop,
    });
    GENERATED.set(Some(generated.clone()));
    Ok(generated)
}

fn takes(shop: &Program) -> Vec<(String, String)> {
    let types = [
        &shop.order,
        &shop.stock_item,
        &shop.product,
        &shop.brand,
        &shop.category,
        &shop.platform,
        &shop.supplier,
        &shop.size,
    ];
    ENTITIES
        .iter()
        .zip(types)
        .map(|(spec, key_type)| {
            let column = match key_type.as_str() {
                "uuid" => "key_uuid",
                "smallint" | "integer" | "bigint" => "key_integer",
                _ => "key_text",
            };
            let take = format!(
                "WITH taken AS (
    DELETE FROM metabase_internal.{}_queue
    RETURNING {column}
)
SELECT DISTINCT {column}::{key_type} AS key
FROM taken",
                spec.name
            );
            (format!("queued_{}", spec.name), take)
        })
        .collect()
}

/// Brings facts and rollups to what the workspace's snapshot shows. The groups that have changed are kept in it, as
/// `dirty_executive` and so on.
pub fn apply(workspace: &mut Workspace, snapshot: &StateSnapshot, owner: u32) -> Result<(), Error> {
    let begin = Instant::now();
    let generated = generated(snapshot)?;
    workspace.set_generation(&generated.generation);
    as_extension_owner(|| {
        for (name, take) in &generated.takes {
            match snapshot.changes {
                0 => workspace.keep_none(name, take)?,
                _ => workspace.keep_written(name, take).map(drop)?,
            }
        }
        Ok(())
    })?;
    run_steps(workspace, &generated.steps, owner, |_, _| ())?;
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
    let is_due = |workspace: &Workspace, when: &[String]| {
        when.is_empty() || when.iter().any(|name| workspace.kept(name) > 0)
    };
    match step {
        Step::Keep {
            name,
            when,
            statement,
            reads_shop,
        } => match (is_due(workspace, when), reads_shop) {
            (true, true) => workspace.read(name, statement),
            (false, true) => workspace.read_none(name, statement).map(|()| 0),
            (true, false) => {
                let rows = workspace.keep(name, statement)?;
                check(workspace, name)?;
                Ok(rows)
            }
            (false, false) => workspace.keep_none(name, statement).map(|()| 0),
        },
        Step::Run { when, .. } if !is_due(workspace, when) => Ok(0),
        Step::Run { statement, .. } => workspace.run(statement),
        Step::Mark(mark) => Err(Error::Internal(format!("a step is not known: {mark}"))),
    }
}

/// What must hold of the rows that a step has kept.
fn check(workspace: &mut Workspace, name: &str) -> Result<(), Error> {
    match name {
        // Where no unique index vouches for the key of the orders, they can stand twice; facts cannot.
        "sale_new" => match workspace.rows::<KeyType>(DUPLICATE_ORDER)?.pop() {
            Some(KeyType { key }) => Err(Error::DuplicateOrder { key }),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

#[derive(serde::Deserialize)]
struct KeyType {
    key: String,
}

const DUPLICATE_ORDER: &str =
    "SELECT order_id::text AS key FROM sale_new GROUP BY order_id HAVING count(*) > 1 LIMIT 1";

fn store_apply(seconds: f64, changes: i64) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/incremental/store_apply.sql"),
            &[seconds.into(), changes.into()],
        )
    })
}
