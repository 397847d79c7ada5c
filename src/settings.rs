//! Settings that change what the numbers mean. They live in a table, because a dump must carry them.

use crate::error::Error;
use crate::pg::identity::{as_extension_owner, check_may_decide, current_role};
use crate::pg::query;
use crate::pg::setting::with_time_zone;

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Zone that days, weeks, months, quarters and years are cut in: a name of the time zone database.
    pub time_zone: String,
    /// Statuses of orders that count, in lower case.
    pub completed_statuses: Vec<String>,
    /// ISO 4217 code of the currency that the shop's amounts are in.
    pub currency: String,
    /// Days that the history of refreshes is kept.
    pub history_days: i32,
}

/// One setting, as users see it.
pub struct Setting {
    pub name: &'static str,
    pub example: &'static str,
    pub description: &'static str,
}

const TIME_ZONE: &str = "time_zone";
const COMPLETED_STATUSES: &str = "completed_statuses";
const CURRENCY: &str = "currency";
const HISTORY_DAYS: &str = "history_days";

/// How long the history is kept where nobody has said anything.
const DEFAULT_HISTORY_DAYS: i32 = 30;

pub static SETTINGS: [Setting; 4] = [
    Setting {
        name: TIME_ZONE,
        example: "Europe/Berlin",
        description: "Zone that days, weeks, months, quarters and years are cut in. Default: the database's TimeZone when \
                      the views are created. Takes effect when views are created.",
    },
    Setting {
        name: COMPLETED_STATUSES,
        example: "completed, delivered",
        description: "Statuses of orders that count as sales, comma-separated; upper and lower case are the same. Default: \
                      completed. Takes effect when views are created.",
    },
    Setting {
        name: CURRENCY,
        example: "EUR",
        description: "ISO 4217 code of the currency that the shop's amounts are in. Default: EUR. Amounts are never \
                      converted.",
    },
    Setting {
        name: HISTORY_DAYS,
        example: "90",
        description: "Days that the history of refreshes is kept, by the background worker; of each view no more than the last \
                      10,000 runs. Default: 30.",
    },
];

#[derive(serde::Deserialize)]
struct Stored {
    name: String,
    value: String,
}

/// The settings in force now.
pub fn current() -> Result<Settings, Error> {
    let stored: Vec<Stored> =
        as_extension_owner(|| query::rows("SELECT name, value FROM metabase_internal.setting", &[]))?;
    let value = |name: &str| {
        stored
            .iter()
            .find(|setting| setting.name == name)
            .map(|setting| setting.value.as_str())
    };
    Ok(Settings {
        time_zone: match value(TIME_ZONE) {
            Some(zone) => zone.to_owned(),
            None => database_time_zone()?,
        },
        completed_statuses: statuses(value(COMPLETED_STATUSES).unwrap_or("completed")),
        currency: value(CURRENCY).unwrap_or("EUR").to_owned(),
        history_days: value(HISTORY_DAYS)
            .and_then(|days| days.parse().ok())
            .unwrap_or(DEFAULT_HISTORY_DAYS),
    })
}

/// Each setting with its value in force and whether it was set.
pub fn list() -> Result<Vec<(&'static Setting, String, bool)>, Error> {
    let current = current()?;
    let stored: Vec<Stored> =
        as_extension_owner(|| query::rows("SELECT name, value FROM metabase_internal.setting", &[]))?;
    Ok(SETTINGS
        .iter()
        .map(|setting| {
            let value = match setting.name {
                TIME_ZONE => current.time_zone.clone(),
                COMPLETED_STATUSES => current.completed_statuses.join(", "),
                HISTORY_DAYS => current.history_days.to_string(),
                _ => current.currency.clone(),
            };
            (
                setting,
                value,
                stored.iter().any(|stored| stored.name == setting.name),
            )
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
    let value = validated(setting, value)?;
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

/// The value as it is stored, or why it cannot be.
fn validated(setting: &'static Setting, value: &str) -> Result<String, Error> {
    let invalid = |reason: &str| Error::InvalidSetting {
        name: setting.name,
        value: format!("\"{value}\""),
        reason: reason.to_owned(),
        example: setting.example,
    };
    match setting.name {
        TIME_ZONE => known_time_zone(value)?
            .ok_or_else(|| invalid("there is no time zone of that name in pg_timezone_names")),
        COMPLETED_STATUSES => match statuses(value) {
            words if words.is_empty() => Err(invalid("it names no status")),
            words => Ok(words.join(", ")),
        },
        HISTORY_DAYS => match value.trim().parse::<i32>() {
            Ok(days) if (1..=36_500).contains(&days) => Ok(days.to_string()),
            _ => Err(invalid("it is no number of days from 1 to 36500")),
        },
        _ => iso_currency::Currency::from_code(&value.to_uppercase())
            .map(|currency| currency.code().to_owned())
            .ok_or_else(|| invalid("it is not a code of ISO 4217")),
    }
}

fn statuses(list: &str) -> Vec<String> {
    list.split(',')
        .map(|word| word.trim().to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

#[derive(serde::Deserialize)]
struct Zone {
    name: Option<String>,
}

fn known_time_zone(name: &str) -> Result<Option<String>, Error> {
    let zone: Option<Zone> = query::optional_row(
        "SELECT name FROM pg_catalog.pg_timezone_names WHERE lower(name) = lower($1) ORDER BY name LIMIT 1",
        &[name.to_owned().into()],
    )?;
    Ok(zone.and_then(|zone| zone.name))
}

/// The zone that the database has by itself, whatever the client of this session has asked for.
fn database_time_zone() -> Result<String, Error> {
    let zone: Zone =
        as_extension_owner(|| query::row(include_str!("../sql/queries/database_time_zone.sql"), &[]))?;
    let zone = zone.name.unwrap_or_else(|| "UTC".into());
    // As the server spells it: "+02" is east of Greenwich as a setting, and west of it in AT TIME ZONE.
    let zone: Zone = with_time_zone(&zone, || {
        query::row("SELECT pg_catalog.current_setting('TimeZone') AS name", &[])
    })?;
    zone.name
        .ok_or_else(|| Error::Internal("there is no TimeZone".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_trimmed_and_in_lower_case() {
        assert_eq!(statuses(" Completed,PAID ,, "), ["completed", "paid"]);
    }
}
