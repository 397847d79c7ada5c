//! pg_cron as the one who keeps the times: a job a view, named refresh_<view>.
//!
//! pg_cron's clock may be another one than the shop's (that of cron.timezone, or GMT), and the shop's is moved twice a year. So a
//! job comes whenever the view's time can be, and refresh_if_due() decides.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::agenda;
use super::engine::{self, Engine};
use crate::calendar::{self, Strategy, Timetable};
use crate::error::Error;
use crate::parameters;
use crate::pg::identity::{as_extension_owner, current_role};
use crate::pg::query;
use crate::settings;
use crate::view::migration::under_way;
use crate::view::registry::{ViewEntry, all_views};
use crate::view::state::ViewState;

/// Whether pg_cron is installed in this database.
pub fn is_here() -> Result<bool, Error> {
    // Its schema may be one that the current role may not use.
    as_extension_owner(|| query::exists(include_str!("../../sql/queries/schedule/has_pg_cron.sql"), &[]))
}

/// Whether the current role may use pg_cron where that is installed.
fn may_use() -> Result<bool, Error> {
    query::value("SELECT pg_catalog.has_schema_privilege('cron', 'USAGE')", &[])
}

/// The names of the jobs, of whatever role: pg_cron shows others' to superusers alone.
fn jobs() -> Result<Vec<String>, Error> {
    match is_here()? {
        true => as_extension_owner(|| {
            query::values(include_str!("../../sql/queries/schedule/cron_jobs.sql"), &[])
        }),
        false => Ok(Vec::new()),
    }
}

/// Makes the jobs, as the current role's, also those of this extension's views that do not exist yet.
pub fn set_up() -> Result<(), Error> {
    let migration = under_way()?;
    let settings = settings::current()?;
    schedule(|view| {
        let is_away = migration
            .as_ref()
            .is_some_and(|migration| migration.concerns(view.name()));
        view.is_ours() && view.is_wanted(&settings) && !is_away
    })
}

/// Makes the jobs anew of the views that the current role may act as the owner of, as its own, so that they are those of the views'
/// strategies. Jobs of others' views stay as they are, and so do those of views that are not there: whose these will be is not known.
/// Of these, `awaits` says which get a job if they have none.
fn schedule(awaits: impl Fn(&ViewEntry) -> bool) -> Result<(), Error> {
    if !is_here()? {
        return Err(Error::NoPgCron);
    }
    if !may_use()? {
        return Err(Error::NoPgCronPrivilege {
            role: current_role()?,
        });
    }
    let jobs = jobs()?;
    let mut views = Vec::new();
    let mut staying = Vec::new();
    for view in all_views()? {
        let job = job_name(view.name());
        let is_made = match ViewState::find(view.name())? {
            Some(state) => state.owned,
            None => awaits(&view) && !jobs.contains(&job),
        };
        match is_made {
            true => views.push(view),
            false => staying.push(job),
        }
    }
    unschedule_all_but(staying)?;
    let zone_name = settings::current()?.time_zone;
    let cron_zone = cron_zone()?;
    for view in &views {
        let Some(times) = job_times(view.strategy(), &zone_name, &cron_zone) else {
            continue;
        };
        let view = view.name();
        query::run(
            "SELECT cron.schedule($1, $2, $3)",
            &[
                job_name(view).into(),
                times.into(),
                format!(
                    "SELECT * FROM metabase.refresh_if_due({})",
                    crate::sql::literal(view)
                )
                .into(),
            ],
        )?;
    }
    // A job comes when the view is due: what that found no time for would begin one time later.
    let agenda = agenda::read(Engine::PgCron)?;
    for item in &agenda.items {
        let decision = agenda.decide(item, false);
        if decision.cause.is_none() {
            agenda.store(item, &decision)?;
        }
    }
    Ok(())
}

/// What the job of a view is called.
fn job_name(view: &str) -> String {
    format!("refresh_{view}")
}

/// Makes the jobs anew if there are any and the current role may: views have come or gone.
pub fn follow_views() -> Result<(), Error> {
    if engine::choice()?.engine == Engine::PgCron && !jobs()?.is_empty() && may_use()? {
        schedule(|_| false)?;
    }
    Ok(())
}

