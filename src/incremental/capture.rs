//! Capture: the triggers on the sources, where they can be, and why not where they cannot.

use super::{membership, program, state};
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, current_role, current_role_oid, is_superuser};
use crate::pg::patience::{once, patiently};
use crate::pg::transaction::{self, is_own_transaction};
use crate::pg::{query, relation};
use crate::source::drift::Drift;
use crate::source::entity::{EntitySpec, adapters};
use crate::source::installed::Compared;
use crate::source::{SourceColumn, SourceRelation, catalog, detect, installed};
use crate::sql;

/// How the changes of one entity are captured.
pub struct Captured {
    pub entity: &'static str,
    pub relation: Option<String>,
    pub is_captured: bool,
    /// Why they cannot be captured; None where they can, or there is nothing to capture.
    pub problem: Option<String>,
    /// The schema and the name of the relation.
    name: Option<(String, String)>,
    oid: Option<u32>,
    /// The key's column.
    column: Option<String>,
}

#[derive(serde::Deserialize)]
struct CaptureRelation {
    entity: String,
    kind: char,
    has_children: bool,
    has_foreign_partitions: bool,
    persistence: char,
    has_row_security: bool,
    has_virtual_key: bool,
    is_permitted: bool,
    has_queue: bool,
    is_captured: Option<bool>,
}

/// How the changes of each entity are captured, by the catalog as it is now: those of the relation that its adapter reads, also where
/// that has another name than it had.
pub fn inspect() -> Result<Vec<Captured>, Error> {
    let compared = installed::compare()?;
    let mut captured: Vec<Captured> = (0..compared.sources.0.len())
        .map(|number| read(&compared, number))
        .collect::<Result<_, _>>()?;
    let relations = relations(&captured)?;
    let distributed = distributed(&captured)?;
    let dependences = dependences()?;
    let is_zone_pending = installed::is_zone_pending()?;
    for (entity, (source, drift)) in captured
        .iter_mut()
        .zip(compared.sources.0.iter().zip(&compared.drifts.0))
    {
        let changed = "the sources or the settings have changed since the views were created";
        match drift {
            Drift::Follows(what) | Drift::Barred(what) => {
                entity.problem = Some(format!("{changed}: {what}"));
                continue;
            }
            Drift::None | Drift::Stays(_) if is_zone_pending => {
                entity.problem = Some(format!("{changed}: another time zone is set"));
                continue;
            }
            Drift::None | Drift::Stays(_) => {}
        }
        let Some(name) = &entity.relation else { continue };
        let dependence = dependences
            .iter()
            .find(|dependence| dependence.adapter == source.spec.adapter)
            .and_then(|dependence| dependence.reason.clone());
        let relation = relations.iter().find(|relation| relation.entity == entity.entity);
        entity.problem = entity
            .problem
            .take()
            .or_else(|| {
                distributed.contains(&i64::from(entity.oid?)).then(|| {
                    format!("{name} is a distributed (Citus) table, whose rows change on other nodes, too")
                })
            })
            .or_else(|| relation.and_then(|relation| problem(name, relation)))
            .or(dependence);
        entity.is_captured =
            entity.problem.is_none() && relation.is_some_and(|relation| relation.is_captured == Some(true));
    }
    Ok(captured)
}

/// The relation that an adapter reads, and its key.
fn read(compared: &Compared, number: usize) -> Result<Captured, Error> {
    let (source, seen) = (&compared.sources.0[number], &compared.seen[number]);
    if !matches!(compared.drifts.0[number], Drift::Stays(_)) {
        let relation = source.relation.as_ref();
        let key = source
            .binding("id")
            .and_then(|binding| binding.expression.as_deref());
        let is_key = |column: &&SourceColumn| Some(detect::column_reference(&column.name).as_str()) == key;
        let column = relation.and_then(|relation| relation.columns.iter().find(is_key).cloned());
        return Ok(with_key(source.spec, relation, column));
    }
    // What it reads has another name now, or none by which it would be found.
    let relation = match seen.reads.as_slice() {
        [] => return Ok(with_key(source.spec, None, None)),
        [only] => catalog::relation(&only.schema, &only.name)?,
        _ => None,
    };
    let key = compared.made(source.spec).and_then(|made| made.columns.get("id"));
    let column = relation
        .as_ref()
        .zip(key)
        .and_then(|(relation, key)| relation.column(key).cloned());
    let mut captured = with_key(source.spec, relation.as_ref(), column);
    captured.problem = match (&captured.relation, &captured.column) {
        (None, _) => Some(format!(
            "it is read from {}, which is not found by name",
            seen.names_read()
        )),
        (Some(name), None) => Some(format!("the key of {name} has another name now")),
        _ => captured.problem,
    };
    Ok(captured)
}

