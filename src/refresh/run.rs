//! The run of a refresh.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use pgrx::datum::TimestampWithTimeZone;

use super::compare;
use super::decide::{self, Mode, SeenView, ViewStep};
use super::full::{FullRefresh, plan};
use super::log::{self, Counts, Outcome, Run};
use super::readiness::{Readiness, readiness};
use crate::error::Error;
use crate::incremental::apply::apply;
use crate::incremental::flush::{PopulatedView, Written, populated_views};
use crate::incremental::target::FlushTarget;
use crate::incremental::{build, capture, installer, membership, problem, state};
use crate::pg::alterations;
use crate::pg::identity::{as_extension_owner, as_role, may_act_as, views_owner};
use crate::pg::relation::LockMode;
use crate::pg::setting::{with_settings, with_time_zone};
use crate::pg::subtransaction::subtransaction;
use crate::pg::transaction::{self, is_own_transaction, sees_others};
use crate::pg::workspace::Workspace;
use crate::pg::{query, relation};
use crate::settings;
use crate::source::entity::Entity;
use crate::source::installed;
use crate::sql;
use crate::view::catalog;
use crate::view::registry::{ViewEntry, ViewKind};
use crate::view::state::ViewState;

/// Why a view of the user's own is always filled from its query.
const CUSTOM: &str = "a view of your own is computed from its query each time";

/// What is asked of a refresh.
#[derive(Clone, Copy)]
struct Order {
    mode: Mode,
    /// Whether the worker refreshes because something was committed, and not because the time has come.
    is_for_event: bool,
}

impl From<Mode> for Order {
    fn from(mode: Mode) -> Order {
        Order {
            mode,
            is_for_event: false,
        }
    }
}

/// Refreshes views one after the other. One that fails is reported as such and harms no other.
pub fn refresh(views: &[ViewEntry], mode: Mode) -> Result<Vec<Outcome>, Error> {
    refresh_and_log(views, mode.into(), |outcomes| {
        let mut logged = Vec::new();
        for (view, outcome) in views.iter().zip(outcomes) {
            if outcome.error.is_none() || has_say(view)? {
                logged.push(outcome);
            }
        }
        log::write(&logged)
    })
}

/// Whether the current role may act as a view's owner; where the view is not there, as whose it was. One that nobody has is nobody's.
fn has_say(view: &ViewEntry) -> Result<bool, Error> {
    let owner = match (ViewState::find(view.name())?, &view.kind) {
        (Some(state), _) => return Ok(state.owned),
        (None, ViewKind::Ours(_)) => views_owner()?,
        (None, ViewKind::Custom(custom)) => custom.author,
    };
    owner.map_or(Ok(false), may_act_as)
}

/// Refreshes one view, whose run is in the log already, under the number `id`. For an event it may leave some of the changes to later
/// refreshes.
pub fn refresh_opened(view: &ViewEntry, id: i64, is_for_event: bool) -> Result<Outcome, Error> {
    let views = std::slice::from_ref(view);
    let order = Order {
        mode: Mode::Auto,
        is_for_event,
    };
    let mut outcomes = refresh_and_log(views, order, |outcomes| log::close(id, &outcomes[0]))?;
    Ok(outcomes.swap_remove(0))
}

/// Applies what is queued where that can be done, and leaves it to later refreshes to show it. Returns whether it could be.
pub fn apply_queued() -> Result<bool, Error> {
    let zone = settings::of_views()?.time_zone;
    let is_own_transaction = is_own_transaction();
    with_time_zone(&zone, || {
        match readiness(Mode::Incremental, is_own_transaction)? {
            Readiness::Incremental { owner, build: None } => {
                from_facts(&[], Mode::Incremental.into(), owner, None, &mut Done::default())?;
                Ok(true)
            }
            _ => Ok(false),
        }
    })
}

