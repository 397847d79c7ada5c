//! The settings: what the numbers mean, and how long the history is kept. They live in a table, because a dump must carry them. Other
//! decisions that a dump must carry, such as who keeps the schedule, live in that table, too.

use crate::error::{Error, shortened};
use crate::pg::identity::{as_extension_owner, check_may_decide, current_role};
use crate::pg::query;
use crate::pg::setting::{with_time_zone, without_log};

/// The settings in force.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Zone that days, weeks, months, quarters and years are cut in: a name of the time zone database.
    pub time_zone: String,
    /// Statuses of orders that count. Upper and lower case are the same, by [`Settings::letters`].
    pub completed_statuses: Vec<String>,
    /// Statuses of orders and of stock items that have left the stock, compared in the same way.
    pub gone_statuses: Vec<String>,
    /// ISO 4217 code of the shop's currency, in which the views have amounts.
    pub currency: String,
    /// Days that the history of refreshes is kept.
    pub history_days: i32,
    /// Whether the shop is to have a view of its single sales, beside the seven.
    pub sales_view: bool,
    /// Whether the background worker checks the shop's data each day.
    pub daily_check: bool,
    /// What each month is to bring in, in the shop's currency, where the shop has said so.
    pub monthly_revenue_goal: Option<f64>,
    /// The collation, as SQL names it, that says which letters are the same but for their case: one and the same whatever locale
    /// the database has.
    pub letters: &'static str,
}

/// It knows the letters of all scripts, and no language's exceptions.
const ALL_LETTERS: &str = "pg_catalog.\"und-x-icu\"";
/// Where the server is built without ICU: A to Z alone.
const ASCII_LETTERS: &str = "pg_catalog.\"C\"";

const ON: &str = "on";
const OFF: &str = "off";

/// One setting, as users see it.
pub struct Setting {
    pub name: &'static str,
    pub example: &'static str,
    pub description: &'static str,
    kind: Kind,
    /// Puts a value that is stored, or the default, into its place.
    read: fn(&mut Settings, &str),
    /// The value in force, as it would be stored.
    show: fn(&Settings) -> String,
}

/// Which values are valid, and the default.
enum Kind {
    /// The name of a zone that the server knows; that of the database.
    TimeZone,
    /// A code of ISO 4217; the one that the views were made for.
    Currency,
    /// What `check` makes of it, which otherwise says why it cannot be.
    Plain {
        default: &'static str,
        check: fn(&str) -> Result<String, &'static str>,
    },
}

/// What has left the stock, as shops spell it.
macro_rules! gone_statuses {
    () => {
        "sold, shipped, dispatched, delivered, returned to supplier, returned_to_supplier, returned-to-supplier, lost, stolen, written off, \
         written_off, written-off, scrapped, disposed, destroyed, donated"
    };
}

