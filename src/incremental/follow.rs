//! Following: before a refresh reads the adapters, they are brought to what the names of their sources mean now.

use super::state::StateSnapshot;
use crate::error::Error;
use crate::pg::identity::as_role;
use crate::pg::setting::with_time_zone;
use crate::pg::subtransaction::subtransaction;
use crate::source::drift;
use crate::source::installed::{self, Looked};

/// What has become of the adapters.
pub enum Followed {
    /// They show what the names mean, or go on with what they read.
    Nothing,
    /// Some were replaced, and why.
    Adapters(String),
    /// Some have to be replaced, and why.
    Not(String),
    /// The names mean something that they cannot show.
    Barred(String),
}

/// Has the adapters, which all belong to `owner`, follow the names if those have come to mean something else; where `may_follow` is
/// false, finds out whether they have to.
///
/// The caller holds the lock of refreshes.
pub fn follow(snapshot: &StateSnapshot, owner: u32, may_follow: bool) -> Result<Followed, Error> {
    if !snapshot.catalog.has_other_names {
        if snapshot.is_altered() {
            note(owner)?;
        }
        return Ok(Followed::Nothing);
    }
    as_role(owner, || {
        let compared = installed::compare()?;
        if let Some(what) = compared.drifts.barred() {
            return Ok(Followed::Barred(what.to_owned()));
        }
        let Some(what) = compared.drifts.to_follow() else {
            installed::store_names(Looked::Comparing, compared.names, &compared.drifts.notes())?;
            return Ok(Followed::Nothing);
        };
        if let Some(problem) = drift::misfit(&compared.sources) {
            return Ok(Followed::Barred(format!("{what}; {problem}")));
        }
        if !may_follow {
            return Ok(Followed::Not(what));
        }
        let zone = &compared.settings.time_zone;
        match subtransaction(|| with_time_zone(zone, || installed::follow(&compared, &what))) {
            Ok(()) => Ok(Followed::Adapters(what)),
            // Whoever is in the way will be gone.
            Err(error) if error.is_lock_timeout() => Err(error),
            Err(error) => Ok(Followed::Barred(format!("{what}; {error}"))),
        }
    })
}

/// Notes how adapters stand to their sources where something else was altered than what names of tables mean, such as a function that a
/// mapping calls and that is not there any more: what keeps changes from being captured tells the first reason only.
fn note(owner: u32) -> Result<(), Error> {
    match subtransaction(|| as_role(owner, installed::compare)) {
        // What the names mean is left as it was compared: what has changed about that in between is followed the next time.
        Ok(compared) => installed::store_notes(&compared.drifts.all()),
        // What cannot be looked at is said where the facts are built.
        Err(_) => Ok(()),
    }
}