fn refresh_and_log(
    views: &[ViewEntry],
    order: Order,
    log: impl FnOnce(&[Outcome]) -> Result<(), Error>,
) -> Result<Vec<Outcome>, Error> {
    if transaction::is_on_standby() {
        return Err(Error::Standby);
    }
    // The views' own zone, also where the setting has changed since they were made.
    let zone = settings::of_views()?.time_zone;
    let is_own_transaction = is_own_transaction();
    let ours: Vec<&str> = views
        .iter()
        .filter(|view| view.is_ours())
        .map(ViewEntry::name)
        .collect();
    // A day in a mapping's expression is the shop's, whoever refreshes.
    let mut done = with_time_zone(&zone, || refresh_ours(&ours, order, is_own_transaction))?;
    let outcomes = views
        .iter()
        .map(|view| match done.outcomes.remove(view.name()) {
            Some(outcome) => outcome,
            None => refresh_custom(view.name(), order.mode, &zone),
        })
        .collect::<Vec<_>>();
    log(&outcomes)?;
    if done.install {
        installer::begin()?;
    } else if is_own_transaction && sees_others() && !ours.is_empty() {
        // What is in the way of that is no matter of the refresh, which is done.
        let _ = subtransaction(capture::take_off_idle_strays);
    }
    Ok(outcomes)
}

/// What became of the views that are not users' own.
#[derive(Default)]
struct Done {
    outcomes: HashMap<String, Outcome>,
    install: bool,
}

impl Done {
    /// Reports those of these views of which it is not known yet what became of them as failed.
    fn fail_others(&mut self, views: &[&str], error: impl Fn(String) -> Error) {
        for view in views {
            self.outcomes
                .entry((*view).to_owned())
                .or_insert_with(|| Run::start(view).finish(Err(error((*view).to_owned()))));
        }
    }
}

fn refresh_ours(views: &[&str], order: Order, is_own_transaction: bool) -> Result<Done, Error> {
    let mut done = Done::default();
    if views.is_empty() {
        return Ok(done);
    }
    let readiness = match readiness(order.mode, is_own_transaction) {
        Ok(readiness) => readiness,
        // Somebody else refreshes, or has done so since this transaction took its snapshot: so says each view.
        Err(error @ (Error::RefreshLocked | Error::Overtaken)) => {
            done.fail_others(views, |_| match error {
                Error::RefreshLocked => Error::RefreshLocked,
                _ => Error::Overtaken,
            });
            return Ok(done);
        }
        Err(error) => return Err(error),
    };
    let reasons = match readiness {
        Readiness::Incremental { owner, build } => from_facts(views, order, owner, build, &mut done)?,
        Readiness::Full { reason, install } => {
            done.install = install;
            same_for_all(views, &reason)
        }
        Readiness::Apart { reason } => same_for_all(views, reason),
        Readiness::Barred { what } => {
            for view in views {
                let error = Error::SourcesDrifted {
                    view: (*view).to_owned(),
                    what: what.clone(),
                };
                let result = ViewState::require(view).and(Err(error));
                done.outcomes
                    .insert((*view).to_owned(), Run::start(view).finish(result));
            }
            return Ok(done);
        }
    };
    for view in views {
        if done.outcomes.contains_key(*view) {
            continue;
        }
        let reason = reasons.get(*view).cloned().unwrap_or_default();
        let outcome = match order.mode {
            Mode::Incremental => refuse(view, reason),
            _ => refresh_in_full(view, &reason),
        };
        done.outcomes.insert((*view).to_owned(), outcome);
    }
    Ok(done)
}

/// Why views have to be refreshed from their definitions.
type Reasons = HashMap<String, String>;

fn same_for_all(views: &[&str], reason: &str) -> Reasons {
    views
        .iter()
        .map(|view| ((*view).to_owned(), reason.to_owned()))
        .collect()
}

/// The outcome of an incremental refresh that cannot be.
fn refuse(view: &str, reason: String) -> Outcome {
    let mut run = Run::start(view);
    run.mode = "incremental";
    run.mode_reason = "incremental was asked for".into();
    let result = ViewState::require(view).and_then(|_| {
        Err(Error::IncrementalImpossible {
            view: view.to_owned(),
            reason,
        })
    });
    run.finish(result)
}