pub static SETTINGS: [Setting; 8] = [
    Setting {
        name: "time_zone",
        example: "Europe/Berlin",
        description: "Zone that days, weeks, months, quarters and years are cut in. Default: the database's TimeZone when \
                      the views are created. Takes effect when views are created.",
        kind: Kind::TimeZone,
        read: |settings, zone| settings.time_zone = zone.to_owned(),
        show: |settings| settings.time_zone.clone(),
    },
    Setting {
        name: "completed_statuses",
        example: "completed, delivered",
        description: "Statuses of orders that count as sales, comma-separated; upper and lower case are the same. Default: \
                      completed. Takes effect when views are created.",
        kind: Kind::Plain {
            default: "completed",
            check: |given| match statuses(given) {
                words if words.is_empty() => Err("it names no status"),
                words => Ok(words.join(", ")),
            },
        },
        read: |settings, list| settings.completed_statuses = statuses(list),
        show: |settings| settings.completed_statuses.join(", "),
    },
    Setting {
        name: "gone_statuses",
        example: "sold, shipped, written off",
        description: concat!(
            "Statuses that say that something has left the stock, comma-separated; upper and lower case are the same. A stock item with one \
             of them is not in stock; an order with one of them has taken its units, also where it does not count as a sale. Default: ",
            gone_statuses!(),
            ". With the empty text there are none. Takes effect when views are created."
        ),
        kind: Kind::Plain {
            default: gone_statuses!(),
            check: |given| match statuses(given) {
                words if words.is_empty() && !given.is_empty() => Err("it names no status"),
                words => Ok(words.join(", ")),
            },
        },
        read: |settings, list| settings.gone_statuses = statuses(list),
        show: |settings| settings.gone_statuses.join(", "),
    },
    Setting {
        name: "currency",
        example: "EUR",
        description: "ISO 4217 code of the shop's currency, into which amounts of other currencies are turned. Default: the one that \
                      most completed orders are in when the views are created, EUR where orders have none. Where amounts have a \
                      currency, it takes effect when views are created.",
        kind: Kind::Currency,
        read: |settings, code| settings.currency = code.to_owned(),
        show: |settings| settings.currency.clone(),
    },
    Setting {
        name: "history_days",
        example: "90",
        description: "Days that the history of refreshes is kept, by the background worker; of each view no more than the last \
                      10,000 runs. Default: 30.",
        kind: Kind::Plain {
            default: "30",
            check: |given| match given.trim().parse::<i32>() {
                Ok(days) if (1..=36_500).contains(&days) => Ok(days.to_string()),
                _ => Err("it is no number of days from 1 to 36500"),
            },
        },
        read: |settings, days| {
            // A stored value that is no number, which only a superuser can have written, is ignored.
            if let Ok(days) = days.parse() {
                settings.history_days = days;
            }
        },
        show: |settings| settings.history_days.to_string(),
    },
    Setting {
        name: "sales_view",
        example: "off",
        description: "Whether create_all_views() makes metabase_sales, a row for each completed order, beside the seven: on or off. \
                      Default: on. Takes effect when views are created.",
        kind: Kind::Plain {
            default: ON,
            check: one_of_on_and_off,
        },
        read: |settings, wanted| settings.sales_view = wanted == ON,
        show: |settings| on_or_off(settings.sales_view),
    },
    Setting {
        name: "daily_check",
        example: "off",
        description: "Whether the background worker checks the shop's data (check_data()) once a day, for sync_status(): on or \
                      off. Default: on.",
        kind: Kind::Plain {
            default: ON,
            check: one_of_on_and_off,
        },
        read: |settings, word| settings.daily_check = word == ON,
        show: |settings| on_or_off(settings.daily_check),
    },
    Setting {
        name: "monthly_revenue_goal",
        example: "50000",
        description: "What each month is to bring in, in the shop's currency: the goal line of the dashboards' revenue trend. Default: \
                      none, which is the empty text.",
        kind: Kind::Plain {
            default: "",
            check: |given| match revenue_goal(given) {
                _ if given.is_empty() => Ok(String::new()),
                Some(goal) => Ok(goal.to_string()),
                None => Err("it is no number from 0.01 up to 10 to the power of 15"),
            },
        },
        // As with days, what is stored and no such number is no goal.
        read: |settings, goal| settings.monthly_revenue_goal = revenue_goal(goal),
        show: |settings| {
            settings
                .monthly_revenue_goal
                .map_or_else(String::new, |goal| goal.to_string())
        },
    },
];

/// What a month is to bring in: at least the smallest amount that is shown, and no more than what each whole amount is a number of its own up to.
fn revenue_goal(given: &str) -> Option<f64> {
    let goal = given.trim().parse().ok()?;
    (0.01..=1e15).contains(&goal).then_some(goal)
}

/// The shop's currency where nothing says which it is.
pub const DEFAULT_CURRENCY: &str = "EUR";

/// The code of a currency that there is.
pub fn known_currency(given: &str) -> Option<String> {
    iso_currency::Currency::from_code(&given.to_ascii_uppercase()).map(|currency| currency.code().to_owned())
}

