//! A finding: what is looked for, how, and what is said of it.

use pgrx::AnyNumeric;

use super::beneath::Table;
use super::remedy;
use super::shop::Shop;
use super::text::{LONGEST, quoted, shown};
use crate::error::Error;
use crate::pg::query;
use crate::source::entity::Entity;
use crate::sql;
use crate::view::catalog::VIEWS;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Numbers are wrong.
    Error,
    /// Numbers are probably wrong, or not complete.
    Warning,
    /// It is worth a look.
    Notice,
    /// It is good to know, and nothing is wrong.
    Info,
}

impl Severity {
    pub const ALL: [Severity; 4] = [
        Severity::Error,
        Severity::Warning,
        Severity::Notice,
        Severity::Info,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Notice => "notice",
            Severity::Info => "info",
        }
    }
}

/// What helps.
pub enum Remedy {
    /// What a person reads, or calls.
    Say(String),
    /// Having the status count that was found.
    CountStatus,
    /// Mapping this column to an expression, in which {} stands for what it is mapped to, besides what this sentence says.
    Map(&'static str, &'static str, &'static str),
    /// Setting a rate of the currency that was found, from the day on that the detail says.
    SetRate,
}

/// Something that is looked for.
pub struct Finding {
    pub name: &'static str,
    pub severity: Severity,
    pub entity: Entity,
    /// The columns without which there is nothing to look at; where the shop has no such entity, it has no such column.
    pub needs: Vec<(Entity, &'static str)>,
    pub views: Vec<&'static str>,
    /// From which share on it is one, in percent of the entity's rows: a few of them are in each shop.
    pub least: u32,
    /// Up to which: a shop in which hardly anything has it does without.
    pub below: u32,
    /// A SELECT of the rows that have the flaw: their key, and texts that tell kinds of it apart.
    pub check: &'static str,
    /// The table that it reads in place of adapters.
    pub table: Option<Table>,
    /// What stands in it for its placeholders.
    pub values: Vec<(&'static str, String)>,
    /// A sentence, in which {value} and {detail} are what the check says, {statuses} the statuses of all orders, and {currency} the shop's.
    pub message: String,
    pub remedy: Remedy,
}

/// A share that no share reaches.
const ANY: u32 = 101;

/// What a check has found.
#[derive(serde::Deserialize)]
struct Row {
    value: Option<String>,
    detail: Option<String>,
    rows: i64,
    share: AnyNumeric,
    examples: Vec<String>,
}

/// A finding that there is.
pub struct Found {
    pub severity: Severity,
    pub entity: Entity,
    pub name: &'static str,
    pub message: String,
    pub rows: i64,
    pub share: AnyNumeric,
    pub examples: Vec<String>,
    pub views: Vec<&'static str>,
    pub remedy: String,
}

impl Found {
    /// The worst first, then those with the most rows, then whatever never changes.
    pub fn rank(&self) -> impl Ord {
        (
            self.severity,
            -self.rows,
            self.entity,
            self.name,
            self.message.clone(),
        )
    }
}

impl Finding {
    /// One in which nothing is special.
    pub fn new(
        name: &'static str,
        severity: Severity,
        entity: Entity,
        check: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            name,
            severity,
            entity,
            needs: Vec::new(),
            views: views_of(entity),
            least: 0,
            below: ANY,
            check,
            table: None,
            values: Vec::new(),
            message: message.into(),
            remedy: Remedy::Say(remedy.into()),
        }
    }

    /// Whether the shop has what it is about.
    pub fn concerns(&self, shop: &Shop) -> bool {
        self.needs
            .iter()
            .all(|(entity, column)| shop.shows(*entity, column))
    }

    /// Looks for it, as whoever reads the adapters.
    pub fn look(&self, shop: &Shop) -> Result<Vec<Found>, Error> {
        let zone = sql::literal(&shop.settings.time_zone);
        let currency = sql::literal(&shop.settings.currency);
        let mut values: Vec<(&str, &str)> = vec![
            (":'time_zone'", &zone),
            (":'currency'", &currency),
            (":letters", shop.settings.letters),
        ];
        values.extend(
            self.values
                .iter()
                .map(|(placeholder, value)| (*placeholder, value.as_str())),
        );
        let parts = [
            (
                ":rated_from",
                include_str!("../../sql/queries/check/rated_from.sql"),
            ),
            (":is_rated", include_str!("../../sql/queries/check/is_rated.sql")),
        ];
        let check = sql::fill(self.check, &parts);
        let check = sql::fill(&check, &values);
        if let Some(table) = &self.table
            && !table.is_all_that_is_read(&check)?
        {
            return Ok(Vec::new());
        }
        let query = sql::fill(
            include_str!("../../sql/queries/check/found.sql"),
            &[
                (":check", &check),
                (":adapter", self.entity.spec().adapter),
                (":key", shop.key_order(self.entity)),
                (":least", &self.least.to_string()),
                (":below", &self.below.to_string()),
            ],
        );
        let rows: Vec<Row> = query::rows(&query, &[])?;
        rows.into_iter().map(|row| self.found(shop, row)).collect()
    }

    fn found(&self, shop: &Shop, row: Row) -> Result<Found, Error> {
        let (value, detail) = (row.value.unwrap_or_default(), row.detail.unwrap_or_default());
        let statuses = match self.message.contains("{statuses}") {
            true => shop.statuses_in_words()?,
            false => String::new(),
        };
        Ok(Found {
            severity: self.severity,
            entity: self.entity,
            name: self.name,
            message: shown(
                &sql::fill(
                    &self.message,
                    &[
                        ("{value}", &quoted(&value, 40)),
                        ("{detail}", &shown(&detail, LONGEST)),
                        ("{statuses}", &statuses),
                        ("{currency}", &shop.settings.currency),
                    ],
                ),
                usize::MAX,
            ),
            rows: row.rows,
            share: row.share,
            examples: row.examples.iter().map(|key| shown(key, LONGEST)).collect(),
            views: self.views.clone(),
            remedy: match &self.remedy {
                Remedy::Say(text) => text.clone(),
                Remedy::CountStatus => remedy::count_status(shop, &value),
                Remedy::Map(sentence, column, expression) => {
                    remedy::map_anew(shop, self.entity, sentence, column, expression)
                }
                Remedy::SetRate => remedy::set_rate(shop, self.entity, &value, &detail),
            },
        })
    }
}

/// The views whose definitions have all of these words.
pub fn views_with(words: &[&str]) -> Vec<&'static str> {
    VIEWS
        .iter()
        .filter(|view| {
            let query = view.query("UTC");
            words.iter().all(|word| query.contains(word))
        })
        .map(|view| view.name)
        .collect()
}

/// The views that read an entity.
pub fn views_of(entity: Entity) -> Vec<&'static str> {
    let adapter = format!("metabase_internal.{}", entity.spec().adapter);
    let reads = |query: &str| query.split_whitespace().any(|word| word == adapter);
    VIEWS
        .iter()
        .filter(|view| reads(&view.query("UTC")))
        .map(|view| view.name)
        .collect()
}
