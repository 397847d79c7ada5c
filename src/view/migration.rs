//! The migration of the shop's tables that is under way: the views are gone until it ends, and what is asked of them says so.

use super::catalog::VIEWS;
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, is_superuser, may_act_as};
use crate::pg::query;

/// A migration that somebody has begun.
#[derive(Debug, serde::Deserialize)]
pub struct Migration {
    /// When it began, as a text.
    pub since: String,
    /// The role that began it: its name, and its oid, which is None where it is gone.
    pub begun_by_name: String,
    pub begun_by: Option<u32>,
    /// The role that the adapters and this extension's views belonged to.
    pub owner_name: String,
    pub owner: Option<u32>,
    /// The entities that had a table, and their columns that had a source, as `entity.column`.
    pub found: Vec<String>,
    /// The views that it has not made again yet.
    pub views: Vec<String>,
    /// Whether the adapters are among what it has not made again.
    pub has_adapters: bool,
}

impl Migration {
    /// Whether a view is gone because of it.
    pub fn concerns(&self, view: &str) -> bool {
        self.views.iter().any(|gone| gone == view)
            || (self.has_adapters && VIEWS.iter().any(|ours| ours.name == view))
    }

    /// What is said wherever one of its views is asked for.
    pub fn error(&self) -> Error {
        Error::MigrationUnderWay {
            since: self.since.clone(),
            by: self.begun_by_name.clone(),
        }
    }
}

/// The migration that is under way, if there is one.
pub fn under_way() -> Result<Option<Migration>, Error> {
    as_extension_owner(|| query::optional_row(include_str!("../../sql/queries/view/migration.sql"), &[]))
}

/// An error if one of these views is gone because of a migration.
pub fn check_not_concerned<'a>(mut views: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    match under_way()? {
        Some(migration) if views.any(|view| migration.concerns(view)) => Err(migration.error()),
        _ => Ok(()),
    }
}

/// Forgets one view or adapter that a migration has taken away.
pub fn forget_relation(schema: &str, name: &str) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            "DELETE FROM metabase_internal.migrated_relation WHERE schema_name = $1 AND relation_name = $2",
            &[schema.to_owned().into(), name.to_owned().into()],
        )
    })
}

/// Forgets one view that was made again, or that nobody wants any more; with the last one, the migration.
pub fn forget(view: &str) -> Result<(), Error> {
    forget_relation("analytics", view)?;
    forget_if_done()
}

/// Forgets a migration that has made all again.
pub fn forget_if_done() -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            "DELETE FROM metabase_internal.migration WHERE NOT EXISTS (SELECT FROM metabase_internal.migrated_relation)",
            &[],
        )
    })
}

/// Forgets a view of a user's own that is gone because of a migration, if the current role may act as its owner.
pub fn forget_custom(view: &str) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct Gone {
        owner_name: String,
        owner: Option<u32>,
    }
    let gone: Option<Gone> = as_extension_owner(|| {
        query::optional_row(
            include_str!("../../sql/queries/view/migrated_view.sql"),
            &[view.to_owned().into()],
        )
    })?;
    let Some(gone) = gone else { return Ok(()) };
    if !is_superuser() && !gone.owner.map_or(Ok(false), may_act_as)? {
        return Err(Error::NotOwner {
            view: view.to_owned(),
            owner: gone.owner_name,
        });
    }
    forget(view)
}
