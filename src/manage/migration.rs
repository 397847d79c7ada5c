//! The way for the shop's tables to be altered: PostgreSQL alters no column that a view shows. The views and adapters are taken away,
//! with all that is theirs remembered, and made again as they were.
//!
//! Whoever owns a source may have that done. What is dropped and made here is dropped and made as its owner, in the context that
//! REFRESH has, and is nothing but what this extension remembers: nobody gets to act as that role, or chooses what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use pgrx::JsonB;

use super::kept::Kept;
use super::{lifecycle, roles};
use crate::error::Error;
use crate::incremental::{capture, installer};
use crate::known_role;
use crate::pg::hooks;
use crate::pg::identity::{
    as_extension_owner, as_role, current_role, current_role_oid, is_superuser, may_act_as,
};
use crate::pg::setting::{with_settings, with_time_zone};
use crate::pg::subtransaction::subtransaction;
use crate::pg::transaction::{self, is_own_transaction};
use crate::pg::{query, session};
use crate::refresh::log::{self, Counts, Run};
use crate::settings::{self, Settings};
use crate::source::entity::adapters;
use crate::source::installed::{self, Views};
use crate::source::{Origin, Sources, mapping};
use crate::sql;
use crate::sqlstate;
use crate::view::catalog;
use crate::view::definition;
use crate::view::migration::{Migration, forget, forget_if_done, forget_relation, under_way};
use crate::view::registry::{ViewEntry, ViewKind, all_views};
use crate::view::state::{ViewState, check_names_are_free};

/// What became of one view that was to be made again.
pub struct Restored {
    pub view_name: String,
    pub result: Result<(), Error>,
}

/// A view or adapter that can be in the way.
#[derive(serde::Deserialize)]
struct InTheWay {
    schema_name: String,
    relation_name: String,
    oid: u32,
    owner_name: String,
    owner: u32,
}

impl InTheWay {
    fn is_adapter(&self) -> bool {
        self.schema_name == "metabase_internal"
    }

    fn qualified(&self) -> String {
        sql::qualified(&self.schema_name, &self.relation_name)
    }
}

/// Takes the views and adapters away. Returns what was done, in a sentence.
pub fn before() -> Result<String, Error> {
    // Whoever may not does not even wait for the lock: others would wait behind it.
    check_none_is_under_way()?;
    check_may_begin(&ours()?)?;
    lifecycle::lock_ours()?;
    check_none_is_under_way()?;
    let ours = ours()?;
    check_may_begin(&ours)?;
    let owner = ours.first().map_or_else(current_role_oid, |first| first.owner);
    let custom = custom_views()?;
    let found = found(owner)?;
    remember(&ours, &custom, owner, found)?;
    drop_all(&ours, &custom)?;
    capture::remove()?;
    if !is_own_transaction() {
        // Nothing is noted any more; the triggers themselves go when it has ended, unless the views are there again.
        transaction::install_at_commit();
    }
    let adapters = ours.iter().filter(|one| one.is_adapter()).count();
    Ok(format!(
        "{} views and {adapters} adapters are remembered, and gone until metabase.after_migration() makes them again",
        ours.len() - adapters + custom.len(),
    ))
}

/// An error if a migration is under way that has taken the adapters away. One that lacks only views of users' own, which could not be
/// made, is in nobody's way.
fn check_none_is_under_way() -> Result<(), Error> {
    match under_way()? {
        Some(migration) if migration.has_adapters => Err(migration.error()),
        _ => Ok(()),
    }
}

/// The adapters and this extension's views, as far as they are there.
fn ours() -> Result<Vec<InTheWay>, Error> {
    query::rows(
        include_str!("../../sql/queries/manage/relations_in_the_way.sql"),
        &[adapters().into(), catalog::names().into()],
    )
}

