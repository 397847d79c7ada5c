//! The settings: what the numbers mean, and how long the history is kept. They live in a table, because a dump must carry them. Other
//! decisions that a dump must carry, such as who keeps the schedule, live in that table, too.

use crate::error::Error;
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
    /// ISO 4217 code of the currency that the shop's amounts are in.
    pub currency: String,
    /// Days that the history of refreshes is kept.
    pub history_days: i32,
    /// The collation, as SQL names it, that says which letters are the same but for their case: one and the same whatever locale
    /// the database has.
    pub letters: &'static str,
}

/// It knows the letters of all scripts, and no language's exceptions.
const ALL_LETTERS: &str = "pg_catalog.\"und-x-icu\"";
/// Where the server is built without ICU: A to Z alone.
const ASCII_LETTERS: &str = "pg_catalog.\"C\"";

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
    /// What `check` makes of it, which otherwise says why it cannot be.
    Plain {
        default: &'static str,
        check: fn(&str) -> Result<String, &'static str>,
    },
}

pub static SETTINGS: [Setting; 4] = [
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
        name: "currency",
        example: "EUR",
        description: "ISO 4217 code of the currency that the shop's amounts are in. Default: EUR. Amounts are never \
                      converted.",
        kind: Kind::Plain {
            default: "EUR",
            check: |given| {
                iso_currency::Currency::from_code(&given.to_ascii_uppercase())
                    .map(|currency| currency.code().to_owned())
                    .ok_or("it is not a code of ISO 4217")
            },
        },
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
];

/// What somebody has set.
#[derive(serde::Deserialize)]
struct Stored {
    name: String,
    value: String,
}

fn stored() -> Result<Vec<Stored>, Error> {
    as_extension_owner(|| query::rows("SELECT name, value FROM metabase_internal.setting", &[]))
}

/// The settings as they are stored, each with its default where it is not.
fn read(
    stored: &[Stored],
    database_time_zone: impl Fn() -> Result<String, Error>,
) -> Result<Settings, Error> {
    let mut settings = Settings::default();
    for setting in &SETTINGS {
        let stored = stored.iter().find(|stored| stored.name == setting.name);
        match (&setting.kind, stored) {
            (Kind::Plain { default, .. }, _) => (setting.read)(&mut settings, default),
            (Kind::TimeZone, None) => (setting.read)(&mut settings, &database_time_zone()?),
            (Kind::TimeZone, Some(_)) => {}
        }
        if let Some(stored) = stored {
            (setting.read)(&mut settings, &stored.value);
        }
    }
    Ok(settings)
}

/// The settings in force now.
pub fn current() -> Result<Settings, Error> {
    let knows_all_letters = query::value(
        "SELECT pg_catalog.to_regcollation($1) IS NOT NULL",
        &[ALL_LETTERS.to_owned().into()],
    )?;
    Ok(Settings {
        letters: if knows_all_letters {
            ALL_LETTERS
        } else {
            ASCII_LETTERS
        },
        ..read(&stored()?, database_time_zone)?
    })
}

/// Whether somebody has set a setting.
pub fn is_set(name: &str) -> Result<bool, Error> {
    Ok(stored()?.iter().any(|stored| stored.name == name))
}

/// Each setting with its value in force and whether it was set.
pub fn list() -> Result<Vec<(&'static Setting, String, bool)>, Error> {
    let stored = stored()?;
    let settings = read(&stored, database_time_zone)?;
    Ok(SETTINGS
        .iter()
        .map(|setting| {
            let is_set = stored.iter().any(|stored| stored.name == setting.name);
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
        Kind::TimeZone => {
            known_time_zone(value)?.ok_or("there is no time zone of that name in pg_timezone_names")
        }
        Kind::Plain { check, .. } => check(value),
    };
    let value = checked.map_err(|reason| Error::InvalidSetting {
        name: setting.name,
        value: format!("\"{value}\""),
        reason: reason.to_owned(),
        example: setting.example,
    })?;
    store(name, &value)?;
    Ok(format!("{name} is now {value}"))
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
        Settings {
            letters: ALL_LETTERS,
            ..read(&[], || Ok("Europe/Berlin".into())).expect("the others have defaults of their own")
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
            ["Europe/Berlin", "completed", "EUR", "30"]
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
        let stored: Vec<Stored> = SETTINGS
            .iter()
            .map(|setting| Stored {
                name: setting.name.into(),
                value: setting.example.into(),
            })
            .collect();
        let settings = read(&stored, || panic!("it is stored")).expect("all of them are stored");
        assert_eq!(shown(&settings), examples);
    }

    #[test]
    fn each_setting_takes_its_example_and_its_default_but_not_nothing() {
        for setting in &SETTINGS {
            // Which zones there are the server knows.
            if let Kind::Plain { default, check } = setting.kind {
                assert_eq!(check(setting.example).as_deref(), Ok(setting.example));
                assert_eq!(check(default).as_deref(), Ok(default));
                assert!(check("").is_err(), "{}", setting.name);
            }
        }
    }

    #[test]
    fn days_that_are_no_number_leave_the_default() {
        let stored = [Stored {
            name: "history_days".into(),
            value: "many".into(),
        }];
        let settings = read(&stored, || Ok("UTC".into())).expect("it is read");
        assert_eq!(settings.history_days, 30);
    }
}
