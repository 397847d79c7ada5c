//! The installer: a process that puts the triggers on the sources, or takes them off, in transactions of its own.
//!
//! Both lock tables until a transaction ends, against writers or against everybody. Whoever may lock them by hand does it in its own
//! transaction. That of anybody else could go on for as long as it likes, so it gets no such lock: it has this process started, now or
//! when it commits.

use pgrx::bgworkers::BackgroundWorker;
use pgrx::prelude::*;

use super::capture::{self, Captured};
use super::state;
use crate::error::Error;
use crate::pg::identity::as_role;
use crate::pg::setting::with_settings;
use crate::pg::subtransaction::subtransaction;
use crate::pg::{database, hooks, process, transaction};

/// How long it waits for a lock that is not a source's, and tries to get that of a source.
const PATIENCE: &str = "5s";

/// What it is told to do first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// What was decided: capture begins or ends.
    AsDecided,
    /// That changes are to be captured from now on.
    Enable,
}

/// The word for that one order. The other is the lack of it, as of one that is started at a commit.
const ENABLE: &str = "enable";

impl Order {
    fn word(self) -> &'static str {
        match self {
            Order::AsDecided => "",
            Order::Enable => ENABLE,
        }
    }
}

/// Begins to capture changes, as the last thing that is done; where this role may not lock the sources, once its transaction has ended.
/// Returns whether it has begun here and now.
pub fn begin() -> Result<bool, Error> {
    let installed = subtransaction(|| {
        state::lock()?;
        let snapshot = state::snapshot()?;
        let Some(owner) = snapshot.catalog.owner.filter(|_| snapshot.is_wanted) else {
            return Ok((false, None));
        };
        let captured = as_role(owner, capture::inspect)?;
        if let Some(problem) = capture::first_problem(&captured) {
            return Ok((false, Some(problem)));
        }
        let has_begun = !capture::is_complete(&captured)? && install_or_leave(&captured)?;
        Ok((has_begun, None))
    });
    let (has_begun, reason) = match installed {
        Ok(installed) => installed,
        Err(error) => (false, Some(not_installed(&error))),
    };
    state::store_reason(reason.as_deref())?;
    Ok(has_begun)
}

/// Puts the triggers on, or leaves that to the installer. Returns whether they are on.
pub fn install_or_leave(captured: &[Captured]) -> Result<bool, Error> {
    let is_here = capture::may_lock(captured)?;
    match is_here {
        true => capture::install(captured)?,
        false => transaction::install_at_commit(),
    }
    Ok(is_here)
}

/// Whether the installer has to be waited for: this role may not lock the sources, and its transaction would see what that does.
pub fn is_needed(captured: &[Captured]) -> Result<bool, Error> {
    Ok(transaction::sees_others() && !capture::may_lock(captured)?)
}

/// Has it begin to capture, and waits for it, without any lock that it needs. Returns why nothing is captured, if that is so.
pub fn run(owner: u32, order: Order) -> Result<Option<String>, Error> {
    if !transaction::run_installer(order.word()) {
        return Err(Error::NoRoomForInstaller);
    }
    let captured = as_role(owner, capture::inspect)?;
    if capture::is_complete(&captured)? {
        return Ok(None);
    }
    let unknown = || "capture could not be installed: the server's log may say why".into();
    Ok(Some(state::snapshot()?.reason.unwrap_or_else(unknown)))
}

/// Why nothing is captured where the attempt has ended in an error.
pub fn not_installed(error: &Error) -> String {
    format!("capture could not be installed: {error}")
}

/// The installer's main function. Its argument is the database's oid.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn metabase_views_installer_main(argument: pg_sys::Datum) {
    process::start(Some(argument.value() as u32));
    process::report("metabase_views: installing capture");
    let order = match BackgroundWorker::get_extra() {
        ENABLE => Order::Enable,
        _ => Order::AsDecided,
    };
    if let Err(error) = install_or_remove(order) {
        warning!("metabase_views: capture could not be installed: {error}");
    }
}

/// Brings the triggers to what was decided.
fn install_or_remove(order: Order) -> Result<(), Error> {
    let triggers = in_transaction(|| {
        if !database::has_extension() {
            return Ok(Vec::new());
        }
        state::lock()?;
        if order == Order::Enable {
            state::store_wanted(true)?;
        }
        match is_to_end()? {
            true => capture::triggers(),
            false => {
                if begin()? {
                    // What was written since the views were filled was not noted.
                    state::note_unknown()?;
                    hooks::wake_worker_at_commit();
                }
                capture::idle_strays()
            }
        }
    })?;
    // Each in a transaction of its own, so that no table stays locked for the sake of another.
    for trigger in triggers {
        let taken_off = in_transaction(|| {
            state::lock()?;
            match is_to_end()? {
                true => capture::take_off(&trigger),
                false if capture::idle_strays()?.contains(&trigger) => capture::take_off(&trigger),
                // Somebody wants them again.
                false => Ok(()),
            }
        });
        // What is the matter with one table keeps no other's trigger.
        if let Err(error) = taken_off {
            warning!("metabase_views: a trigger that captured changes could not be taken off: {error}");
        }
    }
    Ok(())
}

/// Whether nobody wants the triggers.
fn is_to_end() -> Result<bool, Error> {
    let snapshot = state::snapshot()?;
    Ok((snapshot.catalog.owner.is_none() || !snapshot.is_wanted) && !state::is_active()?)
}

fn in_transaction<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    process::transaction(|| with_settings(&[("lock_timeout", PATIENCE)], work))
}
