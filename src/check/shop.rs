//! The shop that is checked: what its adapters show, and what they were made from.

use std::cell::OnceCell;

use pgrx::AnyNumeric;

use super::text::quoted;
use crate::error::Error;
use crate::pg::identity::current_role;
use crate::pg::query;
use crate::settings::Settings;
use crate::source::entity::Entity;
use crate::source::installed::{self, Compared};
use crate::source::mapping::{self, Mapping};
use crate::source::{Source, Sources};

pub struct Shop {
    compared: Compared,
    /// The settings, with the zone that the views were made for.
    pub settings: Settings,
    mappings: Vec<Mapping>,
    /// The name of the role that asks, and of the one that the views belong to.
    pub caller: String,
    pub owner: String,
    statuses: OnceCell<Vec<Status>>,
}

/// The orders with one status.
#[derive(serde::Deserialize)]
pub struct Status {
    /// Its first characters; None for the orders without one.
    pub status: Option<String>,
    pub orders: i64,
    /// How many of them count as sales.
    pub counted: i64,
    /// How many they are of all orders, in percent.
    pub share: AnyNumeric,
}

impl Status {
    pub fn shown(&self) -> String {
        match &self.status {
            Some(status) => quoted(status, LONGEST_STATUS),
            None => "no status".to_owned(),
        }
    }
}

/// How many characters of a status are shown.
const LONGEST_STATUS: usize = 40;
/// How many statuses are named in a sentence.
const NAMED: usize = 10;

impl Shop {
    /// As the current role, which the views belong to, would read it, for a role of that name.
    pub fn look(caller: String) -> Result<Shop, Error> {
        let compared = installed::compare()?;
        if compared.seen.iter().any(|seen| !seen.is_there) {
            return Err(Error::NothingToCheck);
        }
        Ok(Shop {
            settings: compared.settings.clone(),
            compared,
            mappings: mapping::stored()?,
            caller,
            owner: current_role()?,
            statuses: OnceCell::new(),
        })
    }

    /// Whether the role that asks can do something as another one, with SET ROLE.
    pub fn caller_may_become(&self, role: &str) -> bool {
        let names = [self.caller.clone().into(), role.to_owned().into()];
        // Nobody can as a role that was dropped.
        let roles = "SELECT oid FROM pg_catalog.pg_roles WHERE rolname =";
        let query =
            format!("SELECT coalesce(pg_catalog.pg_has_role(({roles} $1), ({roles} $2), 'MEMBER'), false)");
        self.caller == role || query::value(&query, &names).unwrap_or(false)
    }

    /// Whether the adapter of an entity shows a column of the shop's.
    pub fn shows(&self, entity: Entity, column: &str) -> bool {
        self.compared
            .made(entity.spec())
            .is_some_and(|made| made.columns.contains_key(column))
    }

    pub fn sources(&self) -> &Sources {
        &self.compared.sources
    }

    /// The sources that the adapters read, and go on reading as they are.
    pub fn sources_read(&self) -> impl Iterator<Item = &Source> {
        self.sources()
            .0
            .iter()
            .zip(&self.compared.seen)
            .filter(|(source, seen)| {
                let mut found = source.relations();
                source.problems.is_empty()
                    && source.relation.is_some()
                    && found.all(|found| seen.reads(found.oid))
            })
            .map(|(source, _)| source)
    }

    /// What map_source() was told of an entity.
    pub fn mapping(&self, entity: Entity) -> Option<&Mapping> {
        self.mappings
            .iter()
            .find(|mapping| mapping.entity == entity.name())
    }

    /// How keys of an entity are put in order, whatever the database's collation.
    pub fn key_order(&self, entity: Entity) -> &'static str {
        match self.sources().of(entity).type_of("id") {
            Some(sql_type) if sql_type.category == 'S' => "key COLLATE \"C\"",
            _ => "key",
        }
    }

    /// The statuses that most orders have; none where orders have no status.
    pub fn statuses(&self) -> Result<&[Status], Error> {
        if let Some(statuses) = self.statuses.get() {
            return Ok(statuses);
        }
        let statuses = match self.shows(Entity::Order, "status") {
            true => query::rows(include_str!("../../sql/queries/check/statuses.sql"), &[])?,
            false => Vec::new(),
        };
        Ok(self.statuses.get_or_init(|| statuses))
    }

    /// The same in words.
    pub fn statuses_in_words(&self) -> Result<String, Error> {
        let words: Vec<String> = self
            .statuses()?
            .iter()
            .take(NAMED)
            .map(|row| {
                let counted = match row.counted {
                    0 => "do not count".to_owned(),
                    counted if counted == row.orders => "count".to_owned(),
                    counted => format!("of which {counted} count"),
                };
                format!("{} {} ({counted})", row.shown(), row.orders)
            })
            .collect();
        Ok(match words.is_empty() {
            true => "orders have no status".to_owned(),
            false => words.join(", "),
        })
    }
}
