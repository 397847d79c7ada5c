//! What makes the numbers of the views wrong without being an error.
//!
//! `standing.rs` is the table of what is looked for in each shop, a SELECT in `sql/checks/` for each. `keys.rs` and `unread.rs` look
//! beneath the adapters, at the tables themselves. `statuses.rs` has what is good to know. All of it is read as the views' owner, as a
//! refresh would, and nothing of the shop's is written; `last.rs` remembers how many findings there were.

mod beneath;
mod finding;
mod keys;
pub mod last;
mod remedy;
mod shop;
mod standing;
mod statuses;
mod text;
mod unread;

pub use finding::Found;

use crate::error::Error;
use crate::incremental::state;
use crate::pg::identity::{as_role, check_may_act_as, current_role};
use crate::pg::setting::{with_settings, with_time_zone};
use crate::settings;
use crate::view::migration::under_way;
use finding::Finding;
use shop::Shop;

/// Checks read tables as a whole. A table that was just filled, and not analyzed yet, would be read once for each row of another one.
const NO_NESTED_LOOPS: (&str, &str) = ("enable_nestloop", "off");

/// What is wrong with the shop's data: the worst first.
pub fn check_data() -> Result<Vec<Found>, Error> {
    let Some(owner) = state::adapters_owner()? else {
        return Err(match under_way()? {
            Some(migration) => migration.error(),
            None => Error::NothingToCheck,
        });
    };
    check_may_act_as(owner)?;
    let caller = current_role()?;
    let zone = settings::of_views()?.time_zone;
    // What the adapters call is their owner's, and runs with no more privileges than a refresh has.
    let mut found = with_time_zone(&zone, || {
        as_role(owner, || {
            with_settings(&[NO_NESTED_LOOPS], || {
                let shop = Shop::look(caller)?;
                let mut found = Vec::new();
                for alternatives in looked_for(&shop)? {
                    found.extend(first_found(&shop, &alternatives)?);
                }
                found.extend(statuses::found(&shop)?);
                Ok(found)
            })
        })
    })?;
    let views: Vec<&str> = state::ours_there_are()?.collect::<Result<_, _>>()?;
    for finding in &mut found {
        finding.views.retain(|view| views.contains(view));
    }
    found.sort_by(|one, other| one.rank().cmp(&other.rank()));
    last::note(&found)?;
    Ok(found)
}

/// What is looked for in this shop. Of findings that stand for each other, one is enough.
fn looked_for(shop: &Shop) -> Result<Vec<Vec<Finding>>, Error> {
    let mut all: Vec<Vec<Finding>> = standing::findings()
        .into_iter()
        .filter(|finding| finding.concerns(shop))
        .chain(keys::findings(shop))
        .map(|finding| vec![finding])
        .collect();
    all.extend(unread::findings(shop)?);
    Ok(all)
}

fn first_found(shop: &Shop, alternatives: &[Finding]) -> Result<Vec<Found>, Error> {
    for finding in alternatives {
        let found = finding.look(shop)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::view::catalog::VIEWS;

    #[test]
    fn each_finding_bends_views_that_there_are() {
        for finding in standing::findings() {
            assert!(!finding.views.is_empty(), "{}", finding.name);
            for view in &finding.views {
                assert!(VIEWS.iter().any(|known| known.name == *view), "{view}");
            }
        }
    }

    #[test]
    fn the_page_has_each_finding() {
        let page = include_str!("../../docs/data.md");
        let rows: Vec<Vec<&str>> = page
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
            .collect();
        let documented: BTreeSet<[String; 3]> = rows
            .iter()
            .filter(|row| row.len() == 5)
            .map(|row| [row[0].trim_matches('`'), row[1], row[2]].map(str::to_owned))
            .collect();
        let standing: BTreeSet<[String; 3]> = standing::findings()
            .iter()
            .map(|finding| [finding.name, finding.severity.name(), finding.entity.name()].map(str::to_owned))
            .collect();
        assert_eq!(documented, standing);
        let beneath: BTreeSet<&str> = rows
            .iter()
            .filter(|row| row.len() == 4)
            .map(|row| row[0].trim_matches('`'))
            .collect();
        assert_eq!(
            beneath,
            BTreeSet::from([keys::TWICE, keys::MISSING, unread::NAME, statuses::NAME])
        );
    }

    #[test]
    fn each_file_is_a_check() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/checks");
        let files = std::fs::read_dir(folder).expect("the folder").count();
        let checks: BTreeSet<&str> = standing::findings().iter().map(|finding| finding.check).collect();
        // Those that look beneath the adapters stand in no table.
        assert_eq!(files, checks.len() + 3);
    }
}
