//! Capture: the triggers on the sources, where they can be, and why not where they cannot.

use super::fingerprint::Fingerprint;
use super::{membership, program, state};
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, current_role, current_role_oid, is_superuser};
use crate::pg::patience::{once, patiently};
use crate::pg::relation::LockMode;
use crate::pg::transaction::{self, is_own_transaction};
use crate::pg::{query, relation, schema};
use crate::settings;
use crate::source::drift::{AdapterSeen, Drift, RelationRead};
use crate::source::entity::{EntitySpec, adapters};
use crate::source::installed::Compared;
use crate::source::{SourceColumn, SourceRelation, Told, catalog, detect, installed};
use crate::sql;

/// How the changes of one table of an entity are captured.
pub struct Captured {
    pub entity: &'static str,
    part: Part,
    pub relation: Option<String>,
    pub is_captured: bool,
    /// Why they cannot be captured; None where they can, or there is nothing to capture.
    pub problem: Option<String>,
    /// The schema and the name of the relation.
    name: Option<(String, String)>,
    oid: Option<u32>,
    /// The column that has the key, and its number.
    column: Option<String>,
    column_number: i16,
}

/// Which table of an entity it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Its own.
    Own,
    /// The second, whose rows have the entity's key.
    Joined,
    /// The second, whose rows have a key of their own.
    Linked,
}

impl Captured {
    /// What the names of its triggers end in.
    fn label(&self) -> String {
        match self.part {
            Part::Own => self.entity.to_owned(),
            Part::Joined | Part::Linked => format!("{}_joined", self.entity),
        }
    }

    /// Its triggers for rows and for TRUNCATE.
    fn triggers(&self) -> [String; 2] {
        let label = self.label();
        ["capture", "truncate"].map(|what| format!("metabase_views_{what}_{label}"))
    }

    fn queue(&self) -> String {
        program::queue(match self.part {
            Part::Own | Part::Joined => self.entity,
            Part::Linked => program::JOINED,
        })
    }

    /// What the row trigger is told where rows without a key are shown: orders are, and nothing else.
    fn required(&self) -> &'static str {
        match self.part == Part::Own && self.entity == "order" {
            true => "required",
            false => "",
        }
    }
}