/// Builds the facts or applies what has changed, and brings the views to what they say.
fn from_facts(
    views: &[&str],
    order: Order,
    owner: u32,
    build: Option<&'static str>,
    done: &mut Done,
) -> Result<Reasons, Error> {
    let targets = locked_targets(views, owner, done)?;
    let begin = Instant::now();
    let seen_until = log::snapshot_time();
    let flushed = subtransaction(|| {
        with_settings(PLANNER, || {
            Workspace::open(|workspace| flush_all(workspace, order, &targets, owner, build, seen_until))
        })
    });
    let (reason, error) = match (flushed, build) {
        (Ok(flushed), _) => {
            done.outcomes.extend(flushed.outcomes);
            store_cost(begin.elapsed().as_secs_f64(), flushed.changes)?;
            return Ok(flushed.reasons);
        }
        // A later transaction sees it: nothing was applied, and nothing is lost.
        (Err(Error::Overtaken), _) => {
            done.fail_others(views, |_| Error::Overtaken);
            return Ok(Reasons::new());
        }
        // Whoever is in the way will be gone: nothing was applied, and nothing is lost.
        (Err(error), _) if error.is_lock_timeout() => {
            done.fail_others(views, |view| Error::SourceLocked { view });
            return Ok(Reasons::new());
        }
        (Err(error), Some(_)) => ("facts and rollups cannot be built", error),
        (Err(error), None) => ("changes could not be applied", error),
    };
    // Whatever builds the facts one day reads more than what is queued.
    state::invalidate()?;
    capture::empty_queues()?;
    let is_of_the_moment = matches!(error, Error::FactsInUse { .. } | Error::DumpRuns { .. });
    let reason = format!("{reason}: {error}");
    match build {
        // It would take its time for nothing again.
        Some(_) => {
            state::store_failure(&reason, begin.elapsed().as_secs_f64())?;
            if !is_of_the_moment {
                problem::note(Some(&reason))?;
            }
        }
        // They may be built by the next refresh, for an event or by hand, if that was a matter of the moment.
        None => state::store_reason(None)?,
    }
    Ok(same_for_all(views, &reason))
}

