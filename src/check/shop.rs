//! The shop that is checked: what its adapters show, and what they were made from.

use std::cell::OnceCell;

use super::text::quoted;
use crate::error::Error;
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
    statuses: OnceCell<String>,
}

impl Shop {
    /// As the current role would read it.
    pub fn look() -> Result<Shop, Error> {
        let compared = installed::compare()?;
        if compared.seen.iter().any(|seen| !seen.is_there) {
            return Err(Error::NothingToCheck);
        }
        Ok(Shop {
            settings: compared.settings.clone(),
            compared,
            mappings: mapping::stored()?,
            statuses: OnceCell::new(),
        })
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
                let is_read = |oid| seen.reads(oid);
                source.problems.is_empty() && source.relation.as_ref().is_some_and(|found| is_read(found.oid))
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

    /// The statuses of the orders, in words.
    pub fn statuses(&self) -> Result<&str, Error> {
        if let Some(words) = self.statuses.get() {
            return Ok(words);
        }
        let words = self.look_at_statuses()?;
        Ok(self.statuses.get_or_init(|| words))
    }

    fn look_at_statuses(&self) -> Result<String, Error> {
        #[derive(serde::Deserialize)]
        struct Status {
            status: Option<String>,
            orders: i64,
            counted: i64,
        }
        if !self.shows(Entity::Order, "status") {
            return Ok("orders have no status".to_owned());
        }
        let statuses: Vec<Status> = query::rows(include_str!("../../sql/queries/check/statuses.sql"), &[])?;
        let words: Vec<String> = statuses
            .iter()
            .map(|row| {
                let status = row
                    .status
                    .as_ref()
                    .map_or_else(|| "no status".to_owned(), |status| quoted(status, 40));
                let counted = match row.counted {
                    0 => "do not count".to_owned(),
                    counted if counted == row.orders => "count".to_owned(),
                    counted => format!("of which {counted} count"),
                };
                format!("{status} {} ({counted})", row.orders)
            })
            .collect();
        Ok(words.join(", "))
    }
}