fn on_or_off(is_on: bool) -> String {
    if is_on { ON } else { OFF }.to_owned()
}

fn one_of_on_and_off(given: &str) -> Result<String, &'static str> {
    match given.trim().to_ascii_lowercase().as_str() {
        word @ (ON | OFF) => Ok(word.to_owned()),
        _ => Err("it is neither on nor off"),
    }
}

/// How many bytes a value may have: all calls read all settings.
const LONGEST: usize = 8_000;

/// What somebody has set.
#[derive(serde::Deserialize)]
struct Stored {
    name: String,
    value: String,
}

/// What the settings in force come from.
#[derive(serde::Deserialize)]
struct Kept {
    stored: Vec<Stored>,
    /// The zone that the views were made for, where there are any.
    views_time_zone: Option<String>,
    /// The currency that the views' amounts are turned into, where amounts have one of their own.
    views_currency: Option<String>,
    /// Whether the server is built with ICU.
    knows_all_letters: bool,
}

fn kept() -> Result<Kept, Error> {
    as_extension_owner(|| {
        query::row(
            include_str!("../sql/queries/settings.sql"),
            &[ALL_LETTERS.to_owned().into()],
        )
    })
}

/// The settings as they are stored, each with its default where it is not.
fn read(kept: &Kept, database_time_zone: impl Fn() -> Result<String, Error>) -> Result<Settings, Error> {
    let mut settings = Settings {
        letters: if kept.knows_all_letters {
            ALL_LETTERS
        } else {
            ASCII_LETTERS
        },
        ..Settings::default()
    };
    for setting in &SETTINGS {
        let stored = kept.stored.iter().find(|stored| stored.name == setting.name);
        match (&setting.kind, stored) {
            (Kind::Plain { default, .. }, _) => (setting.read)(&mut settings, default),
            (Kind::TimeZone, None) => (setting.read)(&mut settings, &database_time_zone()?),
            (Kind::Currency, None) => {
                let code = kept.views_currency.as_deref().unwrap_or(DEFAULT_CURRENCY);
                (setting.read)(&mut settings, code);
            }
            (Kind::TimeZone | Kind::Currency, Some(_)) => {}
        }
        if let Some(stored) = stored {
            (setting.read)(&mut settings, &stored.value);
        }
    }
    Ok(settings)
}

/// The settings in force now.
pub fn current() -> Result<Settings, Error> {
    read(&kept()?, database_time_zone)
}

/// The settings that the views were made with; those in force now where there are none. Zone and currency are written into definitions:
/// whatever is set now, they stay until these are made anew.
pub fn of_views() -> Result<Settings, Error> {
    let kept = kept()?;
    let zone = || kept.views_time_zone.clone().map_or_else(database_time_zone, Ok);
    let settings = read(&kept, zone)?;
    Ok(Settings {
        time_zone: kept.views_time_zone.unwrap_or(settings.time_zone),
        currency: kept.views_currency.unwrap_or(settings.currency),
        ..settings
    })
}

/// Whether somebody has set another zone since the views were made.
pub fn is_zone_pending() -> Result<bool, Error> {
    let kept = kept()?;
    let is_another = |set: &Stored| {
        set.name == "time_zone"
            && kept
                .views_time_zone
                .as_ref()
                .is_some_and(|zone| *zone != set.value)
    };
    Ok(kept.stored.iter().any(is_another))
}

/// Whether somebody has set a setting.
pub fn is_set(name: &str) -> Result<bool, Error> {
    Ok(kept()?.stored.iter().any(|stored| stored.name == name))
}

/// Each setting with its value in force and whether it was set.
pub fn list() -> Result<Vec<(&'static Setting, String, bool)>, Error> {
    let kept = kept()?;
    let settings = read(&kept, database_time_zone)?;
    Ok(SETTINGS
        .iter()
        .map(|setting| {
            let is_set = kept.stored.iter().any(|stored| stored.name == setting.name);
            (setting, (setting.show)(&settings), is_set)
        })
        .collect())
}

