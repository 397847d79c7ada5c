//! The run of a refresh.

use std::collections::HashMap;
use std::time::Instant;

use super::choose::{Mode, Plan, plan};
use super::log::{self, Counts, Outcome, Run};
use super::standing::{Standing, standing};
use crate::error::Error;
use crate::incremental::apply::{apply, generated};
use crate::incremental::flush::{Target, filled};
use crate::incremental::state::{self, Look};
use crate::incremental::capture;
use crate::pg::capture::is_own_transaction;
use crate::pg::identity::{as_extension_owner, as_role};
use crate::pg::setting::{with_settings, with_time_zone};
use crate::pg::subtransaction::subtransaction;
use crate::pg::workspace::Workspace;
use crate::pg::relation::LockMode;
use crate::pg::{query, relation};
use crate::settings;
use crate::sql;
use crate::view::registry::ViewEntry;
use crate::view::state::ViewState;

/// Why a view of the user's own is always filled from its query.
const CUSTOM: &str = "changes of its sources are not captured";

/// Refreshes views one after the other. One that fails is reported as such and harms no other.
pub fn refresh(views: &[ViewEntry], mode: Mode) -> Result<Vec<Outcome>, Error> {
    let zone = settings::current()?.time_zone;
    let is_own_transaction = is_own_transaction();
    let seven: Vec<&str> = views
        .iter()
        .filter(|view| matches!(view, ViewEntry::Seven(_)))
        .map(ViewEntry::name)
        .collect();
    // A day in a mapping's expression is the shop's, whoever refreshes.
    let mut done = with_time_zone(&zone, || refresh_seven(&seven, mode, is_own_transaction))?;
    let outcomes = views
        .iter()
        .map(|view| match done.outcomes.remove(view.name()) {
            Some(outcome) => outcome,
            None => refresh_custom(view.name(), mode, &zone),
        })
        .collect::<Vec<_>>();
    log::write(&outcomes)?;
    if done.install {
        install_capture()?;
    }
    Ok(outcomes)
}

/// What became of the seven.
#[derive(Default)]
struct Done {
    outcomes: HashMap<String, Outcome>,
    install: bool,
}

fn refresh_seven(views: &[&str], mode: Mode, is_own_transaction: bool) -> Result<Done, Error> {
    let mut done = Done::default();
    if views.is_empty() {
        return Ok(done);
    }
    let standing = match subtransaction(|| standing(mode, is_own_transaction)) {
        Ok(standing) => standing,
        // Somebody else refreshes, or has done so since this transaction took its snapshot: so says each view.
        Err(error @ (Error::RefreshLocked | Error::Overtaken)) => {
            for view in views {
                let error = match error {
                    Error::RefreshLocked => Error::RefreshLocked,
                    _ => Error::Overtaken,
                };
                done.outcomes
                    .insert((*view).to_owned(), Run::start(view).finish(Err(error)));
            }
            return Ok(done);
        }
        Err(error) => return Err(error),
    };
    let (reasons, facts) = match standing {
        Standing::Incremental { look, owner } => {
            let reasons = incremental(views, &look, owner, &mut done)?;
            let still = reasons.facts_are_right.then_some(look);
            (reasons.reasons, still)
        }
        Standing::Full {
            reason,
            facts,
            install,
        } => {
            done.install = install;
            let reasons = views
                .iter()
                .map(|view| ((*view).to_owned(), reason.clone()))
                .collect();
            (reasons, facts)
        }
    };
    for view in views {
        if done.outcomes.contains_key(*view) {
            continue;
        }
        let reason = reasons.get(*view).cloned().unwrap_or_default();
        let outcome = match mode {
            Mode::Incremental => {
                let mut run = Run::start(view);
                run.mode = "incremental";
                run.mode_reason = "incremental was asked for".into();
                let result = ViewState::require(view).and_then(|_| {
                    Err(Error::IncrementalImpossible {
                        view: (*view).to_owned(),
                        reason,
                    })
                });
                run.finish(result)
            }
            _ => refresh_in_full(view, &reason, facts.as_ref()),
        };
        done.outcomes.insert((*view).to_owned(), outcome);
    }
    Ok(done)
}

/// Why the views that were not flushed were not.
struct Reasons {
    reasons: HashMap<String, String>,
    facts_are_right: bool,
}

/// Applies what has changed, and flushes what of the views can be.
fn incremental(views: &[&str], look: &Look, owner: u32, done: &mut Done) -> Result<Reasons, Error> {
    // Whoever refreshes a view by hand is waited for before the snapshot is taken that the view is compared in.
    let mut targets = HashMap::new();
    for filled in filled(query::rows)? {
        if !views.contains(&filled.name.as_str()) || filled.problem(owner).is_some() {
            continue;
        }
        let run = Run::start(&filled.name);
        let locked = subtransaction(|| {
            relation::lock(filled.oid, LockMode::Exclusive);
            Ok(())
        });
        match locked {
            Ok(()) => {
                targets.insert(filled.name, filled.oid);
            }
            Err(error) if error.sqlstate() == "55P03" => {
                let error = Error::LockTimeout {
                    view: filled.name.clone(),
                };
                done.outcomes.insert(filled.name, run.finish(Err(error)));
            }
            Err(error) => return Err(error),
        }
    }
    let begin = Instant::now();
    let flushed = subtransaction(|| {
        with_settings(PLANNER, || {
            Workspace::open(|workspace| flush_all(workspace, views, &targets, owner))
        })
    });
    match flushed {
        Ok((outcomes, reasons)) => {
            done.outcomes.extend(outcomes);
            store_cost(begin.elapsed().as_secs_f64(), look.changes)?;
            Ok(Reasons {
                reasons,
                facts_are_right: true,
            })
        }
        Err(error) => {
            state::invalidate()?;
            let reason = format!("changes could not be applied: {error}");
            let reasons = views
                .iter()
                .map(|view| ((*view).to_owned(), reason.clone()))
                .collect();
            Ok(Reasons {
                reasons,
                facts_are_right: false,
            })
        }
    }
}

