//! Schemas that keep their names.
//!
//! A lock on a relation keeps that from being renamed, and not the schema that it is in: whoever owns schemas can have a qualified name mean
//! another relation between the moment in which it was looked at and the statement that names it.

use std::collections::BTreeSet;

use super::identity::as_extension_owner;
use super::query;
use crate::error::Error;

/// Keeps schemas from being renamed and dropped until the transaction ends; an error where one is not there, or is just being renamed.
pub fn hold<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let gone: Vec<String> = as_extension_owner(|| {
        query::returned(
            include_str!("../../sql/queries/hold_schemas.sql"),
            &[names.into()],
        )
    })?;
    match gone.into_iter().next() {
        None => Ok(()),
        Some(schema) => Err(Error::SchemaRenamed { schema }),
    }
}