/// An error unless the current role may take these away: it may act as their owner, or owns a table that they read, which it could
/// drop with all of them.
fn check_may_begin(ours: &[InTheWay]) -> Result<(), Error> {
    let Some(first) = ours.first() else {
        return Err(Error::NothingToMigrate);
    };
    if !may_act_as(first.owner)?
        && !query::exists(
            concat!(
                include_str!("../../sql/queries/manage/sources.sql"),
                include_str!("../../sql/queries/manage/owns_a_source.sql")
            ),
            &[adapters().into()],
        )?
    {
        return Err(Error::NotMigrator {
            owner: first.owner_name.clone(),
            role: current_role()?,
        });
    }
    let owners: BTreeSet<&str> = ours.iter().map(|one| one.owner_name.as_str()).collect();
    if owners.len() > 1 {
        return Err(Error::SeveralViewOwners {
            owners: owners.into_iter().map(str::to_owned).collect(),
        });
    }
    Ok(())
}

/// The views of users' own that can be in the way.
fn custom_views() -> Result<Vec<InTheWay>, Error> {
    let entries = all_views()?;
    let names: Vec<String> = entries
        .iter()
        .filter(|view| !view.is_ours())
        .map(|view| view.name().to_owned())
        .collect();
    let custom: Vec<InTheWay> = query::rows(
        include_str!("../../sql/queries/manage/custom_views_in_the_way.sql"),
        &[adapters().into(), catalog::names().into(), names.into()],
    )?;
    for view in &custom {
        lifecycle::lock_custom_patiently(&view.relation_name)?;
        let entry = entries.iter().find(|entry| entry.name() == view.relation_name);
        if let Some(ViewEntry {
            kind: ViewKind::Custom(entry),
            ..
        }) = entry
        {
            // Its query is made a view again as its owner: that of another role would borrow the owner's privileges.
            as_role(view.owner, || entry.check_trusted()).map_err(|_| Error::ForeignQuery {
                view: view.relation_name.clone(),
                owner: view.owner_name.clone(),
                author: entry.created_by.clone(),
            })?;
        }
    }
    Ok(custom)
}

/// The entities that have a table, by the adapters, and their columns that have a source, as far as the views' owner can tell.
fn found(owner: u32) -> Result<Vec<String>, Error> {
    let entities = installed::entities_with_relation()?;
    let columns =
        subtransaction(|| as_role(owner, mapping::resolve)).map(|sources| sourced_columns(&sources));
    Ok(entities.into_iter().chain(columns.unwrap_or_default()).collect())
}

fn sourced_columns(sources: &Sources) -> Vec<String> {
    sources
        .0
        .iter()
        .flat_map(|source| {
            source
                .bindings
                .iter()
                .filter(|binding| binding.origin != Origin::Missing)
                .map(|binding| format!("{}.{}", source.spec.name, binding.column.name))
        })
        .collect()
}

fn remember(ours: &[InTheWay], custom: &[InTheWay], owner: u32, found: Vec<String>) -> Result<(), Error> {
    let begun_by = known_role::remember(current_role_oid())?;
    let views_owner = known_role::remember(owner)?;
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/manage/store_migration.sql"),
            &[begun_by.into(), views_owner.into(), found.into()],
        )
    })?;
    for relation in ours.iter().chain(custom) {
        let kept = Kept::of(relation.oid)?;
        let owner = known_role::remember(relation.owner)?;
        as_extension_owner(|| {
            query::run(
                include_str!("../../sql/queries/manage/store_migrated_relation.sql"),
                &[
                    relation.schema_name.clone().into(),
                    relation.relation_name.clone().into(),
                    owner.into(),
                    JsonB(serde_json::to_value(&kept)?).into(),
                ],
            )
        })?;
    }
    Ok(())
}