/// How the statements of incremental refresh are planned: once, for few rows, and not compiled.
const PLANNER: &[(&str, &str)] = &[
    ("jit", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("max_parallel_workers_per_gather", "0"),
    ("enable_bitmapscan", "off"),
];

type Flushed = (HashMap<String, Outcome>, HashMap<String, String>);

fn flush_all(
    workspace: &mut Workspace,
    views: &[&str],
    targets: &HashMap<String, u32>,
    owner: u32,
) -> Result<Flushed, Error> {
    let look = state::look_in(workspace)?;
    if let Some(reason) = look.outdated() {
        return Err(Error::CannotBuild {
            reason: reason.to_owned(),
        });
    }
    let generated = generated(&look)?;
    apply(workspace, &look, &generated, owner)?;
    let (mut outcomes, mut reasons) = (HashMap::new(), HashMap::new());
    for filled in filled(|query, _| workspace.rows(query))? {
        let Some(target) = Target::of(&filled.name) else {
            continue;
        };
        let problem = filled.problem(owner);
        match targets.get(target.view) {
            Some(oid) if problem.is_none() && *oid == filled.oid => {
                let mut run = Run::start(target.view);
                run.mode = "incremental";
                run.mode_reason = "its changes were captured".into();
                let flushed =
                    subtransaction(|| target.flush(workspace, &look, &generated, &filled, owner));
                match flushed {
                    Ok(rows) => {
                        run.rows_changed = Some(rows);
                        outcomes.insert(filled.name.clone(), run.finish(Ok(())));
                    }
                    Err(error) => {
                        target.note(workspace, &look, owner)?;
                        reasons.insert(filled.name.clone(), format!("its rows could not be written: {error}"));
                    }
                }
            }
            _ if views.contains(&target.view) => {
                if problem.is_none() {
                    target.note(workspace, &look, owner)?;
                }
                let problem = problem.unwrap_or("it was replaced or locked meanwhile");
                reasons.insert(filled.name.clone(), problem.to_owned());
            }
            _ if problem.is_none() => target.note(workspace, &look, owner)?,
            _ => {}
        }
    }
    Ok((outcomes, reasons))
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

/// Fills one of the seven from its definition. Where facts are there, it is incremental from then on.
fn refresh_in_full(view: &str, reason: &str, facts: Option<&Look>) -> Outcome {
    let mut run = Run::start(view);
    let result = subtransaction(|| {
        let facts = facts.and_then(|look| Some((look.owner?, look.day.as_deref()?)));
        if let (Some((owner, _)), Some(target)) = (facts, Target::of(view)) {
            target.forget(owner)?;
        }
        fill(view, reason, &mut run)?;
        if let Some((_, day)) = facts {
            state::store_view_sync(view, day)?;
        }
        Ok(())
    });
    run.finish(result)
}

/// Fills a view of the user's own from its query.
fn refresh_custom(view: &str, mode: Mode, zone: &str) -> Outcome {
    let mut run = Run::start(view);
    let result = subtransaction(|| match mode {
        Mode::Incremental => ViewState::require(view).and_then(|_| {
            Err(Error::IncrementalImpossible {
                view: view.to_owned(),
                reason: CUSTOM.into(),
            })
        }),
        Mode::Full => with_time_zone(zone, || fill(view, "full was asked for", &mut run)),
        Mode::Auto => with_time_zone(zone, || fill(view, CUSTOM, &mut run)),
    });
    run.finish(result)
}

fn fill(view: &str, reason: &str, run: &mut Run) -> Result<(), Error> {
    let (state, plan) = locked(view)?;
    run.mode_reason = match plan {
        Plan::Concurrent => reason.to_owned(),
        Plan::Plain => "it was not populated".into(),
    };
    let before = Counts::of(state.oid)?;
    let statement = plan.statement(&sql::qualified("analytics", view));
    subtransaction(|| query::run(&statement, &[])).map_err(|error| state.explain(view, error))?;
    let after = Counts::of(state.oid)?;
    run.rows_changed = after
        .zip(before)
        .map(|(after, before)| after.changed_since(&before));
    Ok(())
}

/// The view under the lock that its refresh takes.
///
/// REFRESH would wait for that lock with a snapshot that it had taken before, and then put back what a refresh that it waited
/// for has just brought up to date.
fn locked(view: &str) -> Result<(ViewState, Plan), Error> {
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

/// Begins to capture changes, as the last thing that is done: the sources are locked until the transaction ends.
pub fn install_capture() -> Result<(), Error> {
    let installed = subtransaction(|| {
        state::lock()?;
        let look = state::look()?;
        let Some(owner) = look.owner.filter(|_| look.is_wanted) else {
            return Ok(None);
        };
        let captured = as_role(owner, capture::inspect)?;
        if let Some(problem) = capture::first_problem(&captured) {
            return Ok(Some(problem));
        }
        if !capture::is_complete(&captured) || !capture::is_active()? {
            capture::install(&captured, owner)?;
        }
        Ok(None)
    });
    let reason = match installed {
        Ok(problem) => problem,
        Err(error) => Some(format!("capture could not be installed: {error}")),
    };
    state::store_reason(reason.as_deref())
}
