//! Keys: what the adapters leave out. Where nothing says that a key is unique, an adapter shows each key once, and no row without one.

use super::beneath::Table;
use super::finding::{Finding, Severity};
use super::shop::Shop;
use crate::source::Source;
use crate::source::adapter;
use crate::source::entity::Entity;

pub const TWICE: &str = "key_twice";
pub const MISSING: &str = "key_missing";

pub fn findings(shop: &Shop) -> Vec<Finding> {
    let doubtful = shop.sources_read().filter(|source| !source.unique_key);
    doubtful
        .flat_map(|source| {
            let missing = (!is_anothers(shop, source)).then(|| missing(shop, source));
            [twice(shop, source)].into_iter().chain(missing)
        })
        .collect()
}

/// Whether a table is another entity's before it is this one's: of the suppliers that are told by a column of the stock items, an item
/// without one is none.
fn is_anothers(shop: &Shop, source: &Source) -> bool {
    let oid = |source: &Source| source.relation.as_ref().map(|relation| relation.oid);
    shop.sources_read()
        .take_while(|other| other.spec.entity != source.spec.entity)
        .any(|other| oid(other) == oid(source))
}

fn twice(shop: &Shop, source: &Source) -> Finding {
    // A row that is the same again changes nothing but the number of orders.
    let (severity, what, consequence) = match source.spec.entity {
        Entity::Order => (
            Severity::Error,
            "*",
            "each of these orders counts as often as it stands there",
        ),
        _ => (
            Severity::Warning,
            "DISTINCT entity",
            "these rows differ, and the views know one of each only",
        ),
    };
    let mut finding = finding(
        shop,
        source,
        TWICE,
        severity,
        include_str!("../../sql/checks/key_twice.sql"),
        format!(
            "Keys stand in more than one row of {}; {consequence}.",
            named(source)
        ),
        "Remove the rows that are too many, and put a unique index on the column. Where the rows are different things, map the key to what \
         tells them apart.",
    );
    finding.values.push((":what", what.to_owned()));
    finding
}

fn missing(shop: &Shop, source: &Source) -> Finding {
    let consequence = match source.spec.entity {
        Entity::Order => "they count, and no change of them is captured",
        _ => "the views do not have them",
    };
    finding(
        shop,
        source,
        MISSING,
        Severity::Warning,
        include_str!("../../sql/checks/key_missing.sql"),
        format!("Rows of {} have no key; {consequence}.", named(source)),
        "Give these rows keys, and have the column be NOT NULL.",
    )
}

fn finding(
    shop: &Shop,
    source: &Source,
    name: &'static str,
    severity: Severity,
    check: &'static str,
    message: String,
    remedy: &str,
) -> Finding {
    Finding {
        table: Table::of(source),
        values: vec![(
            ":rows",
            adapter::rows(shop.sources(), source, &shop.settings, None),
        )],
        ..Finding::new(name, severity, source.spec.entity, check, message, remedy)
    }
}

/// The table that a source reads.
fn named(source: &Source) -> &str {
    source
        .relation
        .as_ref()
        .map_or("", |relation| relation.qualified.as_str())
}