/// Locks the views that can be written to, by their oids. Whoever refreshes one by hand is waited for before the snapshot is
/// taken that the view is compared in.
fn locked_targets(views: &[&str], owner: u32, done: &mut Done) -> Result<HashMap<String, u32>, Error> {
    let mut targets = HashMap::new();
    for populated in populated_views(query::rows)? {
        if !views.contains(&populated.name.as_str()) || populated.obstacle(owner).is_some() {
            continue;
        }
        let run = Run::start(&populated.name);
        let locked = subtransaction(|| {
            relation::lock(populated.oid, LockMode::Exclusive);
            Ok(())
        });
        match locked {
            Ok(()) => {
                targets.insert(populated.name, populated.oid);
            }
            Err(error) if error.is_lock_timeout() => {
                let error = Error::LockTimeout {
                    view: populated.name.clone(),
                };
                done.outcomes.insert(populated.name, run.finish(Err(error)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(targets)
}

/// How the statements of incremental refresh are planned: once, for few rows, and not compiled.
const PLANNER: &[(&str, &str)] = &[
    ("jit", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("max_parallel_workers_per_gather", "0"),
    ("enable_bitmapscan", "off"),
    // What is looked up was looked up a moment ago, by the change itself, or lies in memory with the rest of a small table.
    ("random_page_cost", "1"),
];

/// What became of the views that facts were there for.
#[derive(Default)]
struct Flushed {
    outcomes: HashMap<String, Outcome>,
    reasons: Reasons,
    /// Queued keys that were applied.
    changes: i64,
}

fn flush_all(
    workspace: &mut Workspace,
    order: Order,
    targets: &HashMap<String, u32>,
    owner: u32,
    build: Option<&'static str>,
    seen_until: TimestampWithTimeZone,
) -> Result<Flushed, Error> {
    let mut flushed = Flushed::default();
    let are_held = state::hold_tables()?;
    let alterations = alterations::count();
    let before = state::snapshot_in(workspace)?;
    let snapshot = match build {
        Some(_) => build::build(workspace, &before, owner)?,
        None => {
            let foreign = (!are_held).then_some("a table of theirs is not the extension's own");
            if let Some(reason) = foreign.or(before.outdated()) {
                return Err(Error::CannotBuild {
                    reason: reason.to_owned(),
                });
            }
            apply(workspace, &before, owner)?;
            flushed.changes = before.changes;
            before.clone()
        }
    };
    let views = populated_views(|query, _| workspace.rows(query))?;
    // What triggers have not noted yet matters to views that would be compared.
    let has_unsynced = views.iter().any(|view| view.unsynced().is_some());
    let is_written_from = build.is_none() && has_unsynced && capture::is_in_use()?;
    for populated in &views {
        let Some(target) = FlushTarget::of(&populated.name) else {
            continue;
        };
        let seen = SeenView {
            obstacle: populated.obstacle(owner),
            is_locked: targets.get(target.view) == Some(&populated.oid),
            unsynced: populated.unsynced(),
            is_written_from,
        };
        let mut run = Run::start_in(target.view, seen_until);
        let step = decide::view_step(&seen, build, order.mode);
        let written = match &step {
            ViewStep::Skip { reason, notes } => {
                if *notes {
                    target.note(workspace, &snapshot)?;
                }
                flushed.reasons.insert(populated.name.clone(), reason.clone());
                continue;
            }
            ViewStep::Compare { reason } => {
                run.mode = "full";
                run.mode_reason = reason.clone();
                workspace
                    .subtransaction(|workspace| target.compare(workspace, &snapshot, populated, owner))
                    .map(|rows| Written { rows, left: 0 })
            }
            ViewStep::Flush => {
                run.mode = "incremental";
                run.mode_reason = "its changes were captured".into();
                workspace.subtransaction(|workspace| {
                    target.flush(workspace, &snapshot, populated, owner, order.is_for_event)
                })
            }
        };
        match written {
            Ok(Written { rows, left }) => {
                run.rows_changed = Some(rows);
                if left > 0 {
                    run.leave(left);
                }
                flushed
                    .outcomes
                    .insert(populated.name.clone(), run.finish(Ok(())));
            }
            Err(error) => {
                if step == ViewStep::Flush {
                    target.note(workspace, &snapshot)?;
                }
                flushed.reasons.insert(
                    populated.name.clone(),
                    format!("its rows could not be written: {error}"),
                );
            }
        }
    }
    // A dump that has begun while the views were filled has the tables in its snapshot that go when this is committed.
    if build.is_some() {
        membership::give_way_to_dumps()?;
    }
    // A build has altered much itself, and has looked for what others have. A transaction that sees no others has heard of what they had
    // altered before it looked, and has not seen it.
    if build.is_some() || alterations::count() != alterations || !sees_others() {
        check_views(workspace, &views, targets)?;
        state::check_unaltered(workspace, &before)?;
    }
    Ok(flushed)
}

/// An error if a view that was written to is another one than when the refresh began.
fn check_views(
    workspace: &mut Workspace,
    before: &[PopulatedView],
    targets: &HashMap<String, u32>,
) -> Result<(), Error> {
    let identities = |views: &[PopulatedView]| -> BTreeSet<String> {
        let is_target = |view: &&PopulatedView| targets.contains_key(&view.name);
        views
            .iter()
            .filter(is_target)
            .map(PopulatedView::identity)
            .collect()
    };
    let now = workspace.latest(|workspace| populated_views(|query, _| workspace.rows(query)))?;
    match identities(&now) == identities(before) {
        true => Ok(()),
        false => Err(state::altered_meanwhile()),
    }
}

/// Remembers what a change costs, where enough have been applied to tell.
fn store_cost(seconds: f64, changes: i64) -> Result<(), Error> {
    if changes < 1000 {
        return Ok(());
    }
    as_extension_owner(|| {
        query::run(
            "UPDATE metabase_internal.incremental SET seconds_per_change = $1",
            &[(seconds / changes as f64).into()],
        )
    })
}

/// Fills a view that is no user's own from its definition, as it is now. That may be later than what is applied to the facts, so that it
/// has to be compared as a whole before it can be refreshed by what changes.
fn refresh_in_full(view: &str, reason: &str) -> Outcome {
    let mut run = Run::start(view);
    let result = subtransaction(|| {
        fill(view, reason, &mut run)?;
        state::forget_view_sync(view)
    });
    run.finish(result)
}

/// Fills a view of the user's own from its query.
fn refresh_custom(view: &str, mode: Mode, zone: &str) -> Outcome {
    let reason = match mode {
        Mode::Incremental => return refuse(view, CUSTOM.into()),
        Mode::Full => "full was asked for",
        Mode::Auto => CUSTOM,
    };
    let mut run = Run::start(view);
    let result = subtransaction(|| with_time_zone(zone, || fill(view, reason, &mut run)));
    run.finish(result)
}

fn fill(view: &str, reason: &str, run: &mut Run) -> Result<(), Error> {
    let (state, plan) = locked(view)?;
    run.mode_reason = match plan {
        FullRefresh::Concurrent => reason.to_owned(),
        FullRefresh::Plain => "it was not populated".into(),
    };
    let before = Counts::of(state.oid)?;
    let is_written = subtransaction(|| compare::write_differences(view, &state, plan));
    if !matches!(is_written, Ok(true)) {
        let statement = plan.statement(&sql::qualified("analytics", view));
        subtransaction(|| query::run(&statement, &[])).map_err(|error| state.explain(view, error))?;
        check_sold_once(view, &state)?;
    }
    let after = Counts::of(state.oid)?;
    run.rows_changed = after
        .zip(before)
        .map(|(after, before)| after.changed_since(&before));
    Ok(())
}

/// An error where an order stands twice, of which the view of single sales shows one: REFRESH CONCURRENTLY takes two rows that are the same
/// for one if any of their columns is NULL.
fn check_sold_once(view: &str, state: &ViewState) -> Result<(), Error> {
    // Where the sources cannot be looked at, the orders themselves are.
    let is_unique = || {
        let compared = subtransaction(installed::compare);
        compared.is_ok_and(|compared| compared.sources.of(Entity::Order).unique_key)
    };
    if !catalog::is_optional(view) || is_unique() {
        return Ok(());
    }
    let twice = include_str!("../../sql/queries/refresh/sold_twice.sql");
    match as_role(state.owner_oid, || query::exists(twice, &[]))? {
        true => Err(Error::DuplicateSale {
            view: view.to_owned(),
        }),
        false => Ok(()),
    }
}

/// The view under the lock that its refresh takes.
///
/// REFRESH would wait for that lock with a snapshot that it had taken before, and then put back what a refresh that it waited
/// for has just brought up to date.
fn locked(view: &str) -> Result<(ViewState, FullRefresh), Error> {
    loop {
        let state = ViewState::require(view)?;
        let plan_before = plan(view, &state)?;
        // Only its owner may keep others waiting; to anybody else REFRESH says so.
        if !state.owned {
            return Ok((state, plan_before));
        }
        subtransaction(|| {
            relation::lock(state.oid, plan_before.lock());
            Ok(())
        })
        .map_err(|error| state.explain(view, error))?;
        // It may have been replaced or filled meanwhile.
        let now = ViewState::require(view)?;
        if now.oid == state.oid && plan(view, &now)? == plan_before {
            return Ok((now, plan_before));
        }
    }
}
