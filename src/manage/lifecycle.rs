//! Creating and dropping views.

use super::parts::{Part, parts_of_view};
use super::roles;
use crate::error::Error;
use crate::incremental::{capture, installer, state};
use crate::known_role;
use crate::pg::hooks;
use crate::pg::identity::{as_extension_owner, is_trusted, may_act_as};
use crate::pg::patience::patiently;
use crate::pg::setting::with_time_zone;
use crate::pg::subtransaction::{subtransaction, subtransaction_kept_if};
use crate::pg::transaction::is_own_transaction;
use crate::pg::{analysis, query, schema};
use crate::refresh::log::{self, Counts, Run};
use crate::settings::{self, Settings};
use crate::source::installed::{self, Views};
use crate::source::mapping;
use crate::sql;
use crate::view::catalog::VIEWS;
use crate::view::custom::{CustomView, hold_name};
use crate::view::definition;
use crate::view::migration::{check_not_concerned, forget_custom};
use crate::view::registry::{ViewEntry, ViewKind, find_view};
use crate::view::state::{ViewState, explain_duplicate};

/// What became of one view that was to be created.
pub struct Created {
    pub view_name: String,
    pub result: Result<(), Error>,
}

/// Creates all views that the shop is to have. One that it is not to have goes with those that are dropped.
pub fn create_all(drop_existing: bool) -> Result<Vec<Created>, Error> {
    let settings = settings::current()?;
    let (wanted, unwanted) = VIEWS
        .iter()
        .map(ViewEntry::from)
        .partition(|view| view.is_wanted(&settings));
    create(wanted, unwanted, drop_existing)
}

/// Creates one view that this extension knows.
pub fn create_one(name: &str, drop_existing: bool) -> Result<Created, Error> {
    let view = find_view(name)?;
    if let ViewKind::Custom(custom) = &view.kind {
        custom.check_trusted()?;
    }
    let mut created = create(vec![view], Vec::new(), drop_existing)?;
    Ok(created.swap_remove(0))
}

/// Creates a view of the user's own and remembers it.
pub fn create_custom(view: CustomView) -> Result<(), Error> {
    view.check_number()?;
    let entry = ViewEntry::from(view.clone());
    create(vec![entry], Vec::new(), false)?.swap_remove(0).result?;
    view.register()
}

/// Drops a view. Returns what was done, in a sentence.
pub fn drop(name: &str, cascade: bool) -> Result<String, Error> {
    let view = find_view(name)?;
    // Whoever may not drop it does not even wait for the lock: others would wait behind it.
    if let Some(state) = ViewState::find(view.name())?
        && !state.owned
        && !owns_schema()?
    {
        state.check_owned(view.name())?;
    }
    lock_lifecycle(&view)?;
    match (ViewState::find(view.name())?, &view.kind) {
        (Some(state), _) => drop_relation(view.name(), &state, cascade)?,
        // Gone because of a migration, or dropped behind our back: what is left to do is to forget it.
        (None, ViewKind::Custom(_)) => forget_custom(view.name())?,
        (None, ViewKind::Ours(_)) => {
            ViewState::require(view.name())?;
        }
    }
    if let ViewKind::Custom(custom) = &view.kind {
        custom.unregister()?;
    }
    // A view of the user's own may be the last that reads an adapter.
    let may_clean_up = view.is_ours() || state::adapters_owner()?.map(may_act_as).transpose()? == Some(true);
    if may_clean_up && first_of_ours()?.is_none() {
        lock_ours()?;
        if first_of_ours()?.is_none() {
            installed::drop_unneeded()?;
            capture::remove()?;
        }
    }
    Ok(format!("View '{}' dropped successfully", view.name()))
}

/// Stops to capture for nobody: where all views have gone by other ways than drop_view(), such as DROP … CASCADE, it does what that
/// does with the last one.
pub fn stop_for_nobody() -> Result<(), Error> {
    // Whoever may not decide that does not even wait for the lock.
    let may_clean_up = || state::adapters_owner()?.map_or(Ok(true), may_act_as);
    if !captures_for_nobody()? || !may_clean_up()? {
        return Ok(());
    }
    lock_ours()?;
    if !captures_for_nobody()? || !may_clean_up()? {
        return Ok(());
    }
    if state::is_active()? {
        pgrx::warning!(
            "metabase_views: the views in schema analytics are gone, so that changes of the sources are not captured any more; SELECT * FROM metabase.create_all_views() makes them again"
        );
    }
    installed::drop_unneeded()?;
    capture::remove()
}

