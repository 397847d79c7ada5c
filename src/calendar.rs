//! When a view is due: strategies and cron expressions in a time zone, over a clock that is passed in. Pure.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::error::Error;

/// How often a view is refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Realtime,
    Hourly,
    Daily,
    Weekly,
    Manual,
}

impl Strategy {
    pub const ALL: [Strategy; 5] = [
        Strategy::Realtime,
        Strategy::Hourly,
        Strategy::Daily,
        Strategy::Weekly,
        Strategy::Manual,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Strategy::Realtime => "realtime",
            Strategy::Hourly => "hourly",
            Strategy::Daily => "daily",
            Strategy::Weekly => "weekly",
            Strategy::Manual => "manual",
        }
    }

    pub fn from_name(name: &str) -> Option<Strategy> {
        Strategy::ALL.into_iter().find(|strategy| strategy.name() == name)
    }
}

/// When a view is refreshed by itself.
///
/// Times are those on the clock on the wall. Where that clock skips a time that was named, the run is as soon as the clock goes
/// on; where it shows that time twice, the run is at the first. What repeats all day, such as "every hour", goes on by time that
/// really passes.
#[derive(Clone, Debug, Default)]
pub struct Timetable {
    /// None where it is due at no time of its own: by hand, or whenever something changes.
    times: Option<Cron>,
}

impl Timetable {
    /// That of a strategy by its name, or of a cron expression of five fields; the reason where it is neither.
    pub fn parse(strategy: &str) -> Result<Timetable, String> {
        let expression = match Strategy::from_name(strategy) {
            Some(Strategy::Realtime | Strategy::Manual) => return Ok(Timetable { times: None }),
            Some(Strategy::Hourly) => "0 * * * *",
            Some(Strategy::Daily) => "0 2 * * *",
            Some(Strategy::Weekly) => "0 3 * * 1",
            // The parser knows more, such as @daily, which is at another time than "daily".
            None if strategy.split_whitespace().count() != 5 => {
                return Err("it does not have five fields".into());
            }
            None => strategy,
        };
        let times = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build()
            .parse(expression)
            .map_err(|error| error.to_string())?;
        if times
            .find_next_occurrence(&Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC), false)
            .is_err()
        {
            return Err("it names a time that never comes".into());
        }
        Ok(Timetable { times: Some(times) })
    }

    /// The first time after `now` that it is due; None where there is none.
    pub fn next_after(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let times = self.times.as_ref()?;
        let next =
            |from: Timestamp, inclusive| times.find_next_occurrence(&from.to_zoned(zone.clone()), inclusive);
        let found = match next(now, false) {
            // Clocks have skipped a whole day, where a zone has changed sides of the date line. It is looked for behind that.
            Err(_) => (1..=LONGEST_GAP)
                .find_map(|hours| next(now.checked_add(SignedDuration::from_hours(hours)).ok()?, true).ok()),
            found => found.ok(),
        };
        found.map(|next| next.timestamp())
    }
}

/// A strategy or cron expression with single spaces between its words, if it is one.
pub fn checked_strategy(strategy: &str) -> Result<String, Error> {
    let words = strategy.split_whitespace().collect::<Vec<_>>().join(" ");
    let parsed = match words.len() {
        ..=LONGEST_STRATEGY => Timetable::parse(&words).map(|_| ()),
        _ => Err(format!("it has more than {LONGEST_STRATEGY} bytes")),
    };
    match parsed {
        Ok(()) => Ok(words),
        Err(reason) => Err(Error::InvalidStrategy {
            name: words.chars().take(LONGEST_STRATEGY).collect(),
            reason,
        }),
    }
}

/// Bytes that nobody needs more of: it is shown wherever the view's status is.
const LONGEST_STRATEGY: usize = 200;

/// Hours that no clock skips more of.
const LONGEST_GAP: i64 = 26;