/// Drops them, each as its owner: what somebody else has put in the place of one meanwhile is not that role's to drop.
fn drop_all(ours: &[InTheWay], custom: &[InTheWay]) -> Result<(), Error> {
    let drop = |kind: &str, relations: &[&InTheWay]| {
        let Some(first) = relations.first() else {
            return Ok(());
        };
        let names: Vec<String> = relations.iter().map(|relation| relation.qualified()).collect();
        let statement = format!("DROP {kind} {} RESTRICT", names.join(", "));
        subtransaction(|| as_role(first.owner, || query::run(&statement, &[]))).map_err(|error| match error {
            Error::Postgres { sqlstate, detail, .. }
                if sqlstate == sqlstate::DEPENDENT_OBJECTS_STILL_EXIST =>
            {
                Error::InTheWayOfMigration { detail }
            }
            error if error.is_lock_timeout() => Error::LockTimeout {
                view: first.relation_name.clone(),
            },
            error => error,
        })
    };
    // One may read another.
    let mut left: Vec<&InTheWay> = custom.iter().collect();
    while !left.is_empty() {
        let mut still_left = Vec::new();
        let mut obstacle = None;
        for view in &left {
            match drop("MATERIALIZED VIEW", &[view]) {
                Ok(()) => {}
                Err(error @ Error::InTheWayOfMigration { .. }) => {
                    still_left.push(*view);
                    obstacle = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(obstacle) = obstacle
            && still_left.len() == left.len()
        {
            return Err(obstacle);
        }
        left = still_left;
    }
    let (adapters, views): (Vec<&InTheWay>, Vec<&InTheWay>) = ours.iter().partition(|one| one.is_adapter());
    drop("MATERIALIZED VIEW", &views)?;
    drop("VIEW", &adapters)
}

/// What was taken away and not made again.
#[derive(serde::Deserialize)]
struct Gone {
    schema_name: String,
    relation_name: String,
    owner_name: String,
    owner: Option<u32>,
    kept: Kept,
}

impl Gone {
    fn owner(&self) -> Result<u32, Error> {
        self.owner.ok_or_else(|| Error::MigrationOwnerGone {
            owner: self.owner_name.clone(),
        })
    }
}

/// Makes the views and adapters again as they were, or forgets them.
pub fn after(restore: bool) -> Result<Vec<Restored>, Error> {
    let migration = ending()?;
    check_may_end(&migration, restore, gone()?)?;
    lifecycle::lock_ours()?;
    known_role::settle()?;
    let migration = ending()?;
    let gone = check_may_end(&migration, restore, gone()?)?;
    if !restore {
        give_up(&gone)?;
        return Ok(Vec::new());
    }
    let settings = settings::current()?;
    let restored = as_in_a_session_of_the_owners(&migration, &gone, || {
        // A day in a mapping's expression or filter is the shop's, whoever makes the views.
        with_time_zone(&settings.time_zone, || restore_all(&migration, &gone, &settings))
    })?;
    forget_if_done()?;
    if migration.has_adapters {
        if is_own_transaction() {
            installer::begin()?;
        } else {
            transaction::install_at_commit();
        }
    }
    hooks::wake_worker_for_schedule();
    Ok(restored)
}

/// Forgets the adapters, this extension's views and those of users' own whose owner the current role may act as. Those of others stay remembered.
fn give_up(gone: &[Gone]) -> Result<(), Error> {
    let entries = all_views()?;
    let custom: BTreeSet<&str> = entries
        .iter()
        .filter(|entry| !entry.is_ours())
        .map(ViewEntry::name)
        .collect();
    for relation in gone {
        let is_custom =
            relation.schema_name == "analytics" && custom.contains(relation.relation_name.as_str());
        if !is_custom || relation.owner.map_or(Ok(is_superuser()), may_act_as)? {
            forget_relation(&relation.schema_name, &relation.relation_name)?;
        }
    }
    forget_if_done()
}

/// Runs `work`, which makes the views of others again, where nothing that the session has brought along is taken for their owners': functions
/// that the views call may set a search_path in which pg_temp comes first, and read settings of any name.
///
/// Whoever may act as these owners could refresh the views in this session anyway.
fn as_in_a_session_of_the_owners<T>(
    migration: &Migration,
    gone: &[Gone],
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let owners = gone.iter().map(|gone| (gone.owner, &gone.owner_name));
    let views_owner = [(migration.owner, &migration.owner_name)];
    for (owner, owner_name) in views_owner.into_iter().chain(owners) {
        if owner.map_or(Ok(true), may_act_as)? {
            continue;
        }
        if session::has_temporary_objects()? {
            return Err(Error::TemporaryObjects {
                owner: owner_name.clone(),
            });
        }
        return session::without_own_settings(work);
    }
    work()
}

fn ending() -> Result<Migration, Error> {
    under_way()?.ok_or(Error::NoMigration)
}

/// What was taken away and not made again.
fn gone() -> Result<Vec<Gone>, Error> {
    as_extension_owner(|| {
        query::rows(
            include_str!("../../sql/queries/manage/migrated_relations.sql"),
            &[],
        )
    })
}

/// What of these the current role may have made again, or an error where that is nothing. It may end a migration that it has begun, or
/// whose views it may act as the owner of; to forget them is for the latter only. Where only views of users' own are left, their owners may
/// have them back.
fn check_may_end(migration: &Migration, restore: bool, mut gone: Vec<Gone>) -> Result<Vec<Gone>, Error> {
    let may_act_as = |role: Option<u32>| role.map_or(Ok(false), may_act_as);
    if is_superuser() || may_act_as(migration.owner)? || (restore && may_act_as(migration.begun_by)?) {
        return Ok(gone);
    }
    let mut own = Vec::new();
    if restore && !migration.has_adapters {
        for view in gone.drain(..) {
            if may_act_as(view.owner)? {
                own.push(view);
            }
        }
    }
    match own.is_empty() {
        false => Ok(own),
        true => Err(Error::NotMigrator {
            owner: migration.owner_name.clone(),
            role: current_role()?,
        }),
    }
}

fn restore_all(migration: &Migration, gone: &[Gone], settings: &Settings) -> Result<Vec<Restored>, Error> {
    let mut restored = Vec::new();
    let entries = all_views()?;
    let entry_of = |gone: &Gone| entries.iter().find(|entry| entry.name() == gone.relation_name);
    let views = || gone.iter().filter(|gone| gone.schema_name == "analytics");
    if migration.has_adapters {
        let all = subtransaction(|| {
            restore_adapters(migration, gone, settings)?;
            for (gone, entry) in views().filter_map(|gone| Some((gone, entry_of(gone)?))) {
                if entry.is_ours() {
                    restore_view(gone, entry, settings)?;
                    restored.push(Restored {
                        view_name: gone.relation_name.clone(),
                        result: Ok(()),
                    });
                }
            }
            Ok(())
        });
        if let Err(cause) = all {
            return Err(Error::NotRestored {
                cause: Box::new(shown(cause, migration.owner)?),
            });
        }
    }
    restored.extend(restore_custom(
        views()
            .filter_map(|gone| Some((gone, entry_of(gone)?)))
            .filter(|(_, entry)| !entry.is_ours())
            .collect(),
        settings,
    )?);
    Ok(restored)
}

/// Makes the adapters again, of what the names mean now.
fn restore_adapters(migration: &Migration, gone: &[Gone], settings: &Settings) -> Result<(), Error> {
    let owner = migration.owner.ok_or_else(|| Error::MigrationOwnerGone {
        owner: migration.owner_name.clone(),
    })?;
    let sources = as_role(owner, || {
        let names = installed::names_now()?;
        let mut sources = mapping::resolve()?;
        mapping::leave_out_newcomers(&mut sources, &migration.found);
        mapping::check_usable(&mut sources)?;
        check_nothing_is_lost(migration, &sources)?;
        roles::ensure_analytics_schema()?;
        installed::ensure(&sources, settings, names, Views::Again)?;
        Ok(sources)
    })?;
    roles::grant_migrations()?;
    let still_sourced = sourced_columns(&sources);
    let lost: Vec<&str> = migration
        .found
        .iter()
        .filter(|column| column.contains('.') && !still_sourced.contains(column))
        .map(String::as_str)
        .collect();
    if !lost.is_empty() {
        pgrx::warning!(
            "metabase_views: {} had a source before the migration and has none now: what the views show of it is NULL",
            lost.join(", ")
        );
    }
    for adapter in gone.iter().filter(|gone| gone.schema_name == "metabase_internal") {
        adapter
            .kept
            .restore_privileges(&adapter.schema_name, &adapter.relation_name, owner)?;
    }
    as_extension_owner(|| {
        query::run(
            "DELETE FROM metabase_internal.migrated_relation WHERE schema_name = 'metabase_internal'",
            &[],
        )
    })
}

/// An error if an entity had a table before and is not found any more, unless somebody has said that the shop has none now.
fn check_nothing_is_lost(migration: &Migration, sources: &Sources) -> Result<(), Error> {
    let absent: BTreeMap<String, bool> = mapping::stored()?
        .into_iter()
        .map(|mapping| (mapping.entity, mapping.relation.is_none()))
        .collect();
    let lost = sources.0.iter().find(|source| {
        source.relation.is_none()
            && migration.found.iter().any(|entity| entity == source.spec.name)
            && absent.get(source.spec.name) != Some(&true)
    });
    match lost {
        Some(source) => Err(Error::MigrationLost {
            entity: source.spec.name,
        }),
        None => Ok(()),
    }
}

/// An error of PostgreSQL's as whoever ends a migration may know it: its text can hold what stands in tables of the views' owner, unless it
/// is about names.
fn shown(error: Error, owner: Option<u32>) -> Result<Error, Error> {
    let is_about_names = error.sqlstate().starts_with("42");
    if is_about_names || !matches!(error, Error::Postgres { .. }) || owner.map_or(Ok(false), may_act_as)? {
        return Ok(error);
    }
    let sqlstate = error.sqlstate().to_owned();
    Ok(Error::Postgres {
        message: format!(
            "it failed with SQLSTATE {sqlstate}; whoever may act as its owner sees the whole error"
        ),
        sqlstate,
        detail: None,
        hint: None,
    })
}

/// Makes users' own views again. One that cannot be made harms no other, and stays remembered.
fn restore_custom(mut left: Vec<(&Gone, &ViewEntry)>, settings: &Settings) -> Result<Vec<Restored>, Error> {
    let mut restored = Vec::new();
    // One may read another.
    loop {
        let mut failed = Vec::new();
        for (gone, entry) in &left {
            match subtransaction(|| restore_view(gone, entry, settings)) {
                Ok(()) => restored.push(Restored {
                    view_name: gone.relation_name.clone(),
                    result: Ok(()),
                }),
                Err(error) => failed.push(((*gone, *entry), error)),
            }
        }
        if failed.len() == left.len() {
            for ((gone, _), error) in failed {
                let error = Error::NotRestored {
                    cause: Box::new(shown(error, gone.owner)?),
                };
                pgrx::warning!(
                    "metabase_views: view \"{}\" was not made again: {error}",
                    gone.relation_name
                );
                restored.push(Restored {
                    view_name: gone.relation_name.clone(),
                    result: Err(error),
                });
            }
            return Ok(restored);
        }
        left = failed.into_iter().map(|(left, _)| left).collect();
    }
}

/// Makes one view again as its owner, fills it, and gives back what it had.
fn restore_view(gone: &Gone, entry: &ViewEntry, settings: &Settings) -> Result<(), Error> {
    let name = &gone.relation_name;
    let owner = gone.owner()?;
    let names = iter::once(name.as_str()).chain(gone.kept.index_names());
    check_names_are_free(names.map(str::to_owned).collect())?;
    let mut run = Run::start(name);
    as_role(owner, || {
        // What a literal of its query means is not up to whoever ends the migration.
        with_settings(&[("timezone_abbreviations", "Default")], || {
            gone.kept.in_its_place(|| match &entry.kind {
                ViewKind::Ours(_) => entry.make(settings),
                ViewKind::Custom(custom) => {
                    custom.check_trusted()?;
                    custom.make_unfilled()
                }
            })
        })?;
        if let ViewKind::Custom(custom) = &entry.kind {
            gone.kept
                .check_meaning(name, ViewState::require(name)?.oid, owner)?;
            custom.fill()?;
        }
        Ok(())
    })?;
    gone.kept.restore(name, owner)?;
    if entry.is_ours() {
        definition::store(name)?;
    }
    run.rows_changed = Counts::of(ViewState::require(name)?.oid)?.map(|counts| counts.inserted());
    run.mode_reason = "made again after a migration: filled from its definition".into();
    log::write(&[&run.finish(Ok(()))])?;
    forget(name)
}