/// Whether none of this extension's views is there, and what captures their changes is, and can be taken off now: whoever owns a
/// table may put a trigger on it, and use the table all the time. What a dump brings, of which the views come last, was not installed here.
fn captures_for_nobody() -> Result<bool, Error> {
    let has_idle_triggers = || Ok::<bool, Error>(capture::triggers()?.iter().any(capture::Trigger::is_idle));
    Ok(first_of_ours()?.is_none()
        && state::was_installed_here()?
        && (state::is_active()? || has_idle_triggers()?))
}

/// What is kept of a view that is replaced.
#[derive(Default, serde::Deserialize)]
struct Replaced {
    grants: Vec<String>,
    /// Names and definitions of its indexes, users' own among them.
    indexes: Vec<(String, String)>,
    /// Of these, those that call something.
    #[serde(skip)]
    parts: Vec<Part>,
}

/// A view that is to be made: in the place of an old one, which is gone already, or where there was none.
enum Place {
    Free,
    Cleared(Replaced),
}

fn create(
    views: Vec<ViewEntry>,
    unwanted: Vec<ViewEntry>,
    drop_existing: bool,
) -> Result<Vec<Created>, Error> {
    let is_own_transaction = is_own_transaction();
    let reads_sources = views.iter().any(ViewEntry::is_ours);
    let has_created = |created: &Vec<Created>| created.iter().any(|created| created.result.is_ok());
    // Where nothing comes of it, nobody waits until the transaction ends.
    let names: Vec<String> = views.iter().map(|view| view.name().to_owned()).collect();
    let check_migration = || check_not_concerned(names.iter().map(String::as_str));
    check_migration()?;
    let created = subtransaction_kept_if(has_created, || {
        match reads_sources {
            true => lock_ours()?,
            false => views.iter().try_for_each(lock_lifecycle)?,
        }
        check_migration()?;
        known_role::settle()?;
        let settings = settings::current()?;
        // A day in a mapping's expression or filter is the shop's, whoever creates the views.
        with_time_zone(&settings.time_zone, || {
            create_in_zone(views, unwanted, drop_existing, &settings)
        })
    })?;
    if reads_sources && has_created(&created) && is_own_transaction {
        installer::begin()?;
    }
    hooks::wake_worker_for_schedule();
    Ok(created)
}

fn create_in_zone(
    views: Vec<ViewEntry>,
    unwanted: Vec<ViewEntry>,
    drop_existing: bool,
    settings: &Settings,
) -> Result<Vec<Created>, Error> {
    // Whatever is wrong with the sources is found before anything is touched.
    let reads_sources = views.iter().any(ViewEntry::is_ours);
    let sources = match reads_sources {
        true => {
            let names = installed::names_now()?;
            let mut sources = mapping::resolve()?;
            mapping::check_usable(&mut sources)?;
            Some((sources, names))
        }
        false => None,
    };
    roles::ensure_analytics_schema()?;
    let is_one_of_all = views.len() > 1;
    // It reads adapters that are about to be replaced. What keeps it from being dropped is in a row of its own.
    let obstacles = unwanted.iter().filter(|_| drop_existing).filter_map(|view| {
        let error = clear_place(view.name(), drop_existing, is_one_of_all).err()?;
        Some(Created {
            view_name: view.name().to_owned(),
            result: Err(error),
        })
    });
    let obstacles: Vec<Created> = obstacles.collect();
    let places: Vec<(ViewEntry, Result<Place, Error>)> = views
        .into_iter()
        .map(|view| {
            let place = clear_place(view.name(), drop_existing, is_one_of_all);
            (view, place)
        })
        .collect();
    if let Some((sources, names)) = &sources
        && places.iter().any(|(_, place)| place.is_ok())
    {
        let beside = first_of_ours()?.map_or(Views::Anew, Views::Beside);
        installed::ensure(sources, settings, names.clone(), beside)?;
        roles::grant_migrations()?;
    }
    let created = places.into_iter().map(|(view, place)| {
        let result = match place {
            Err(error) => Err(error),
            Ok(Place::Free) => subtransaction(|| make(&view, settings, &Replaced::default())),
            // The old view is gone: without the new one, all of this must not have been.
            Ok(Place::Cleared(replaced)) => Ok(subtransaction(|| make(&view, settings, &replaced)).map_err(
                |error| Error::Recreate {
                    view: view.name().to_owned(),
                    cause: Box::new(error),
                },
            )?),
        };
        Ok(Created {
            view_name: view.name().to_owned(),
            result,
        })
    });
    created.chain(obstacles.into_iter().map(Ok)).collect()
}

