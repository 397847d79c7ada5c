//! Conversion: how an adapter turns amounts into the shop's currency, at the rate of their day.

use super::entity::{EntityColumn, EntitySpec, ValueKind};
use crate::settings::Settings;
use crate::sql;

/// A text as the code of a currency, which is the same in upper and lower case and with blanks around it; NULL where it is blank. A code has no
/// letters but A to Z, so that the others are left as they are, whatever locale the database has. A longer text is none, and costs no look at
/// all of it.
pub fn code(text: &str, settings: &Settings) -> String {
    let text = format!("{text} COLLATE pg_catalog.\"C\"");
    let own = sql::literal(&settings.currency);
    // One that is written as it was set, as most are, costs no look at its letters.
    format!("CASE WHEN {text} = {own} THEN {own} ELSE nullif(upper(btrim(left({text}, 100))), '') END")
}

/// Rows of an entity with the amounts of other currencies turned into the shop's: NULL where no rate is known for the day of the column `day`. What
/// is in the shop's currency, or in none that is known, stays as it is. `besides` is a column that the rows have besides the entity's.
///
/// Both tables have a key, so that PostgreSQL leaves them alone where nobody asks for an amount, and no row is shown twice.
pub fn converted(
    rows: &str,
    spec: &EntitySpec,
    besides: Option<&str>,
    day: &str,
    settings: &Settings,
) -> String {
    let own = sql::literal(&settings.currency);
    let plain = |name| format!("    entity.{}", sql::ident(name));
    let columns: Vec<String> = spec
        .columns
        .iter()
        .map(|EntityColumn { name, kind, .. }| match kind {
            ValueKind::Amount => amount(&sql::ident(name), &own),
            _ => plain(name),
        })
        .chain(besides.map(plain))
        .collect();
    let day = format!(
        "(entity.{} AT TIME ZONE {})::date",
        sql::ident(day),
        sql::literal(&settings.time_zone)
    );
    format!(
        "SELECT\n{}\nFROM (\n{rows}\n) AS entity
LEFT JOIN metabase_internal.exchange_currency AS known
    ON known.base = {own}
    AND known.currency = entity.\"currency\"
    AND known.currency <> {own}
LEFT JOIN metabase_internal.exchange_day AS exchange
    ON exchange.base = known.base
    AND exchange.currency = known.currency
    AND exchange.day = CASE WHEN {day} >= known.last_day THEN known.last_day ELSE {day} END",
        columns.join(",\n")
    )
}

fn amount(column: &str, own: &str) -> String {
    format!(
        "    CASE
        WHEN exchange.rate IS NOT NULL THEN round(entity.{column} * exchange.rate, 4)
        WHEN entity.\"currency\" <> {own} THEN NULL
        ELSE entity.{column}
    END AS {column}"
    )
}
