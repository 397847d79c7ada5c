//! What the views answer: the one place of the preview that runs a card's SQL.

use std::collections::BTreeMap;
use std::ffi::CString;

use jiff::civil::Date;

use super::filter::Choice;
use super::format::ShownColumn;
use crate::dashboard::model::Card;
use crate::dashboard::template::Template;
use crate::error::Error;
use crate::pg::identity::{as_role, is_superuser, is_trusted, may_act_as, restricted};
use crate::pg::setting::with_settings;
use crate::pg::{query, relation};
use crate::sql;
use crate::sqlstate;
use crate::view::catalog::VIEWS;
use crate::view::state::{check_kind, check_schema};

/// The rows that a card shows.
pub struct Answer {
    pub rows: Vec<AnswerRow>,
    /// Whether there are more rows than these.
    pub is_cut: bool,
}

/// A row: the texts of its cells by the names of their columns.
#[derive(serde::Deserialize)]
pub struct AnswerRow {
    cells: BTreeMap<String, Option<String>>,
}

/// The largest number that is drawn. The length of a scale has to be a number, too, or nothing ends the search for its marks.
const MOST_DRAWN: f64 = 1e30;

impl AnswerRow {
    /// The text of a cell; None where it is NULL.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.cells.get(column)?.as_deref()
    }

    /// What people see in a cell; nothing where it is NULL.
    pub fn shown(&self, column: &ShownColumn) -> String {
        self.text(&column.name)
            .map_or_else(String::new, |text| column.write(text))
    }

    /// The number in a cell; None where there is none that can be drawn.
    pub fn number(&self, column: &str) -> Option<f64> {
        let number: f64 = self.text(column)?.parse().ok()?;
        (number.abs() <= MOST_DRAWN).then_some(number)
    }
}

/// Asks the question of a card, under the filters that reach it.
///
/// Times come as TimeZone has them.
pub fn ask(card: &Card, reaching: &BTreeMap<&str, &Choice>, most_rows: usize) -> Result<Answer, Error> {
    let template = Template::parse(card.sql()).map_err(|reason| Error::InvalidDashboard { reason })?;
    let tags = &card.dataset_query.native.template_tags;
    let conditions = tags
        .iter()
        .filter_map(|(name, tag)| {
            let choice = reaching.get(name.as_str())?;
            Some((name.clone(), choice.condition(tag.dimension.1.parts()?)))
        })
        .collect();
    let query = format!(
        "SELECT (
             SELECT pg_catalog.jsonb_object_agg(key, value)
             FROM pg_catalog.jsonb_each_text(pg_catalog.to_jsonb(answer))
         ) AS cells
         FROM (\n{}\n) AS answer
         LIMIT {}",
        template.render(&conditions),
        most_rows + 1
    );
    let mut rows: Vec<AnswerRow> = for_card(card, || query::rows(&query, &[]))?;
    let is_cut = rows.len() > most_rows;
    rows.truncate(most_rows);
    Ok(Answer { rows, is_cut })
}

/// The last day that the column of a card's filter of dates has, by the session's zone; None where it has none.
pub fn last_day(card: &Card, tag: &str) -> Result<Option<Date>, Error> {
    let tags = &card.dataset_query.native.template_tags;
    let Some([schema, view, column]) = tags.get(tag).and_then(|tag| tag.dimension.1.parts()) else {
        return Ok(None);
    };
    let query = format!(
        "SELECT max({})::date FROM {}",
        sql::ident(column),
        sql::qualified(schema, view)
    );
    for_card(card, || query::value(&query, &[]))
}

/// Runs what asks a card's views, where nothing can be written and nobody can become somebody else, as the views' owner if the
/// current role may act as that, and else as the current role.
///
/// What the views' owner has tied to their indexes and types runs when they are read. Whoever has more than the owner does not
/// lend it that; whoever has not reads them as by SELECT, but only what belongs to whom this extension's views belong to: anybody who may create in the
/// schema can put something in the place of a view that is missing.
fn for_card<T>(card: &Card, ask: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let mut owners = BTreeMap::new();
    for view in VIEWS.iter().filter(|view| card.reads(view.name)) {
        let name = CString::new(view.name)?;
        // This also locks it: what is asked is what was looked at.
        let (owner, kind) =
            relation::owner_and_kind(c"analytics", &name).ok_or_else(|| Error::ViewMissing {
                view: view.name.to_owned(),
            })?;
        check_kind(view.name, kind)?;
        owners.insert(owner, view.name);
    }
    let ask = || with_settings(&[("transaction_read_only", "on")], ask);
    match Vec::from_iter(owners.keys()).as_slice() {
        [owner] if may_act_as(**owner)? => {
            check_schema(**owner)?;
            as_role(**owner, ask)
        }
        [_, _, ..] if is_superuser() => Err(Error::SeveralOwners),
        _ => {
            for (owner, view) in &owners {
                check_owner(view, *owner)?;
            }
            restricted(ask)
        }
    }
}

/// An error unless a view belongs to whom this extension's views belong to, to the current role, or to a superuser.
fn check_owner(view: &str, owner: u32) -> Result<(), Error> {
    // A reader may not use the schema that tells whose they are.
    let views_owner = relation::owner_now(c"metabase_internal", c"orders");
    if views_owner == Some(owner) || is_trusted(owner)? {
        return Ok(());
    }
    // What PostgreSQL would say of a role that may not read it at all, but only after it has planned with the view's indexes.
    if !query::value::<bool>(
        "SELECT pg_catalog.has_table_privilege($1, 'SELECT')",
        &[sql::qualified("analytics", view).into()],
    )? {
        return Err(Error::Postgres {
            sqlstate: sqlstate::INSUFFICIENT_PRIVILEGE.to_owned(),
            message: format!("permission denied for materialized view {view}"),
            detail: None,
            hint: None,
        });
    }
    Err(Error::ViewOfStranger {
        view: view.to_owned(),
        owner: query::value(
            "SELECT pg_catalog.pg_get_userbyid($1::oid)",
            &[i64::from(owner).into()],
        )?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_scale_could_hold_is_not_drawn() {
        for (text, number) in [
            ("-12.5", Some(-12.5)),
            ("1e30", Some(1e30)),
            ("-1e30", Some(-1e30)),
            ("1.79e308", None),
            ("-1.79e308", None),
            ("1e400", None),
            ("Infinity", None),
            ("NaN", None),
            ("many", None),
        ] {
            let row = AnswerRow {
                cells: BTreeMap::from([("Revenue".to_owned(), Some(text.to_owned()))]),
            };
            assert_eq!(row.number("Revenue"), number, "{text}");
        }
    }
}