#[derive(serde::Deserialize)]
struct CaptureRelation {
    label: String,
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
    let mut parts: Vec<(usize, Captured)> = Vec::new();
    for number in 0..compared.sources.0.len() {
        let read = read(&compared, number)?;
        parts.extend(read.into_iter().map(|part| (number, part)));
    }
    let relations = relations(&parts)?;
    let distributed = distributed(&parts)?;
    let dependences = dependences()?;
    let is_zone_pending = settings::is_zone_pending()?;
    for (number, entity) in &mut parts {
        let (source, drift) = (&compared.sources.0[*number], &compared.drifts.0[*number]);
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
        let label = entity.label();
        let relation = relations.iter().find(|relation| relation.label == label);
        entity.problem = entity
            .problem
            .take()
            .or_else(|| {
                distributed.contains(&i64::from(entity.oid?)).then(|| {
                    format!("{name} is a distributed (Citus) table, whose rows change on other nodes, too")
                })
            })
            .or_else(|| relation.and_then(|relation| problem(name, &entity.queue(), relation)))
            .or(dependence);
        entity.is_captured =
            entity.problem.is_none() && relation.is_some_and(|relation| relation.is_captured == Some(true));
    }
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

/// The relations that an adapter reads: that of the entity, and the second, if there is one; with their keys.
fn read(compared: &Compared, number: usize) -> Result<Vec<Captured>, Error> {
    let (source, seen) = (&compared.sources.0[number], &compared.seen[number]);
    if !matches!(compared.drifts.0[number], Drift::Stays(_)) {
        let relation = source.relation.as_ref();
        let key = source
            .binding("id")
            .and_then(|binding| binding.expression.as_deref());
        let is_key = |column: &&SourceColumn| Some(detect::column_reference(&column.name).as_str()) == key;
        let column = relation.and_then(|relation| relation.columns.iter().find(is_key).cloned());
        let own = with_key(source.spec, Part::Own, relation, column);
        let joined = source.joined.as_ref().map(|joined| {
            let column = Some(joined.column.clone());
            let part = part_told(&joined.told);
            let captured = with_key(source.spec, part, Some(&joined.relation), column);
            with_told(captured, &joined.told)
        });
        return Ok([own].into_iter().chain(joined).collect());
    }
    // What it reads has another name now, or none by which it would be found.
    let made = compared.made(source.spec);
    if seen.reads.is_empty() {
        return Ok(vec![with_key(source.spec, Part::Own, None, None)]);
    }
    let (own, joined) = seen.parts(made);
    // Numbers mean nothing where a dump was restored, as oids do.
    let number_of = |read: Option<&RelationRead>, oid: Option<u32>, number: Option<i16>| {
        number.filter(|_| read.is_some_and(|read| oid == Some(read.oid)))
    };
    let number = made.and_then(|made| number_of(own, made.oid, made.numbers.get("id").copied()));
    let key = made.and_then(|made| made.columns.get("id"));
    let own = read_anyhow(source.spec, Part::Own, seen, own, key, number)?;
    let joined = match made.and_then(|made| made.joined.as_ref()) {
        Some(made) => {
            let part = part_told(&made.told);
            let number = number_of(joined, Some(made.oid), made.number);
            let captured = read_anyhow(source.spec, part, seen, joined, Some(&made.column), number)?;
            Some(with_told(captured, &made.told))
        }
        None => None,
    };
    Ok([own].into_iter().chain(joined).collect())
}

/// A relation that an adapter goes on reading, whatever its name is. Its key is the column with that number, where it is known: another one may
/// bear its name by now.
fn read_anyhow(
    spec: &EntitySpec,
    part: Part,
    seen: &AdapterSeen,
    read: Option<&RelationRead>,
    key: Option<&String>,
    number: Option<i16>,
) -> Result<Captured, Error> {
    let relation = match read {
        Some(read) => catalog::relation(&read.schema, &read.name)?,
        None => None,
    };
    let column = relation
        .as_ref()
        .zip(key)
        .and_then(|(relation, key)| relation.column(key).cloned())
        .filter(|column| number.is_none_or(|number| column.number == number));
    let mut captured = with_key(spec, part, relation.as_ref(), column);
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

fn part_told(told: &Told) -> Part {
    match told {
        Told::ByKey => Part::Joined,
        Told::ByLink | Told::Not(_) => Part::Linked,
    }
}

/// A second table, unless its rows do not tell which row of the entity they complete.
fn with_told(captured: Captured, told: &Told) -> Captured {
    let problem = match told {
        Told::Not(why) => Some(why.clone()),
        Told::ByKey | Told::ByLink => None,
    };
    Captured {
        problem: problem.or(captured.problem),
        ..captured
    }
}

/// What a relation and its key say by themselves.
fn with_key(
    spec: &EntitySpec,
    part: Part,
    relation: Option<&SourceRelation>,
    column: Option<SourceColumn>,
) -> Captured {
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
        part,
        relation: relation.map(|relation| relation.qualified.clone()),
        is_captured: false,
        problem,
        name: relation.map(|relation| (relation.schema.clone(), relation.name.clone())),
        oid: relation.map(|relation| relation.oid),
        column_number: column.as_ref().map_or(0, |column| column.number),
        column: column.map(|column| column.name),
    }
}

fn problem(name: &str, queue: &str, relation: &CaptureRelation) -> Option<String> {
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
            "the queue of its changes, metabase_internal.{queue}, is not what this extension made"
        ));
    }
    if !relation.is_permitted {
        return Some(format!(
            "the views' owner may not put triggers on {name}: a superuser has to call grant_operator() for it"
        ));
    }
    None
}