/// The zone that PostgreSQL knows by a name; None where the time zone database here does not know it.
pub fn zone(name: &str) -> Option<TimeZone> {
    // Debian's time zone database has each zone a second time, under a name that only PostgreSQL looks up.
    let name = name.strip_prefix("posix/").unwrap_or(name);
    TimeZone::get(name).or_else(|_| TimeZone::posix(name)).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, Instant};

    use proptest::prelude::*;
    use proptest::sample::select;
    use proptest::strategy::Strategy as _;

    use super::{Strategy, *};

    const BERLIN: &str = "Europe/Berlin";
    const NEW_YORK: &str = "America/New_York";

    /// All times between two, in UTC, as the clock in the zone shows them.
    fn runs(strategy: &str, zone_name: &str, from: &str, until: &str) -> Vec<String> {
        let timetable = Timetable::parse(strategy).expect("a strategy");
        let zone = zone(zone_name).expect("a zone");
        let until: Timestamp = until.parse().expect("a time");
        let mut now: Timestamp = from.parse().expect("a time");
        let mut runs = Vec::new();
        while let Some(next) = timetable.next_after(now, &zone).filter(|next| *next < until) {
            runs.push(next.to_zoned(zone.clone()).strftime("%a %F %H:%M%:z").to_string());
            now = next;
        }
        runs
    }

    #[test]
    fn a_zone_is_known_by_all_names_that_postgresql_has_for_it() {
        let berlin = zone(BERLIN);
        assert!(berlin.is_some());
        assert_eq!(zone("posix/Europe/Berlin"), berlin);
        assert!(zone("<+03>-3").is_some());
        assert_eq!(zone("Europe/Nowhere"), None);
    }

    #[test]
    fn strategies_are_due_at_their_times_on_the_local_clock() {
        let week = ["2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z"];
        assert_eq!(runs("hourly", BERLIN, week[0], week[1]).len(), 7 * 24 - 1);
        assert_eq!(
            runs("daily", BERLIN, week[0], week[1])[..2],
            ["Tue 2026-06-02 02:00+02:00", "Wed 2026-06-03 02:00+02:00"]
        );
        assert_eq!(
            runs("weekly", NEW_YORK, week[0], week[1]),
            ["Mon 2026-06-01 03:00-04:00"]
        );
        assert!(runs("realtime", BERLIN, week[0], week[1]).is_empty());
        assert!(runs("manual", BERLIN, week[0], week[1]).is_empty());
    }

    #[test]
    fn a_time_that_the_clock_skips_is_due_when_it_goes_on() {
        assert_eq!(
            runs("daily", BERLIN, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
            ["Sun 2026-03-29 03:00+02:00", "Mon 2026-03-30 02:00+02:00"]
        );
        assert_eq!(
            runs("daily", NEW_YORK, "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z"),
            ["Sun 2026-03-08 03:00-04:00", "Mon 2026-03-09 02:00-04:00"]
        );
    }

    #[test]
    fn a_time_that_the_clock_shows_twice_is_due_once() {
        assert_eq!(
            runs("daily", BERLIN, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
            ["Sun 2026-10-25 02:00+02:00", "Mon 2026-10-26 02:00+01:00"]
        );
        assert_eq!(
            runs(
                "30 1 * * *",
                NEW_YORK,
                "2026-10-31T12:00:00Z",
                "2026-11-02T12:00:00Z"
            ),
            ["Sun 2026-11-01 01:30-04:00", "Mon 2026-11-02 01:30-05:00"]
        );
    }

    #[test]
    fn every_hour_is_every_hour_that_passes() {
        for (zone, spring, autumn) in [
            (
                BERLIN,
                ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
                ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
            ),
            (
                NEW_YORK,
                ["2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"],
                ["2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"],
            ),
        ] {
            // The run at the day's beginning is not after it.
            assert_eq!(runs("hourly", zone, spring[0], spring[1]).len(), 23 - 1);
            assert_eq!(runs("hourly", zone, autumn[0], autumn[1]).len(), 25 - 1);
        }
    }

    #[test]
    fn each_local_day_has_one_daily_run_and_each_week_one_weekly() {
        for name in [
            BERLIN,
            NEW_YORK,
            "Australia/Lord_Howe",
            "Asia/Kolkata",
            "America/Sao_Paulo",
            "Pacific/Apia",
        ] {
            let mut days = BTreeMap::new();
            for run in runs("daily", name, "2010-01-01T14:00:00Z", "2013-01-01T00:00:00Z") {
                *days.entry(run[..14].to_owned()).or_insert(0) += 1;
            }
            assert!(days.values().all(|count| *count == 1), "{name}");
            // Apia has skipped a whole day, 30 December 2011.
            let skipped = if name == "Pacific/Apia" { 1 } else { 0 };
            assert!(
                (1095 - skipped..=1096 - skipped).contains(&days.len()),
                "{name}: {}",
                days.len()
            );
            let weeks = runs("weekly", name, "2010-01-01T14:00:00Z", "2013-01-01T00:00:00Z");
            assert!((156..=157).contains(&weeks.len()), "{name}: {}", weeks.len());
            assert!(weeks.iter().all(|run| run.starts_with("Mon ")), "{name}");
        }
    }

    #[test]
    fn a_cron_expression_has_five_fields() {
        assert_eq!(
            runs(
                "*/20 9-10 * * mon-fri",
                BERLIN,
                "2026-06-05T08:15:00Z",
                "2026-06-08T07:30:00Z"
            ),
            [
                "Fri 2026-06-05 10:20+02:00",
                "Fri 2026-06-05 10:40+02:00",
                "Mon 2026-06-08 09:00+02:00",
                "Mon 2026-06-08 09:20+02:00",
            ]
        );
        for wrong in [
            "",
            "* * *",
            "61 * * * *",
            "* * * * * *",
            "often",
            "0 0 31 2 8",
            "0 0 30 2 *",
        ] {
            assert!(Timetable::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn zones_are_known_by_name_and_by_rule() {
        assert!(zone(BERLIN).is_some());
        assert!(zone("<+03>-03").is_some());
        assert!(zone("Mars/Olympus").is_none());
    }

    /// A field of a cron expression, and the numbers that it means.
    fn field(least: i8, most: i8) -> impl proptest::strategy::Strategy<Value = (String, Vec<i8>)> {
        let all = move |step: usize| (least..=most).step_by(step).collect::<Vec<i8>>();
        let sorted = |a: i8, b: i8| (a.min(b), a.max(b));
        prop_oneof![
            Just(("*".to_owned(), all(1))),
            (least..=most).prop_map(|number| (number.to_string(), vec![number])),
            (least..=most, least..=most).prop_map(|(a, b)| (format!("{a},{b}"), vec![a, b])),
            (least..=most, least..=most, 1_u8..5).prop_map(move |(a, b, step)| {
                let (first, last) = sorted(a, b);
                let numbers = (first..=last).step_by(step.into()).collect();
                let step = if step == 1 {
                    String::new()
                } else {
                    format!("/{step}")
                };
                (format!("{first}-{last}{step}"), numbers)
            }),
        ]
    }

    /// The same with steps over all numbers.
    fn field_of_time(most: i8) -> impl proptest::strategy::Strategy<Value = (String, Vec<i8>)> {
        let steps = (1_u8..20).prop_map(move |step| {
            let numbers = (0..=most).step_by(step.into()).collect();
            (format!("*/{step}"), numbers)
        });
        prop_oneof![field(0, most), steps]
    }

    /// What a cron expression says, read by other means than the parser's.
    #[derive(Debug)]
    struct Times {
        minutes: Vec<i8>,
        hours: Vec<i8>,
        days: Option<Vec<i8>>,
        months: Vec<i8>,
        /// From Sunday, which is 0 or 7.
        weekdays: Option<Vec<i8>>,
    }

    impl Times {
        /// Where days of the month and of the week are both given, either is enough.
        fn has(&self, time: &jiff::Zoned) -> bool {
            let is_day = self.days.as_ref().map(|days| days.contains(&time.day()));
            let weekday = time.weekday().to_sunday_zero_offset();
            let is_weekday = self
                .weekdays
                .as_ref()
                .map(|weekdays| weekdays.iter().any(|it| it % 7 == weekday));
            let is_day = match (is_day, is_weekday) {
                (Some(one), Some(other)) => one || other,
                (one, other) => one.or(other).unwrap_or(true),
            };
            is_day
                && self.minutes.contains(&time.minute())
                && self.hours.contains(&time.hour())
                && self.months.contains(&time.month())
        }
    }

    fn times() -> impl proptest::strategy::Strategy<Value = (String, Times)> {
        (
            field_of_time(59),
            field_of_time(23),
            field(1, 31),
            field(1, 12),
            field(0, 7),
        )
            .prop_map(|(minute, hour, day, month, weekday)| {
                let expression = [&minute, &hour, &day, &month, &weekday].map(|(text, _)| text.as_str());
                let given = |(text, numbers): &(String, Vec<i8>)| (text != "*").then(|| numbers.clone());
                let times = Times {
                    days: given(&day),
                    weekdays: given(&weekday),
                    minutes: minute.1.clone(),
                    hours: hour.1.clone(),
                    months: month.1.clone(),
                };
                (expression.join(" "), times)
            })
    }

    /// Whether the clock has shown this time before: it was put back since.
    fn is_shown_again(time: &jiff::Zoned) -> bool {
        let first = time
            .datetime()
            .to_zoned(time.time_zone().clone())
            .expect("a time");
        first.timestamp() < time.timestamp()
    }

    /// Whether the clock has just skipped something.
    fn is_after_a_gap(time: &jiff::Zoned) -> bool {
        let before = time.timestamp() - SignedDuration::from_secs(1);
        before.to_zoned(time.time_zone().clone()).offset() < time.offset()
    }

    const ZONES: [&str; 9] = [
        "UTC",
        BERLIN,
        NEW_YORK,
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Pacific/Apia",
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "Antarctica/Troll",
    ];

    proptest! {
        #[test]
        fn the_next_time_is_one_that_is_named_and_the_first_of_them(
            (expression, times) in times(),
            zone_name in select(&ZONES[..]),
            year in 1990_i16..2037,
            change in 0_usize..3,
            minutes in -3000_i64..3000,
        ) {
            let Ok(timetable) = Timetable::parse(&expression) else {
                // Such as 30 February.
                prop_assert!(times.weekdays.is_none(), "{}", expression);
                return Ok(());
            };
            let zone = zone(zone_name).expect("a zone");
            let start: Timestamp = format!("{year}-01-01T00:00:00Z").parse().expect("a time");
            // Near a change of the clock, where there is one.
            let near = zone.following(start).nth(change).map_or(start, |change| change.timestamp());
            let now = near + SignedDuration::from_mins(minutes);
            let Some(next) = timetable.next_after(now, &zone) else {
                return Err(TestCaseError::fail(format!("no time for {expression}")));
            };
            prop_assert!(next > now);
            let shown = next.to_zoned(zone.clone());
            prop_assert!(times.has(&shown) || is_after_a_gap(&shown), "{} is not in {}", shown, expression);
            let is_at_fixed_times = !expression.split(' ').take(2).any(|field| field.contains('*'));
            prop_assert!(!is_at_fixed_times || !is_shown_again(&shown), "{} is {} a second time", expression, shown);
            // No other time was left out, for three days.
            let mut time = now + SignedDuration::from_secs(60 - now.as_second().rem_euclid(60));
            let end = next.min(now + SignedDuration::from_hours(72));
            while time < end {
                let shown = time.to_zoned(zone.clone());
                prop_assert!(
                    !times.has(&shown) || is_shown_again(&shown),
                    "{} after {} leaves out {}, and is {}", expression, now, shown, next
                );
                time += SignedDuration::from_mins(1);
            }
        }

        #[test]
        fn any_text_is_a_timetable_or_is_told_to_be_none(
            text in prop_oneof![
                "\\PC{0,30}",
                "([0-9*/,#LW?+@a-c-]{1,6} ){4}[0-9*/,#LW?+-]{1,6}",
                "([0-9]{1,3}|[*]|[*]/[0-9]{1,20}|[0-9]-[0-9]| |,){1,12}",
                "[0-9*]{1,2} [0-9*]{1,2} (L|LW|[0-9]{1,2}W?|[*?]) ([A-Za-z]{3}|[*]) ([0-7](#[0-9]|L)?|[A-Za-z]{3}|[*?])",
            ],
            zone_name in select(&ZONES[..]),
            second in -2_000_000_000_i64..4_000_000_000,
        ) {
            let start = Instant::now();
            let now = Timestamp::from_second(second).expect("a time");
            if let Ok(timetable) = Timetable::parse(&text)
                && let Some(next) = timetable.next_after(now, &zone(zone_name).expect("a zone"))
            {
                prop_assert!(next > now, "{}", text);
            }
            let _ = checked_strategy(&text);
            prop_assert!(start.elapsed() < Duration::from_secs(5), "{} takes {:?}", text, start.elapsed());
        }
    }

    #[test]
    fn strategies_are_known_by_their_names() {
        for strategy in Strategy::ALL {
            assert_eq!(Strategy::from_name(strategy.name()), Some(strategy));
        }
        assert_eq!(Strategy::from_name("Hourly"), None);
    }
}