/// Removes the jobs, whoever has made them: each of two roles' would look whether the same view is due.
pub fn unschedule_all() -> Result<(), Error> {
    unschedule_all_but(Vec::new())
}

fn unschedule_all_but(names: Vec<String>) -> Result<(), Error> {
    if !is_here()? {
        return Ok(());
    }
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/schedule/unschedule_cron_jobs.sql"),
            &[names.into()],
        )
    })
}

/// The zone of pg_cron's clock; versions before 1.6 know no other than GMT.
fn cron_zone() -> Result<TimeZone, Error> {
    let name: Option<String> = query::value("SELECT pg_catalog.current_setting('cron.timezone', true)", &[])?;
    Ok(name.as_deref().and_then(calendar::zone).unwrap_or(TimeZone::UTC))
}

/// When the job of a strategy has to come, as pg_cron writes it: at all minutes and hours of its clock at which the view's time
/// can be in the course of the next year. None where it is due at no time of its own.
fn job_times(strategy: &str, zone_name: &str, cron_zone: &TimeZone) -> Option<String> {
    match Strategy::from_name(strategy) {
        Some(Strategy::Manual) => return None,
        // It hears of no events: it looks each minute.
        Some(Strategy::Realtime) => return Some("* * * * *".into()),
        _ => {}
    }
    let timetable = Timetable::parse(strategy).ok()?;
    let zone = calendar::zone(zone_name)?;
    let (mut minutes, mut hours) = (BTreeSet::new(), BTreeSet::new());
    // What comes rarely is followed through the year, what comes often for some days of each four weeks.
    for weeks in (0..52).step_by(4) {
        let begin = parameters::now()
            .checked_add(SignedDuration::from_hours(24 * 7 * weeks))
            .ok()?;
        let end = begin.checked_add(SignedDuration::from_hours(24 * 366)).ok()?;
        let mut now = begin;
        for _ in 0..2_000 {
            match timetable.next_after(now, &zone) {
                Some(next) if next <= end => now = next,
                _ => break,
            }
            let shown = now.to_zoned(cron_zone.clone());
            minutes.insert(shown.minute());
            hours.insert(shown.hour());
        }
    }
    if minutes.is_empty() {
        return None;
    }
    Some(format!("{} {} * * *", list(&minutes, 60), list(&hours, 24)))
}

/// Numbers as a field of a cron expression, out of `all`.
fn list(numbers: &BTreeSet<i8>, all: usize) -> String {
    if numbers.len() == all {
        return "*".into();
    }
    let numbers: Vec<String> = numbers.iter().map(i8::to_string).collect();
    numbers.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_comes_at_all_hours_that_the_views_time_can_be_at() {
        let job_times = |strategy, zone| job_times(strategy, zone, &TimeZone::UTC);
        // 02:00 in Berlin is 00:00 in summer and 01:00 in winter.
        assert_eq!(
            job_times("daily", "Europe/Berlin").as_deref(),
            Some("0 0,1 * * *")
        );
        assert_eq!(job_times("daily", "Asia/Kolkata").as_deref(), Some("30 20 * * *"));
        assert_eq!(
            job_times("hourly", "Asia/Kathmandu").as_deref(),
            Some("15 * * * *")
        );
        assert_eq!(job_times("weekly", "Asia/Tokyo").as_deref(), Some("0 18 * * *"));
        assert_eq!(
            job_times("*/15 * * * *", "Europe/Berlin").as_deref(),
            Some("0,15,30,45 * * * *")
        );
        assert_eq!(
            job_times("realtime", "Europe/Berlin").as_deref(),
            Some("* * * * *")
        );
        assert_eq!(
            job_times("*/5 8-10 * * *", "Europe/Berlin").as_deref(),
            Some("0,5,10,15,20,25,30,35,40,45,50,55 6,7,8,9 * * *")
        );
        assert_eq!(job_times("manual", "Europe/Berlin"), None);
    }
}
