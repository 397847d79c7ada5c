//! Decides how the views are refreshed, by what was seen of them, of their sources and of capture. Pure.

use std::borrow::Cow;

use crate::error::Error;
use crate::incremental::state::StateSnapshot;

/// What the caller asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Whatever is best.
    Auto,
    /// From the definition.
    Full,
    /// By what changed.
    Incremental,
}

impl Mode {
    pub fn from_name(name: &str) -> Option<Mode> {
        match name {
            "auto" => Some(Mode::Auto),
            "full" => Some(Mode::Full),
            "incremental" => Some(Mode::Incremental),
            _ => None,
        }
    }
}

/// With fewer queued keys than this, costs are not compared.
const MANY_CHANGES: i64 = 10_000;
/// The assumed cost of applying one change, in seconds, until it has been measured.
const SECONDS_PER_CHANGE: f64 = 0.0002;

/// What was seen before anything is done.
pub struct Seen {
    pub snapshot: StateSnapshot,
    /// Whether the current role may act as the owner of the adapters.
    pub may_act_as_owner: bool,
    /// The owner of schema analytics, where that is a role which the owner of the adapters has no reason to trust.
    pub schema_stranger: Option<String>,
    /// How long it takes to fill all views, in seconds; None where that is not known, or does not matter.
    pub full_seconds: Option<f64>,
}

/// How the views are going to be refreshed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// By what is queued.
    Incremental { owner: u32 },
    /// By facts that are built first, if changes are captured.
    Build {
        owner: u32,
        why: &'static str,
        /// Whether the facts are usable, and building them anew is only expected to be faster.
        is_cheaper: bool,
    },
    /// Each view from its definition.
    Full { reason: String },
    /// The same, without keeping anybody from refreshing: there is nothing that this role could refresh otherwise.
    Apart { reason: &'static str },
}

fn full(reason: impl Into<String>) -> Way {
    Way::Full {
        reason: reason.into(),
    }
}

/// As whom there is anything to refresh from facts, or why there is not: asked before anybody is kept waiting, and again under the lock.
pub fn owner(of_adapters: Option<u32>, may_act_as_owner: bool) -> Result<u32, &'static str> {
    match of_adapters {
        None => Err("there are no adapters"),
        Some(_) if !may_act_as_owner => Err("it belongs to another role"),
        Some(owner) => Ok(owner),
    }
}

/// Decides for all of them.
pub fn way(seen: &Seen, mode: Mode) -> Way {
    let snapshot = &seen.snapshot;
    let owner = match owner(snapshot.catalog.owner, seen.may_act_as_owner) {
        Ok(owner) => owner,
        Err(reason) => return Way::Apart { reason },
    };
    if !snapshot.is_wanted {
        return full("capture is disabled");
    }
    if let Some(stranger) = &seen.schema_stranger {
        let owner = stranger.clone();
        return full(Error::SchemaOfStranger { owner }.to_string());
    }
    if mode == Mode::Full {
        return full("full was asked for");
    }
    if snapshot.is_altered_now {
        return full("this transaction has altered a source, its triggers or its adapter");
    }
    let (why, is_cheaper) = match snapshot.outdated() {
        Some(why) => (why, false),
        None if mode == Mode::Auto && is_build_cheaper(snapshot, seen.full_seconds) => {
            ("so much has changed that this is cheaper", true)
        }
        None => return Way::Incremental { owner },
    };
    if snapshot.has_just_failed == Some(true) {
        let reason = snapshot.reason.clone();
        return full(reason.unwrap_or_else(|| "facts and rollups could not be built a moment ago".into()));
    }
    // Facts that are built in the transaction that began to capture changes could lack what was committed just before.
    if snapshot.is_installed_now == Some(true) {
        return full(
            "changes of its sources are captured since this transaction: the next one builds facts and rollups",
        );
    }
    Way::Build {
        owner,
        why,
        is_cheaper,
    }
}

