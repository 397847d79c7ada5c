//! The roles that something is remembered of: who mapped a source, who made a view, who reads, whose sources are captured.
//!
//! They are known by their oids, and by their names only where a dump has brought them (see `known_role` in sql/tables.sql).

use crate::error::Error;
use crate::pg::identity::as_extension_owner;
use crate::pg::query;

/// Notes which of them were renamed, are gone, or have come with a dump.
pub fn settle() -> Result<(), Error> {
    as_extension_owner(|| query::run(include_str!("../sql/queries/settle_known_roles.sql"), &[]))
}

/// Sees to it that a role is known. Returns the id by which something can be stored of it.
pub fn remember(role: u32) -> Result<String, Error> {
    settle()?;
    as_extension_owner(|| {
        let oid = [i64::from(role).into()];
        query::run(include_str!("../sql/queries/store_known_role.sql"), &oid)?;
        query::value(include_str!("../sql/queries/known_role_id.sql"), &oid)
    })
}
