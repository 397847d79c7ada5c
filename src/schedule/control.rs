//! What users tell the schedule, and what it tells them: who keeps the times, how often, and when each view is due next.

use pgrx::datum::TimestampWithTimeZone;

use super::engine::{self, Engine, choice};
use super::{agenda, pg_cron};
use crate::calendar::checked_strategy;
use crate::error::Error;
use crate::parameters;
use crate::pg::identity::{as_extension_owner, check_may_decide, current_role};
use crate::pg::{hooks, query, shared};
use crate::view::registry::{ViewKind, find_view};
use crate::view::state::ViewState;

/// When a view is refreshed next by itself.
pub struct Scheduled {
    pub view_name: String,
    pub strategy: String,
    pub next_refresh: Option<TimestampWithTimeZone>,
}

/// Has the views refreshed by `engine`: worker, pg_cron, or auto for the first of them that is there.
pub fn set_up(engine: &str) -> Result<Vec<Scheduled>, Error> {
    let engine = match engine {
        "worker" => match worker_obstacle()? {
            None => Engine::Worker,
            Some(obstacle) => return Err(obstacle),
        },
        "pg_cron" => Engine::PgCron,
        "auto" => match worker_obstacle()? {
            None => Engine::Worker,
            Some(_) if pg_cron::is_here()? => Engine::PgCron,
            Some(Error::NotPreloaded) => return Err(Error::NoEngine),
            Some(obstacle) => return Err(obstacle),
        },
        name => {
            return Err(Error::UnknownEngine {
                name: name.to_owned(),
            });
        }
    };
    check_may_decide()?;
    engine::store(engine)?;
    match engine {
        Engine::PgCron => pg_cron::set_up()?,
        _ => pg_cron::unschedule_all()?,
    }
    hooks::wake_worker_for_schedule();
    scheduled()
}

/// Why no worker would keep the times of this database; None where one would. A launcher that is about to come is waited for.
fn worker_obstacle() -> Result<Option<Error>, Error> {
    for _ in 0..60 {
        match worker_obstacle_now()? {
            Some(Error::NoLauncher) => query::run("SELECT pg_catalog.pg_sleep(0.05)", &[])?,
            obstacle => return Ok(obstacle),
        }
    }
    worker_obstacle_now()
}

fn worker_obstacle_now() -> Result<Option<Error>, Error> {
    if !shared::is_preloaded() {
        return Ok(Some(Error::NotPreloaded));
    }
    let database: String = query::value("SELECT pg_catalog.current_database()", &[])?;
    Ok(match parameters::serves(&database) {
        false => Some(Error::NotServed { database }),
        true => (!shared::has_launcher()).then_some(Error::NoLauncher),
    })
}

/// Has nothing refreshed at its time any more.
pub fn unschedule() -> Result<Vec<Scheduled>, Error> {
    check_may_decide()?;
    engine::store(Engine::Nobody)?;
    pg_cron::unschedule_all()?;
    hooks::wake_worker_for_schedule();
    scheduled()
}

/// Says how often a view is refreshed: a strategy, or a cron expression of five fields.
pub fn set_strategy(view_name: &str, strategy: &str) -> Result<Vec<Scheduled>, Error> {
    let view = find_view(view_name)?;
    match (ViewState::find(view.name())?, &view.kind) {
        (Some(state), _) => state.check_owned(view.name())?,
        (None, ViewKind::Ours(_)) => check_may_decide()?,
        (None, ViewKind::Custom(custom)) => custom.check_may_act_as_author()?,
    }
    let strategy = checked_strategy(strategy)?;
    let role = current_role()?;
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/schedule/store_strategy.sql"),
            &[view.name().to_owned().into(), strategy.into(), role.into()],
        )
    })?;
    pg_cron::follow_views()?;
    hooks::wake_worker_for_schedule();
    let mut scheduled = scheduled()?;
    scheduled.retain(|scheduled| scheduled.view_name == view.name());
    Ok(scheduled)
}

/// Has the worker refresh views shortly after a commit that changed what they show, or wait for their times. Returns what holds
/// now, in a sentence.
pub fn set_event_sync(wanted: bool) -> Result<&'static str, Error> {
    if wanted && let Some(obstacle) = worker_obstacle()? {
        return Err(obstacle);
    }
    check_may_decide()?;
    engine::store_event_sync(wanted)?;
    hooks::wake_worker_for_schedule();
    Ok(match wanted {
        true => "views are refreshed shortly after a commit that changed what they show",
        false => "changes wait for the next time that the views are due",
    })
}

/// When each view is refreshed next.
pub fn scheduled() -> Result<Vec<Scheduled>, Error> {
    let engine = choice()?.engine;
    let agenda = agenda::read(engine)?;
    // Nothing is due where nobody is there for it.
    let is_kept = engine != Engine::Worker || worker_obstacle_now()?.is_none();
    agenda
        .items
        .iter()
        .map(|item| {
            Ok(Scheduled {
                view_name: item.view.name().to_owned(),
                strategy: item.view.strategy().to_owned(),
                next_refresh: agenda
                    .next_refresh(item)
                    .filter(|_| is_kept)
                    .map(agenda::sql_time)
                    .transpose()?,
            })
        })
        .collect()
}

/// When a view is refreshed next, of what `scheduled` has returned.
pub fn next_refresh(scheduled: &[Scheduled], view: &str) -> Option<TimestampWithTimeZone> {
    scheduled
        .iter()
        .find(|scheduled| scheduled.view_name == view)
        .and_then(|scheduled| scheduled.next_refresh)
}
