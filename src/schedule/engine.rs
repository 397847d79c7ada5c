//! Who refreshes the views by itself: the background worker, pg_cron, or nobody.

use crate::error::Error;
use crate::pg::identity::as_extension_owner;
use crate::pg::{query, shared};
use crate::settings;

/// Who keeps the views' times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Worker,
    PgCron,
    Nobody,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Engine::Worker => "worker",
            Engine::PgCron => "pg_cron",
            Engine::Nobody => "none",
        }
    }
}

/// What was decided, or what holds where nothing was.
pub struct Choice {
    pub engine: Engine,
    /// Whether the worker refreshes views shortly after what they show has changed.
    pub event_sync: bool,
}

const ENGINE: &str = "schedule.engine";
const EVENT_SYNC: &str = "schedule.event_sync";

/// The stored choice. By default, if the library is preloaded, the worker keeps the times and refreshes after commits; otherwise nobody
/// does.
pub fn choice() -> Result<Choice, Error> {
    #[derive(serde::Deserialize)]
    struct Stored {
        engine: Option<String>,
        event_sync: Option<String>,
    }
    let stored: Stored = as_extension_owner(|| {
        query::row(
            include_str!("../../sql/queries/schedule/schedule_choice.sql"),
            &[],
        )
    })?;
    let is_preloaded = shared::is_preloaded();
    Ok(Choice {
        engine: match stored.engine.as_deref() {
            // A dump may have brought the decision to a server without.
            Some("worker") if is_preloaded => Engine::Worker,
            Some("pg_cron") => Engine::PgCron,
            Some(_) => Engine::Nobody,
            None if is_preloaded => Engine::Worker,
            None => Engine::Nobody,
        },
        event_sync: is_preloaded && stored.event_sync.as_deref() != Some("off"),
    })
}

/// Stores who keeps the times. If that changes, the stored due times are cleared: the new engine would take them for missed runs.
pub fn store(engine: Engine) -> Result<(), Error> {
    if choice()?.engine != engine {
        as_extension_owner(|| {
            query::run(
                "UPDATE metabase_internal.schedule_state SET timetable = NULL, next_due = NULL",
                &[],
            )
        })?;
    }
    settings::store(ENGINE, engine.name())
}

/// Stores whether the worker refreshes views shortly after what they show has changed.
pub fn store_event_sync(wanted: bool) -> Result<(), Error> {
    settings::store(EVENT_SYNC, if wanted { "on" } else { "off" })
}