fn relations(parts: &[(usize, Captured)]) -> Result<Vec<CaptureRelation>, Error> {
    let mut columns: [Vec<String>; 7] = Default::default();
    for (_, part) in parts {
        if let Some((schema, name)) = &part.name {
            let values = [
                schema.clone(),
                name.clone(),
                part.column.as_ref().unwrap_or(name).clone(),
                part.label(),
                part.queue(),
                part.required().to_owned(),
                part.column_number.to_string(),
            ];
            for (column, value) in columns.iter_mut().zip(values) {
                column.push(value);
            }
        }
    }
    let [schemas, names, keys, labels, queues, required, numbers] = columns;
    let role = current_role()?;
    as_extension_owner(|| {
        query::rows(
            include_str!("../../sql/queries/incremental/capture_relations.sql"),
            &[
                schemas.into(),
                names.into(),
                keys.into(),
                labels.into(),
                queues.into(),
                required.into(),
                numbers.into(),
                role.into(),
            ],
        )
    })
}

/// The relations among the sources that Citus keeps on other nodes. A lock of such a table is taken on all of them, and no timeout of
/// this session holds there.
fn distributed(parts: &[(usize, Captured)]) -> Result<Vec<i64>, Error> {
    let has_citus: bool = query::value(
        "SELECT pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL",
        &[],
    )?;
    if !has_citus {
        return Ok(Vec::new());
    }
    let oids: Vec<i64> = parts
        .iter()
        .filter_map(|(_, part)| part.oid.map(i64::from))
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
    lock_sources(&tables)?;
    // From here on the names mean what is locked, and what that is was not known before.
    if !mean_the_same(&tables)? || !may_lock(captured)? {
        return Err(Error::AlteredMeanwhile);
    }
    // What a partitioned table has had, its partitions have, and could not get from elsewhere.
    take_off_strays(&tables)?;
    as_extension_owner(|| {
        for entity in &tables {
            query::run(&trigger_statements(entity), &[])?;
        }
        Ok(())
    })?;
    let oids: Vec<i64> = tables
        .iter()
        .filter_map(|entity| entity.oid.map(i64::from))
        .collect();
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/incremental/store_captured.sql"),
            &[oids.into()],
        )
    })?;
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

/// Locks all sources against writers, in short attempts: while one waits, writers wait behind it. Until the transaction ends neither they nor
/// their schemas get other names.
fn lock_sources(tables: &[&Captured]) -> Result<(), Error> {
    let names: Vec<&str> = tables
        .iter()
        .filter_map(|entity| entity.relation.as_deref())
        .collect();
    let lock = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", "));
    let lock_held = || {
        let schemas = tables.iter().filter_map(|entity| entity.name.as_ref());
        schema::hold(schemas.map(|(schema, _)| schema.as_str()))?;
        as_extension_owner(|| query::run(&lock, &[]))
    };
    patiently(lock_held).map_err(|error| match error.is_lock_timeout() {
        true => Error::SourcesBusy,
        false => error,
    })
}

/// Whether the names of these sources mean what they meant when they were looked at.
fn mean_the_same(tables: &[&Captured]) -> Result<bool, Error> {
    let (names, oids): (Vec<String>, Vec<i64>) = tables
        .iter()
        .filter_map(|entity| Some((entity.relation.clone()?, i64::from(entity.oid?))))
        .unzip();
    as_extension_owner(|| {
        query::value(
            include_str!("../../sql/queries/incremental/mean_relations.sql"),
            &[names.into(), oids.into()],
        )
    })
}

fn trigger_statements(entity: &Captured) -> String {
    let relation = entity.relation.as_deref().unwrap_or_default();
    let [rows, truncate] = entity.triggers().map(|name| sql::ident(&name));
    let queue = sql::literal(&entity.queue());
    let column = sql::literal(entity.column.as_deref().unwrap_or_default());
    let required = sql::literal(entity.required());
    let number = entity.column_number;
    format!(
        "CREATE OR REPLACE TRIGGER {rows}
    AFTER INSERT OR UPDATE OR DELETE ON {relation}
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.capture_row({queue}, {column}, {required}, {number});
CREATE OR REPLACE TRIGGER {truncate}
    AFTER TRUNCATE ON {relation}
    FOR EACH STATEMENT EXECUTE FUNCTION metabase_internal.capture_truncate({queue});
ALTER TABLE {relation} ENABLE ALWAYS TRIGGER {rows};
ALTER TABLE {relation} ENABLE ALWAYS TRIGGER {truncate};
ALTER TRIGGER {rows} ON {relation} DEPENDS ON EXTENSION metabase_views;
ALTER TRIGGER {truncate} ON {relation} DEPENDS ON EXTENSION metabase_views;"
    )
}