/// Sets a setting, or puts it back to its default where the value is None.
pub fn set(name: &str, value: Option<&str>) -> Result<String, Error> {
    let setting = SETTINGS
        .iter()
        .find(|setting| setting.name == name)
        .ok_or_else(|| Error::UnknownSetting {
            name: name.to_owned(),
            known: SETTINGS.iter().map(|setting| setting.name).collect(),
        })?;
    check_may_decide()?;
    let Some(value) = value else {
        as_extension_owner(|| {
            query::run(
                "DELETE FROM metabase_internal.setting WHERE name = $1",
                &[name.to_owned().into()],
            )
        })?;
        return Ok(format!("{name} is back to its default"));
    };
    let checked = match setting.kind {
        _ if value.len() > LONGEST => Err("it is longer than 8,000 bytes"),
        Kind::TimeZone => {
            known_time_zone(value)?.ok_or("there is no time zone of that name in pg_timezone_names")
        }
        Kind::Currency => known_currency(value).ok_or("it is not a code of ISO 4217"),
        Kind::Plain { check, .. } => check(value),
    };
    let value = checked.map_err(|reason| Error::InvalidSetting {
        name: setting.name,
        value: format!("\"{}\"", shortened(value, 100)),
        reason: reason.to_owned(),
        example: setting.example,
    })?;
    store(name, &value)?;
    Ok(match value.as_str() {
        "" => format!("{name} is now empty"),
        value => format!("{name} is now {value}"),
    })
}

/// Stores a decision of the current role, which a dump carries.
pub fn store(name: &str, value: &str) -> Result<(), Error> {
    let role = current_role()?;
    as_extension_owner(|| {
        query::run(
            include_str!("../sql/queries/store_setting.sql"),
            &[name.to_owned().into(), value.to_owned().into(), role.into()],
        )
    })
}

