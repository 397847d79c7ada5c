//! What is due: one view's past and its timetable against the clock. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::calendar::{Strategy, Timetable};

/// What is known of a view's runs.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// When it is due next, as was computed last; None where nothing was computed for the timetable that it has now.
    pub next_due: Option<Timestamp>,
    /// When its last run began that completed, whoever asked for it.
    pub last_run: Option<Timestamp>,
    /// Before when it is not tried again, after it has failed.
    pub retry_at: Option<Timestamp>,
}

/// Why a view is refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its time has come, or came while nobody was there.
    Schedule,
    /// The last run failed.
    Retry,
    /// What it shows has changed.
    Event,
}

impl Cause {
    pub fn name(self) -> &'static str {
        match self {
            Cause::Schedule => "schedule",
            Cause::Retry => "retry",
            Cause::Event => "event",
        }
    }
}

/// What to do about a view.
#[derive(Debug, PartialEq, Eq)]
pub struct Decision {
    pub cause: Option<Cause>,
    /// When it is due after that.
    pub next_due: Option<Timestamp>,
}

/// Decides at `now`, where `next_after_now` is the first time after it that the view is due.
///
/// A time that has passed unused is made up once, however many they were. A run that somebody else asked for since then counts.
pub fn decide(past: &Past, now: Timestamp, next_after_now: Option<Timestamp>, has_event: bool) -> Decision {
    let decision = |cause| Decision {
        cause,
        next_due: next_after_now,
    };
    let missed = past.next_due.filter(|due| *due <= now);
    if let Some(retry_at) = past.retry_at {
        return match retry_at <= now {
            true => decision(Some(Cause::Retry)),
            // What is due meanwhile is done then.
            false => decision(None),
        };
    }
    match missed {
        Some(due) if past.last_run.is_none_or(|run| run < due) => decision(Some(Cause::Schedule)),
        _ if has_event => decision(Some(Cause::Event)),
        _ => decision(None),
    }
}

/// When the shop's data is checked after it was last: at the time of daily views, and at once where it never was, or where the clock has
/// been put back since.
pub fn check(last: Option<Timestamp>, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    match last.filter(|last| *last <= now) {
        Some(last) => Timetable::parse(Strategy::Daily.name())
            .ok()?
            .next_after(last, zone),
        None => Some(now),
    }
}

const FIRST_RETRY: SignedDuration = SignedDuration::from_secs(30);
const LAST_RETRY: SignedDuration = SignedDuration::from_hours(1);
/// What no delay is longer than.
pub const LONGEST_RETRY: SignedDuration = SignedDuration::from_mins(72);

/// How long to wait after so many failures in a row: doubling up to an hour, give or take a fifth, so that what has failed
/// together is not tried together. `random` is between 0 and 1.
pub fn retry_delay(failures: i32, random: f64) -> SignedDuration {
    let doubled = FIRST_RETRY.as_secs_f64() * 2f64.powi((failures - 1).clamp(0, 20));
    let capped = doubled.min(LAST_RETRY.as_secs_f64());
    SignedDuration::from_secs_f64(capped * (0.8 + 0.4 * random))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).expect("a time")
    }

    /// A view that is due each hour, at minute 60, 120 and so on.
    fn decide_hourly(past: &Past, now: i64, has_event: bool) -> Decision {
        decide(past, at(now), Some(at((now / 60 + 1) * 60)), has_event)
    }

    fn due(minute: i64) -> Past {
        Past {
            next_due: Some(at(minute)),
            ..Past::default()
        }
    }

    #[test]
    fn a_view_is_due_when_its_time_has_come_and_not_before() {
        assert_eq!(decide_hourly(&due(60), 59, false).cause, None);
        let decision = decide_hourly(&due(60), 60, false);
        assert_eq!(decision.cause, Some(Cause::Schedule));
        assert_eq!(decision.next_due, Some(at(120)));
    }

    #[test]
    fn a_new_timetable_begins_with_its_next_time() {
        let decision = decide_hourly(&Past::default(), 75, false);
        assert_eq!(
            decision,
            Decision {
                cause: None,
                next_due: Some(at(120))
            }
        );
    }

    #[test]
    fn what_was_missed_is_made_up_once() {
        let decision = decide_hourly(&due(60), 600, false);
        assert_eq!(
            decision,
            Decision {
                cause: Some(Cause::Schedule),
                next_due: Some(at(660))
            }
        );
    }

    #[test]
    fn a_run_that_somebody_asked_for_counts() {
        let by_hand = Past {
            last_run: Some(at(61)),
            ..due(60)
        };
        assert_eq!(decide_hourly(&by_hand, 62, false).cause, None);
        let too_early = Past {
            last_run: Some(at(59)),
            ..due(60)
        };
        assert_eq!(decide_hourly(&too_early, 62, false).cause, Some(Cause::Schedule));
    }

    #[test]
    fn a_failed_view_waits_for_its_retry_whatever_happens() {
        let failed = Past {
            retry_at: Some(at(65)),
            ..due(60)
        };
        assert_eq!(decide_hourly(&failed, 64, true).cause, None);
        assert_eq!(decide_hourly(&failed, 65, false).cause, Some(Cause::Retry));
    }

    #[test]
    fn an_event_is_a_cause_of_its_own() {
        assert_eq!(decide_hourly(&due(60), 30, true).cause, Some(Cause::Event));
        assert_eq!(decide_hourly(&due(60), 60, true).cause, Some(Cause::Schedule));
    }

    #[test]
    fn data_is_checked_once_a_day_and_at_once_where_it_never_was() {
        let zone = TimeZone::UTC;
        let two_o_clock = 2 * 60;
        assert_eq!(check(None, at(7), &zone), Some(at(7)));
        assert_eq!(check(Some(at(7)), at(9), &zone), Some(at(two_o_clock)));
        assert_eq!(
            check(Some(at(two_o_clock)), at(two_o_clock), &zone),
            Some(at(two_o_clock + 24 * 60))
        );
        assert_eq!(
            check(Some(at(9)), at(7), &zone),
            Some(at(7)),
            "the clock was put back"
        );
    }

    #[test]
    fn retries_come_later_and_later_up_to_an_hour() {
        let seconds = |failures, random| retry_delay(failures, random).as_secs();
        assert_eq!(seconds(1, 0.5), 30);
        assert_eq!(seconds(2, 0.5), 60);
        assert_eq!(seconds(1000, 0.5), 3600);
        assert_eq!((seconds(1, 0.0), seconds(1, 1.0)), (24, 36));
    }
}