/// Whether a statement of this session that has not ended uses a source: of what it has changed, the triggers may have noted nothing yet.
pub fn is_in_use() -> Result<bool, Error> {
    Ok(captured_relations()?.into_iter().any(relation::is_in_use_here))
}

/// The sources that are captured, with their partitions.
fn captured_relations() -> Result<Vec<u32>, Error> {
    as_extension_owner(|| {
        query::values(
            include_str!("../../sql/queries/incremental/captured_relations.sql"),
            &[],
        )
    })
}

/// A trigger on a source.
#[derive(PartialEq, serde::Deserialize)]
pub struct Trigger {
    name: String,
    schema: String,
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

/// Takes off triggers of what has been a source, as far as the current role may lock them.
fn take_off_strays(tables: &[&Captured]) -> Result<(), Error> {
    for trigger in triggers()? {
        let is_of_source = |entity: &&Captured| {
            entity.relation.as_deref() == Some(trigger.relation.as_str())
                && entity.triggers().contains(&trigger.name)
        };
        if !tables.iter().any(is_of_source) && may_lock_tables(vec![trigger.relation.clone()])? {
            take_off(&trigger)?;
        }
    }
    Ok(())
}

/// How many triggers a refresh takes off at most: anybody may put such on tables of his own.
const MOST_STRAYS: usize = 8;

/// Triggers of what has been a source, and that nobody uses at the moment.
pub fn idle_strays() -> Result<Vec<Trigger>, Error> {
    if !Fingerprint::take()?.has_strays {
        return Ok(Vec::new());
    }
    let captured = captured_relations()?;
    let is_stray = |trigger: &Trigger| !captured.contains(&trigger.relation_oid) && trigger.is_idle();
    let strays = triggers()?.into_iter().filter(is_stray);
    Ok(strays.take(MOST_STRAYS).collect())
}

/// Takes off what could not be taken off when capture began elsewhere, because somebody used it: it would be in the way of whoever makes the
/// table a partition of a source. Where this role may not lock such a table, the installer does that.
///
/// The caller's transaction ends right after.
pub fn take_off_idle_strays() -> Result<(), Error> {
    for trigger in idle_strays()? {
        match may_lock_tables(vec![trigger.relation.clone()])? {
            true => take_off(&trigger)?,
            false => transaction::install_at_commit(),
        }
    }
    Ok(())
}

/// Takes a trigger off, if nobody uses its table for a moment, and it is where it was: it does not stand in the queue for the lock.
pub fn take_off(trigger: &Trigger) -> Result<(), Error> {
    if !trigger.is_idle() {
        return Ok(());
    }
    let drop = format!(
        "DROP TRIGGER {} ON {}",
        sql::ident(&trigger.name),
        trigger.relation
    );
    let take_off = || {
        schema::hold([trigger.schema.as_str()])?;
        relation::lock(trigger.relation_oid, LockMode::AccessExclusive);
        as_extension_owner(|| {
            // Another table may bear the name by now, of somebody else's, with a trigger that has the name of ours.
            match query::exists(
                include_str!("../../sql/queries/incremental/bears_trigger.sql"),
                &[
                    trigger.relation.clone().into(),
                    i64::from(trigger.relation_oid).into(),
                    trigger.name.clone().into(),
                ],
            )? {
                true => query::run(&drop, &[]),
                false => Err(Error::AlteredMeanwhile),
            }
        })
    };
    match once(take_off) {
        Err(Error::AlteredMeanwhile | Error::SchemaRenamed { .. }) => Ok(()),
        Err(error) if !error.is_lock_timeout() => Err(error),
        _ => Ok(()),
    }
}

/// Forgets what was noted, as far as it can be seen. A queue that somebody has dropped holds nothing.
pub fn empty_queues() -> Result<(), Error> {
    let mut statements = Vec::new();
    for queue in program::queues() {
        if state::is_own_table(&queue)? {
            statements.push(program::empty_queue_statement(&queue));
        }
    }
    as_extension_owner(|| query::run(&statements.join(";\n"), &[]))
}