/// Lets one session at a time create or drop a view: any of this extension's, or one of the user's own of that name.
fn lock_lifecycle(view: &ViewEntry) -> Result<(), Error> {
    match view.is_ours() {
        true => lock_ours(),
        false => lock_custom(view.name()),
    }
}

/// Lets one session at a time create or drop a view of a user's own.
fn lock_custom(view: &str) -> Result<(), Error> {
    subtransaction(|| hold_name(view)).map_err(or_locked)
}

/// The same for whoever holds the lock of all refreshes, for which others wait meanwhile.
pub(super) fn lock_custom_patiently(view: &str) -> Result<(), Error> {
    patiently(|| hold_name(view)).map_err(or_locked)
}

/// Lets one session at a time create, drop or refresh this extension's views.
pub(super) fn lock_ours() -> Result<(), Error> {
    subtransaction(|| {
        as_extension_owner(|| {
            query::run(
                "LOCK TABLE metabase_internal.view_definition IN SHARE ROW EXCLUSIVE MODE",
                &[],
            )
        })
    })
    .map_err(or_locked)?;
    state::lock()
}

fn or_locked(error: Error) -> Error {
    match error.is_lock_timeout() {
        true => Error::LifecycleLocked,
        false => error,
    }
}

/// Whether the current role may drop whatever is in schema `analytics`, as its owner.
fn owns_schema() -> Result<bool, Error> {
    query::exists(
        "SELECT FROM pg_catalog.pg_namespace
         WHERE nspname = 'analytics' AND pg_catalog.pg_has_role(nspowner, 'USAGE')",
        &[],
    )
}

/// Sees to it that nothing bears a view's name.
fn clear_place(view: &str, drop_existing: bool, is_one_of_all: bool) -> Result<Place, Error> {
    let Some(state) = ViewState::find(view)? else {
        return Ok(Place::Free);
    };
    state.check_kind(view)?;
    if !drop_existing {
        return Err(Error::ViewExists {
            view: view.to_owned(),
            is_one_of_all,
        });
    }
    // Its indexes are made again, with the privileges of the new view's owner, and their expressions are the old owner's.
    if !is_trusted(state.owner_oid)? {
        return Err(Error::NotOwner {
            view: view.to_owned(),
            owner: state.owner,
        });
    }
    let mut replaced: Replaced = query::row(
        include_str!("../../sql/queries/manage/view_extras.sql"),
        &[i64::from(state.oid).into()],
    )?;
    replaced.parts = parts_of_view(state.oid)?;
    drop_relation(view, &state, false)?;
    Ok(Place::Cleared(replaced))
}

fn drop_relation(view: &str, state: &ViewState, cascade: bool) -> Result<(), Error> {
    state.check_kind(view)?;
    let name = sql::qualified("analytics", view);
    let behaviour = if cascade { "CASCADE" } else { "RESTRICT" };
    subtransaction(|| query::run(&format!("DROP MATERIALIZED VIEW {name} {behaviour}"), &[]))
        .map_err(|error| state.explain(view, error))
}

/// Makes a view with its indexes, comments and privileges, and fills it.
fn make(view: &ViewEntry, settings: &Settings, replaced: &Replaced) -> Result<(), Error> {
    let mut run = Run::start(view.name());
    // What is granted and made below by the view's name is about this view.
    schema::hold(["analytics"])?;
    subtransaction(|| view.make(settings)).map_err(|error| explain_duplicate(view.name(), error))?;
    let state = ViewState::require(view.name())?;
    let lacks = |name: &str| !state.indexes.iter().any(|has| has == name);
    let is_made_again =
        |part: &&Part| lacks(part.name()) && replaced.indexes.iter().any(|(name, _)| name == part.name());
    let mut made_again = replaced.parts.iter().filter(is_made_again);
    made_again.try_for_each(|part| part.check(view.name()))?;
    for (name, definition) in &replaced.indexes {
        if !state.indexes.contains(name) {
            analysis::make(view.name(), &format!("index \"{name}\""), definition)?;
        }
    }
    for grant in &replaced.grants {
        query::run(grant, &[])?;
    }
    if view.is_ours() {
        definition::store(view.name())?;
        roles::grant_view_to_readers(view.name())?;
    }
    run.rows_changed = Counts::of(state.oid)?.map(|counts| counts.inserted());
    run.mode_reason = "created: filled from its definition".into();
    log::write(&[&run.finish(Ok(()))])
}

/// The first of this extension's views that exists.
fn first_of_ours() -> Result<Option<&'static str>, Error> {
    state::ours_there_are()?.next().transpose()
}
