//! Keys: what the adapters leave out. Where nothing says that a key is unique, an adapter shows each key once, and no row without one.

use super::finding::{ANY, Finding, Remedy, Severity, views_of};
use super::shop::Shop;
use crate::source::Source;
use crate::source::adapter;
use crate::source::entity::Entity;

pub fn findings(shop: &Shop) -> Vec<Finding> {
    let doubtful = shop.sources_read().filter(|source| !source.unique_key);
    doubtful
        .flat_map(|source| [twice(shop, source), missing(shop, source)])
        .collect()
}

fn twice(shop: &Shop, source: &Source) -> Finding {
    let (severity, consequence) = match source.spec.entity {
        Entity::Order => (
            Severity::Error,
            "each of these orders counts as often as it stands there",
        ),
        _ => (
            Severity::Warning,
            "the views know the first row of each only, and nothing says which is right",
        ),
    };
    finding(
        shop,
        source,
        "key_twice",
        severity,
        include_str!("../../sql/checks/key_twice.sql"),
        format!(
            "Keys stand in more than one row of {}; {consequence}.",
            named(source)
        ),
        "Remove the rows that are too many, and put a unique index on the column. Where the rows are parts of one thing, map the key to \
         what tells them apart.",
    )
}

fn missing(shop: &Shop, source: &Source) -> Finding {
    let consequence = match source.spec.entity {
        Entity::Order => "they count, and no change of them is captured",
        _ => "the views do not have them",
    };
    finding(
        shop,
        source,
        "key_missing",
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
    let entity = source.spec.entity;
    Finding {
        name,
        severity,
        entity,
        needs: Vec::new(),
        views: views_of(entity),
        least: 0,
        below: ANY,
        check,
        values: vec![(
            ":rows",
            adapter::rows(shop.sources(), source, &shop.settings, None),
        )],
        message,
        remedy: Remedy::Say(remedy.to_owned()),
    }
}

/// The table that a source reads.
fn named(source: &Source) -> &str {
    source
        .relation
        .as_ref()
        .map_or("", |relation| relation.qualified.as_str())
}