/// The words of a list. The case of A to Z means nothing anywhere; that of all other letters is left to the server, which compares.
fn statuses(list: &str) -> Vec<String> {
    list.split(',')
        .map(|word| word.trim().to_ascii_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

fn known_time_zone(name: &str) -> Result<Option<String>, Error> {
    query::optional_value(
        "SELECT name
         FROM pg_catalog.pg_timezone_names
         WHERE lower(name COLLATE \"C\") = lower($1 COLLATE \"C\")
         ORDER BY name COLLATE \"C\"
         LIMIT 1",
        &[name.to_owned().into()],
    )
}

/// The zone that the database has by itself, whatever the client of this session has asked for.
fn database_time_zone() -> Result<String, Error> {
    // Reading the configuration's files tells the log of each that is included and missing.
    let zone: Option<String> = as_extension_owner(|| {
        without_log(|| query::value(include_str!("../sql/queries/database_time_zone.sql"), &[]))
    })?;
    // As the server spells it: "+02" is east of Greenwich as a setting, and west of it in AT TIME ZONE.
    with_time_zone(zone.as_deref().unwrap_or("UTC"), || {
        query::value("SELECT pg_catalog.current_setting('TimeZone')", &[])
    })
}

#[cfg(test)]
impl Settings {
    /// The settings of a shop in Berlin, for tests without a database.
    pub fn in_berlin() -> Settings {
        read(&Kept::only(&[]), || Ok("Europe/Berlin".into())).expect("the others have defaults of their own")
    }
}

#[cfg(test)]
impl Kept {
    /// These settings, by name and value, and nothing else.
    fn only(stored: &[(&str, &str)]) -> Kept {
        let stored = stored.iter().map(|(name, value)| Stored {
            name: (*name).into(),
            value: (*value).into(),
        });
        Kept {
            stored: stored.collect(),
            views_time_zone: None,
            views_currency: None,
            knows_all_letters: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_trimmed_and_no_letter_is_lost() {
        assert_eq!(statuses(" Completed,PAID ,, "), ["completed", "paid"]);
        assert_eq!(statuses("İPTAL, Σ"), ["İptal", "Σ"]);
    }

    fn shown(settings: &Settings) -> Vec<String> {
        SETTINGS.iter().map(|setting| (setting.show)(settings)).collect()
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        assert_eq!(
            shown(&Settings::in_berlin()),
            [
                "Europe/Berlin",
                "completed",
                gone_statuses!(),
                "EUR",
                "30",
                "on",
                "on",
                ""
            ]
        );
    }

    #[test]
    fn each_setting_has_a_place_of_its_own() {
        let examples: Vec<&str> = SETTINGS.iter().map(|setting| setting.example).collect();
        for (position, setting) in SETTINGS.iter().enumerate() {
            let mut settings = Settings::default();
            let mut expected = shown(&settings);
            expected[position] = setting.example.to_owned();
            (setting.read)(&mut settings, setting.example);
            assert_eq!(shown(&settings), expected);
        }
        let stored: Vec<(&str, &str)> = SETTINGS
            .iter()
            .map(|setting| (setting.name, setting.example))
            .collect();
        let settings = read(&Kept::only(&stored), || panic!("it is stored")).expect("all of them are stored");
        assert_eq!(shown(&settings), examples);
    }

    #[test]
    fn each_setting_takes_its_example_and_its_default_and_only_what_may_be_empty_takes_nothing() {
        for setting in &SETTINGS {
            // Which zones there are the server knows.
            if let Kind::Plain { default, check } = setting.kind {
                assert_eq!(check(setting.example).as_deref(), Ok(setting.example));
                assert_eq!(check(default).as_deref(), Ok(default));
                assert_eq!(
                    check("").is_ok(),
                    ["gone_statuses", "monthly_revenue_goal"].contains(&setting.name),
                    "{}",
                    setting.name
                );
                assert!(check(" , ").is_err(), "{}", setting.name);
            }
        }
    }

    #[test]
    fn days_that_are_no_number_leave_the_default() {
        let kept = Kept::only(&[("history_days", "many")]);
        let settings = read(&kept, || Ok("UTC".into())).expect("it is read");
        assert_eq!(settings.history_days, 30);
    }

    #[test]
    fn a_goal_is_a_number_above_zero() {
        let check = |given: &str| {
            let setting = SETTINGS
                .iter()
                .find(|setting| setting.name == "monthly_revenue_goal");
            match setting.map(|setting| &setting.kind) {
                Some(Kind::Plain { check, .. }) => check(given).ok(),
                _ => None,
            }
        };
        for (given, goal) in [
            ("50000", Some("50000")),
            (" 1234.50 ", Some("1234.5")),
            ("1e6", Some("1000000")),
            ("1e15", Some("1000000000000000")),
            ("0.01", Some("0.01")),
            ("0.009", None),
            ("0", None),
            ("-0.0", None),
            ("-5", None),
            ("1e16", None),
            ("1e999", None),
            ("inf", None),
            ("NaN", None),
            ("50,000", None),
            ("€50000", None),
            (" ", None),
        ] {
            assert_eq!(check(given).as_deref(), goal, "{given}");
            let stored = Kept::only(&[("monthly_revenue_goal", given)]);
            let settings = read(&stored, || Ok("UTC".into())).expect("it is read");
            assert_eq!(settings.monthly_revenue_goal.is_some(), goal.is_some(), "{given}");
        }
    }

    #[test]
    fn what_amounts_are_turned_into_is_the_shops_currency_unless_it_is_set() {
        let with = |stored: &[(&str, &str)]| {
            let kept = Kept {
                views_currency: Some("USD".into()),
                ..Kept::only(stored)
            };
            read(&kept, || Ok("UTC".into())).expect("it is read")
        };
        assert_eq!(with(&[]).currency, "USD");
        assert_eq!(with(&[("currency", "CHF")]).currency, "CHF");
    }
}