/// What a relation and its key say by themselves.
fn with_key(spec: &EntitySpec, relation: Option<&SourceRelation>, column: Option<SourceColumn>) -> Captured {
    let problem = match (relation, &column) {
        (Some(relation), None) => Some(format!(
            "its key is not a column of {} but an expression",
            relation.qualified
        )),
        // Other types of text have their own idea of what is equal.
        (Some(relation), Some(column))
            if ![
                "uuid",
                "smallint",
                "integer",
                "bigint",
                "text",
                "character varying",
                "character",
                "name",
            ]
            .contains(&column.sql_type.base.as_str()) =>
        {
            Some(format!(
                "the key of {} is of type {}",
                relation.qualified, column.sql_type.name
            ))
        }
        _ => None,
    };
    Captured {
        entity: spec.name,
        relation: relation.map(|relation| relation.qualified.clone()),
        is_captured: false,
        problem,
        name: relation.map(|relation| (relation.schema.clone(), relation.name.clone())),
        oid: relation.map(|relation| relation.oid),
        column: column.map(|column| column.name),
    }
}

fn problem(name: &str, relation: &CaptureRelation) -> Option<String> {
    let kind = match relation.kind {
        'r' | 'p' => None,
        'v' => Some("a view"),
        'm' => Some("a materialized view"),
        'f' => Some("a foreign table"),
        _ => Some("no table"),
    };
    if let Some(kind) = kind {
        return Some(format!("{name} is {kind}, which has no row triggers of its own"));
    }
    match relation.persistence {
        't' => return Some(format!("{name} is a temporary table")),
        'u' => return Some(format!("{name} is unlogged: a crash empties it unseen")),
        _ => {}
    }
    if relation.has_row_security {
        return Some(format!(
            "row-level security decides which rows of {name} the views' owner sees"
        ));
    }
    if relation.has_virtual_key {
        return Some(format!(
            "the key of {name} is computed when it is read, which triggers do not see"
        ));
    }
    if relation.has_children {
        return Some(format!("{name} has tables that inherit from it"));
    }
    if relation.has_foreign_partitions {
        return Some(format!("{name} has a partition that is a foreign table"));
    }
    if !relation.has_queue {
        return Some(format!(
            "the queue of its changes, metabase_internal.{}_queue, is not what this extension made",
            relation.entity
        ));
    }
    if !relation.is_permitted {
        return Some(format!(
            "the views' owner may not put triggers on {name}: a superuser has to call grant_operator() for it"
        ));
    }
    None
}

fn relations(captured: &[Captured]) -> Result<Vec<CaptureRelation>, Error> {
    let mut columns: [Vec<String>; 4] = Default::default();
    for entity in captured {
        if let Some((schema, name)) = &entity.name {
            let entity_name = entity.entity.to_owned();
            let values = [schema, name, entity.column.as_ref().unwrap_or(name), &entity_name];
            for (column, value) in columns.iter_mut().zip(values) {
                column.push(value.clone());
            }
        }
    }
    let [schemas, names, keys, entities] = columns;
    let role = current_role()?;
    as_extension_owner(|| {
        query::rows(
            include_str!("../../sql/queries/incremental/capture_relations.sql"),
            &[
                schemas.into(),
                names.into(),
                keys.into(),
                entities.into(),
                role.into(),
            ],
        )
    })
}