/// Whether so much is queued that it matters how long it takes to fill all views.
pub fn asks_for_cost(snapshot: &StateSnapshot) -> bool {
    snapshot.changes >= MANY_CHANGES
}

/// Whether building anew, and filling each view, is expected to cost less than applying what is queued.
fn is_build_cheaper(snapshot: &StateSnapshot, full_seconds: Option<f64>) -> bool {
    let (Some(build), Some(full)) = (snapshot.build_seconds, full_seconds) else {
        return false;
    };
    let apply = snapshot.changes as f64 * snapshot.seconds_per_change.unwrap_or(SECONDS_PER_CHANGE);
    asks_for_cost(snapshot) && apply > build + full
}

/// What was seen of capture where facts are to be built.
pub enum CaptureState {
    /// The sources could not be looked at, and why.
    Unreadable(String),
    /// Changes cannot be captured, and why.
    Impossible(String),
    /// They can be, and are not yet.
    Incomplete,
    Complete,
}

/// Whether the facts are built now, or each view is refreshed from its definition instead.
#[derive(Debug, PartialEq, Eq)]
pub enum Build {
    Now,
    /// Each view is filled from its definition instead.
    Instead {
        reason: String,
        /// Whether the queues are emptied: the next build reads all rows anyway.
        forgets: bool,
        /// Whether capture begins once all else is done: that locks the sources until the transaction ends.
        installs: bool,
    },
}

/// Decides whether facts that have to be built, for the reason `why`, are built now.
pub fn build(why: &str, capture: CaptureState, mode: Mode, is_own_transaction: bool) -> Build {
    let instead = |reason: String| Build::Instead {
        reason,
        forgets: false,
        installs: false,
    };
    match capture {
        CaptureState::Unreadable(error) => instead(format!("the sources could not be looked at: {error}")),
        CaptureState::Impossible(reason) => Build::Instead {
            reason,
            forgets: true,
            installs: false,
        },
        CaptureState::Incomplete if is_own_transaction => Build::Instead {
            reason: "changes of its sources are captured from now on".into(),
            forgets: false,
            installs: true,
        },
        CaptureState::Incomplete => instead(
            "changes of its sources are not captured yet: that begins with a refresh outside of a transaction block".into(),
        ),
        CaptureState::Complete if mode == Mode::Incremental => {
            instead(format!("facts and rollups have to be built first: {why}"))
        }
        CaptureState::Complete => Build::Now,
    }
}

/// What was seen of a view, once the facts are up to date.
pub struct SeenView {
    /// Why its rows cannot be written to.
    pub obstacle: Option<Cow<'static, str>>,
    /// Whether this refresh holds a lock on it. False if it was replaced since.
    pub is_locked: bool,
    /// Why it may lack more than the groups that have changed.
    pub unsynced: Option<&'static str>,
    /// Whether a statement of this session may have written to a source what its triggers have not noted yet.
    pub is_written_from: bool,
}

/// What is done with one view from the facts.
#[derive(Debug, PartialEq, Eq)]
pub enum ViewStep {
    /// Nothing: it is refreshed from its definition, or not at all.
    Skip {
        reason: String,
        /// Whether the groups that have changed are noted for later.
        notes: bool,
    },
    /// All of its rows are compared with those of its definition.
    Compare { reason: String },
    /// The rows of groups that have changed are written.
    Flush,
}

