//! Each status with its orders, and whether these count: what all numbers of sales rest on.

use super::finding::{Found, Severity, views_of};
use super::remedy;
use super::shop::{Shop, Status};
use crate::error::Error;
use crate::source::entity::Entity;

pub const NAME: &str = "status";

/// The statuses that most orders have.
pub fn found(shop: &Shop) -> Result<Vec<Found>, Error> {
    Ok(shop
        .statuses()?
        .iter()
        .map(|status| Found {
            severity: Severity::Info,
            entity: Entity::Order,
            name: NAME,
            message: format!("Orders with {} {}.", said(status), counted(status)),
            rows: status.orders,
            share: status.share.clone(),
            // They have no flaw that there could be an example of.
            examples: Vec::new(),
            views: views_of(Entity::Order),
            remedy: remedy(shop, status),
        })
        .collect())
}

fn said(status: &Status) -> String {
    match status.status {
        Some(_) => format!("the status {}", status.shown()),
        None => status.shown(),
    }
}

fn counted(status: &Status) -> String {
    match status.counted {
        0 => "do not count as sales".to_owned(),
        counted if counted == status.orders => "count as sales".to_owned(),
        counted => format!("count as sales in part: {counted} do"),
    }
}

/// What is to be done about a status as such.
const NOTHING: &str = "None is needed.";

/// What would make them count.
fn remedy(shop: &Shop, status: &Status) -> String {
    match &status.status {
        Some(name) if status.counted == 0 => {
            format!(
                "{NOTHING} If they are sales: {}",
                remedy::count_status(shop, name)
            )
        }
        _ => NOTHING.to_owned(),
    }
}