/// The relations among the sources that Citus keeps on other nodes. A lock of such a table is taken on all of them, and no timeout of
/// this session holds there.
fn distributed(captured: &[Captured]) -> Result<Vec<i64>, Error> {
    let has_citus: bool = query::value(
        "SELECT pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL",
        &[],
    )?;
    if !has_citus {
        return Ok(Vec::new());
    }
    let oids: Vec<i64> = captured
        .iter()
        .filter_map(|entity| entity.oid.map(i64::from))
        .collect();
    as_extension_owner(|| {
        query::values(
            include_str!("../../sql/queries/incremental/distributed.sql"),
            &[oids.into()],
        )
    })
}

#[derive(serde::Deserialize)]
struct Dependence {
    adapter: String,
    reason: Option<String>,
}

fn dependences() -> Result<Vec<Dependence>, Error> {
    as_extension_owner(|| {
        query::rows(
            include_str!("../../sql/queries/incremental/adapter_dependence.sql"),
            &[adapters().into()],
        )
    })
}

/// The first reason why changes cannot be captured, as the status shows it.
pub fn first_problem(captured: &[Captured]) -> Option<String> {
    captured.iter().find_map(|entity| {
        entity
            .problem
            .as_ref()
            .map(|problem| format!("changes of entity {} are not captured: {problem}", entity.entity))
    })
}

/// Whether all that can change is captured, and noted.
pub fn is_complete(captured: &[Captured]) -> Result<bool, Error> {
    let is_captured = |entity: &Captured| entity.relation.is_none() || entity.is_captured;
    Ok(captured.iter().all(is_captured) && state::is_active()?)
}

/// Puts the triggers on all sources. From then on, what is written to them is noted; what was written before is not, so that
/// the facts have to be built by a transaction that begins after this one has ended.
///
/// Each source is locked for a moment: whoever writes to it when the triggers come must have ended, or its changes would be
/// seen by nobody. The locks are free when the transaction ends.
pub fn install(captured: &[Captured]) -> Result<(), Error> {
    state::drop_tables()?;
    let tables: Vec<&Captured> = captured
        .iter()
        .filter(|entity| entity.relation.is_some())
        .collect();
    let names: Vec<&str> = tables
        .iter()
        .filter_map(|entity| entity.relation.as_deref())
        .collect();
    lock_sources(&names)?;
    // From here on the names mean what is locked, and what that is was not known before.
    if !may_lock(captured)? {
        return Err(Error::AlteredMeanwhile);
    }
    as_extension_owner(|| {
        for entity in &tables {
            query::run(&trigger_statements(entity), &[])?;
        }
        Ok(())
    })?;
    take_off_strays(&tables)?;
    // While this table is there, the triggers note changes. The build replaces it.
    as_extension_owner(|| query::run(include_str!("../../sql/incremental/activate.sql"), &[]))?;
    membership::begin()?;
    state::store_installed()?;
    state::invalidate()
}

/// Whether the current role may lock all sources by hand, against writers and readers, for as long as it likes.
pub fn may_lock(captured: &[Captured]) -> Result<bool, Error> {
    let names = captured.iter().filter_map(|entity| entity.relation.clone());
    may_lock_tables(names.collect())
}

fn may_lock_tables(names: Vec<String>) -> Result<bool, Error> {
    #[derive(serde::Deserialize)]
    struct May {
        may: bool,
    }
    if is_superuser() {
        return Ok(true);
    }
    let role = i64::from(current_role_oid());
    // Names are looked up in schemas that this role may not use.
    let row: May = as_extension_owner(|| {
        query::row(
            include_str!("../../sql/queries/incremental/may_lock.sql"),
            &[role.into(), names.into()],
        )
    })?;
    Ok(row.may)
}

/// Locks all sources against writers, in short attempts: while one waits, writers wait behind it.
fn lock_sources(names: &[&str]) -> Result<(), Error> {
    let lock = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", "));
    patiently(|| as_extension_owner(|| query::run(&lock, &[]))).map_err(|error| {
        match error.is_lock_timeout() {
            true => Error::SourcesBusy,
            false => error,
        }
    })
}