/// Decides for one view. `built` is the reason for which the facts were built in this refresh, if they were.
pub fn view_step(view: &SeenView, built: Option<&str>, mode: Mode) -> ViewStep {
    let unsynced = match built {
        Some(why) => Some(format!("facts and rollups were built: {why}")),
        None => view.unsynced.map(str::to_owned),
    };
    let not_held = (!view.is_locked).then_some(Cow::from("it was replaced or locked meanwhile"));
    match (view.obstacle.clone().or(not_held), unsynced) {
        (Some(obstacle), unsynced) => ViewStep::Skip {
            reason: obstacle.into_owned(),
            notes: unsynced.is_none(),
        },
        (None, Some(reason)) if mode == Mode::Incremental => ViewStep::Skip { reason, notes: false },
        // Its definition shows rows that the facts do not know yet. Those would move on from a group that nobody knows them to be in.
        (None, Some(_)) if view.is_written_from && built.is_none() => ViewStep::Skip {
            reason: "the statement that has called this refresh reads or writes its sources".into(),
            notes: false,
        },
        (None, Some(reason)) => ViewStep::Compare { reason },
        (None, None) => ViewStep::Flush,
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use serde_json::{Value, json};

    use super::*;

    const OWNER: u32 = 10;

    /// What is seen where all is well and a little is queued, but for what `other` says of the state, or in its `catalog` of that.
    fn seen(other: Value) -> Seen {
        let mut state = json!({
            "is_altered_now": false,
            "is_wanted": true,
            "generation": "1",
            "sources": "as they are",
            "version": env!("CARGO_PKG_VERSION"),
            "rates": null,
            "rates_now": "some versions",
            "reason": null,
            "is_installed_now": false,
            "has_just_failed": false,
            "build_seconds": 1.0,
            "seconds_per_change": 0.001,
            "zone": "UTC",
            "day": "2026-01-01",
            "own_tables": "as they are",
            "changes": 1,
            "oldest": null,
            "unknown": false,
            "views_of_others": [],
            "catalog": {
                "owner": OWNER,
                "sources": "as they are",
                "adapters": null,
                "own_tables": "as they are",
                "writers": null,
                "reads_rates": false,
                "has_strays": false,
                "has_other_names": false,
            },
        });
        merge(&mut state, &other);
        let catalog = serde_json::from_value(state["catalog"].take()).expect("what the catalog says");
        let is_altered_now = state["is_altered_now"] == true;
        let mut snapshot: StateSnapshot = serde_json::from_value(state).expect("a state");
        snapshot.catalog = Rc::new(catalog);
        snapshot.is_altered_now = is_altered_now;
        Seen {
            snapshot,
            may_act_as_owner: true,
            schema_stranger: None,
            full_seconds: Some(1.0),
        }
    }

    fn merge(state: &mut Value, other: &Value) {
        for (name, value) in other.as_object().expect("an object") {
            let held = state.get_mut(name).unwrap_or_else(|| panic!("{name}"));
            match held.is_object() {
                true => merge(held, value),
                false => *held = value.clone(),
            }
        }
    }

    fn incremental() -> Way {
        Way::Incremental { owner: OWNER }
    }

    fn apart(reason: &'static str) -> Way {
        Way::Apart { reason }
    }

    fn built(why: &'static str) -> Way {
        Way::Build {
            owner: OWNER,
            why,
            is_cheaper: false,
        }
    }

    #[test]
    fn what_is_seen_of_the_state_decides_for_all_views() {
        let altered = "this transaction has altered a source, its triggers or its adapter";
        let installed = "changes of its sources are captured since this transaction: the next one builds facts and rollups";
        let failed = "facts and rollups could not be built a moment ago";
        let unknown = "a source was truncated, or has changed in a way that could not be told";
        let cases = [
            (json!({}), incremental()),
            (
                json!({ "catalog": { "owner": null } }),
                apart("there are no adapters"),
            ),
            (json!({ "is_wanted": false }), full("capture is disabled")),
            (json!({ "is_altered_now": true }), full(altered)),
            (
                json!({ "generation": null }),
                built("they had not been built yet"),
            ),
            (
                json!({ "sources": "as they were" }),
                built("a source, its triggers or its adapter was altered"),
            ),
            (
                json!({ "sources": null }),
                built("a source, its triggers or its adapter was altered"),
            ),
            (
                json!({ "catalog": { "reads_rates": true }, "rates": "other versions" }),
                built("exchange rates have changed"),
            ),
            // No adapter reads them.
            (json!({ "rates_now": "other versions" }), incremental()),
            (
                json!({ "catalog": { "own_tables": "as they were" } }),
                built("a queue, facts or a rollup was altered or emptied"),
            ),
            (json!({ "unknown": true }), built(unknown)),
            // What keeps from building matters only where there is something to build.
            (json!({ "is_installed_now": true }), incremental()),
            (json!({ "has_just_failed": true }), incremental()),
            (
                json!({ "generation": null, "is_installed_now": true }),
                full(installed),
            ),
            (
                json!({ "generation": null, "has_just_failed": true }),
                full(failed),
            ),
            (
                json!({ "generation": null, "has_just_failed": true, "reason": "no room" }),
                full("no room"),
            ),
            // The first obstacle is the one that is told.
            (
                json!({ "catalog": { "owner": null }, "is_wanted": false }),
                apart("there are no adapters"),
            ),
            (
                json!({ "is_altered_now": true, "generation": null }),
                full(altered),
            ),
        ];
        for (other, expected) in cases {
            for mode in [Mode::Auto, Mode::Incremental] {
                assert_eq!(way(&seen(other.clone()), mode), expected, "{other} {mode:?}");
            }
        }
    }

    #[test]
    fn what_was_asked_for_is_done_unless_something_stands_against_it() {
        assert_eq!(way(&seen(json!({})), Mode::Full), full("full was asked for"));
        assert_eq!(
            way(&seen(json!({ "is_wanted": false })), Mode::Full),
            full("capture is disabled")
        );
    }

    #[test]
    fn nobody_acts_as_who_he_may_not_or_in_a_schema_of_somebody_elses() {
        for mode in [Mode::Auto, Mode::Full, Mode::Incremental] {
            let somebody_elses = Seen {
                may_act_as_owner: false,
                ..seen(json!({}))
            };
            assert_eq!(way(&somebody_elses, mode), apart("it belongs to another role"));
            let in_a_strange_schema = Seen {
                schema_stranger: Some("eve".into()),
                ..seen(json!({}))
            };
            let Way::Full { reason } = way(&in_a_strange_schema, mode) else {
                panic!("not in full: {mode:?}");
            };
            assert!(reason.contains("eve"), "{reason}");
        }
    }

    #[test]
    fn much_is_built_anew_where_that_costs_less() {
        let way_at = |changes: i64, per_change: Value, full_seconds: Option<f64>, mode: Mode| {
            let seen = Seen {
                full_seconds,
                ..seen(json!({ "changes": changes, "seconds_per_change": per_change }))
            };
            assert_eq!(asks_for_cost(&seen.snapshot), changes >= 10_000);
            way(&seen, mode)
        };
        let cheaper = Way::Build {
            owner: OWNER,
            why: "so much has changed that this is cheaper",
            is_cheaper: true,
        };
        // The build takes a second, and so do the views.
        assert_eq!(way_at(10_000, json!(0.0003), Some(1.0), Mode::Auto), cheaper);
        assert_eq!(
            way_at(10_000, json!(0.0002), Some(1.0), Mode::Auto),
            incremental()
        );
        assert_eq!(way_at(9_999, json!(1.0), Some(1.0), Mode::Auto), incremental());
        assert_eq!(
            way_at(10_000, json!(0.0003), Some(2.0), Mode::Auto),
            incremental()
        );
        // What was never measured is taken to cost a fifth of a millisecond.
        assert_eq!(way_at(10_001, json!(null), Some(1.0), Mode::Auto), cheaper);
        assert_eq!(way_at(10_000, json!(null), Some(1.0), Mode::Auto), incremental());
        assert_eq!(way_at(1_000_000, json!(1.0), None, Mode::Auto), incremental());
        assert_eq!(
            way_at(1_000_000, json!(1.0), Some(1.0), Mode::Incremental),
            incremental()
        );
    }

    #[test]
    fn facts_are_built_where_changes_are_captured() {
        let instead = |reason: &str, forgets, installs| Build::Instead {
            reason: reason.into(),
            forgets,
            installs,
        };
        let begins = "changes of its sources are captured from now on";
        let begins_later = "changes of its sources are not captured yet: that begins with a refresh outside of a transaction block";
        let problem = || CaptureState::Impossible("a is a view".into());
        let unreadable = || CaptureState::Unreadable("no".into());
        for mode in [Mode::Auto, Mode::Incremental] {
            for own in [true, false] {
                assert_eq!(
                    build("w", problem(), mode, own),
                    instead("a is a view", true, false)
                );
                assert_eq!(
                    build("w", unreadable(), mode, own),
                    instead("the sources could not be looked at: no", false, false)
                );
            }
            assert_eq!(
                build("w", CaptureState::Incomplete, mode, true),
                instead(begins, false, true)
            );
            assert_eq!(
                build("w", CaptureState::Incomplete, mode, false),
                instead(begins_later, false, false)
            );
        }
        assert_eq!(build("w", CaptureState::Complete, Mode::Auto, false), Build::Now);
        assert_eq!(
            build("w", CaptureState::Complete, Mode::Incremental, true),
            instead("facts and rollups have to be built first: w", false, false)
        );
    }

    #[test]
    fn what_is_seen_of_a_view_decides_for_it() {
        let skip = |reason: &str, notes| ViewStep::Skip {
            reason: reason.into(),
            notes,
        };
        let compare = |reason: &str| ViewStep::Compare {
            reason: reason.into(),
        };
        let (old, built) = (Some("it is old"), Some("they were old"));
        let by_build = "facts and rollups were built: they were old";
        let replaced = "it was replaced or locked meanwhile";
        // What is in the way, whether it is locked, why it is not in step, why the facts were built; what auto and incremental do.
        let cases = [
            (None, true, None, None, ViewStep::Flush, ViewStep::Flush),
            (
                None,
                true,
                old,
                None,
                compare("it is old"),
                skip("it is old", false),
            ),
            (None, true, None, built, compare(by_build), skip(by_build, false)),
            (None, true, old, built, compare(by_build), skip(by_build, false)),
            (
                None,
                false,
                None,
                None,
                skip(replaced, true),
                skip(replaced, true),
            ),
            (
                None,
                false,
                old,
                None,
                skip(replaced, false),
                skip(replaced, false),
            ),
            (
                None,
                false,
                None,
                built,
                skip(replaced, false),
                skip(replaced, false),
            ),
            (
                Some("no index"),
                true,
                None,
                None,
                skip("no index", true),
                skip("no index", true),
            ),
            (
                Some("no index"),
                false,
                old,
                None,
                skip("no index", false),
                skip("no index", false),
            ),
        ];
        for (obstacle, is_locked, unsynced, built, auto, incremental) in cases {
            let view = SeenView {
                obstacle: obstacle.map(Cow::from),
                is_locked,
                unsynced,
                is_written_from: false,
            };
            assert_eq!(view_step(&view, built, Mode::Auto), auto);
            assert_eq!(view_step(&view, built, Mode::Incremental), incremental);
        }
    }

    #[test]
    fn a_view_is_not_compared_with_facts_that_lack_what_it_would_show() {
        let step = |unsynced, built| {
            let view = SeenView {
                obstacle: None,
                is_locked: true,
                unsynced,
                is_written_from: true,
            };
            view_step(&view, built, Mode::Auto)
        };
        assert!(matches!(
            step(Some("new"), None),
            ViewStep::Skip { notes: false, .. }
        ));
        // Facts that were built just now know all that the definition shows.
        assert!(matches!(step(Some("new"), Some("new")), ViewStep::Compare { .. }));
        assert_eq!(step(None, None), ViewStep::Flush);
    }
}