fn trigger_statements(entity: &Captured) -> String {
    let (name, relation) = (entity.entity, entity.relation.as_deref().unwrap_or_default());
    let (rows, truncate) = (row_trigger(name), truncate_trigger(name));
    let queue = sql::literal(&program::queue(name));
    let column = sql::literal(entity.column.as_deref().unwrap_or_default());
    // Orders without a key would be shown; of no other entity are they.
    let required = if name == "order" { ", 'required'" } else { "" };
    format!(
        "CREATE OR REPLACE TRIGGER {rows}
    AFTER INSERT OR UPDATE OR DELETE ON {relation}
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.capture_row({queue}, {column}{required});
CREATE OR REPLACE TRIGGER {truncate}
    AFTER TRUNCATE ON {relation}
    FOR EACH STATEMENT EXECUTE FUNCTION metabase_internal.capture_truncate({queue});
ALTER TABLE {relation} ENABLE ALWAYS TRIGGER {rows};
ALTER TABLE {relation} ENABLE ALWAYS TRIGGER {truncate};
ALTER TRIGGER {rows} ON {relation} DEPENDS ON EXTENSION metabase_views;
ALTER TRIGGER {truncate} ON {relation} DEPENDS ON EXTENSION metabase_views;"
    )
}

fn row_trigger(entity: &str) -> String {
    sql::ident(&format!("metabase_views_capture_{entity}"))
}

fn truncate_trigger(entity: &str) -> String {
    sql::ident(&format!("metabase_views_truncate_{entity}"))
}

/// A trigger on a source.
#[derive(serde::Deserialize)]
pub struct Trigger {
    name: String,
    relation: String,
    relation_oid: u32,
}

impl Trigger {
    /// Whether nobody uses its table at the moment.
    pub fn is_idle(&self) -> bool {
        relation::is_unused(self.relation_oid)
    }
}

/// The triggers that there are, but for those that partitions have from their parents.
pub fn triggers() -> Result<Vec<Trigger>, Error> {
    as_extension_owner(|| {
        query::rows(
            include_str!("../../sql/queries/incremental/capture_triggers.sql"),
            &[],
        )
    })
}

/// Stops noting changes: forgets the facts at once, and takes the triggers off if nobody uses their tables for a moment. A
/// trigger that stays does nothing.
pub fn remove() -> Result<(), Error> {
    state::invalidate()?;
    state::drop_tables()?;
    if !is_own_transaction() {
        // Taking them off locks readers out until the transaction ends.
        return Ok(());
    }
    let triggers = triggers()?;
    let tables = triggers.iter().map(|trigger| trigger.relation.clone());
    match may_lock_tables(tables.collect())? {
        true => triggers.iter().try_for_each(take_off)?,
        false => transaction::install_at_commit(),
    }
    empty_queues()
}

/// Takes off triggers of tables that have been sources, as far as the current role may lock them.
fn take_off_strays(tables: &[&Captured]) -> Result<(), Error> {
    for trigger in triggers()? {
        let is_source = |entity: &&Captured| entity.relation.as_deref() == Some(trigger.relation.as_str());
        if !tables.iter().any(is_source) && may_lock_tables(vec![trigger.relation.clone()])? {
            take_off(&trigger)?;
        }
    }
    Ok(())
}

/// Takes a trigger off, if nobody uses its table for a moment: it does not stand in the queue for the lock.
pub fn take_off(trigger: &Trigger) -> Result<(), Error> {
    if !trigger.is_idle() {
        return Ok(());
    }
    let drop = format!(
        "DROP TRIGGER {} ON {}",
        sql::ident(&trigger.name),
        trigger.relation
    );
    match once(|| as_extension_owner(|| query::run(&drop, &[]))) {
        Err(error) if !error.is_lock_timeout() => Err(error),
        _ => Ok(()),
    }
}

/// Forgets what was noted, as far as it can be seen.
pub fn empty_queues() -> Result<(), Error> {
    as_extension_owner(|| query::run(&program::empty_queue_statements().join(";\n"), &[]))
}
