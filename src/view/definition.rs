//! The definitions that this extension's views were created with, which are those of the version that created them.

use crate::error::Error;
use crate::pg::identity::as_extension_owner;
use crate::pg::setting::with_time_zone;
use crate::pg::{query, version};

/// Remembers the definition that a view has, which this version has for it, too.
pub fn store(view: &str) -> Result<(), Error> {
    // Times in it are written in the session's zone.
    with_time_zone("UTC", || {
        as_extension_owner(|| {
            query::run(
                include_str!("../../sql/queries/view/store_definition.sql"),
                &[view.to_owned().into(), version::LIBRARY.to_owned().into()],
            )
        })
    })
}

/// Remembers that a view has another definition than this version has for it; `is_outdated` says whether another version gave it that.
pub fn store_other(view: &str, is_outdated: bool) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/view/store_outdated.sql"),
            &[
                view.to_owned().into(),
                version::LIBRARY.to_owned().into(),
                is_outdated.into(),
            ],
        )
    })
}

/// The views that another version has given another definition than this one has for them.
pub fn outdated() -> Result<Vec<String>, Error> {
    as_extension_owner(|| query::values(include_str!("../../sql/queries/view/outdated.sql"), &[]))
}

/// What there is to know of such a view, and to do about it.
pub fn what_is_outdated(view: &str) -> String {
    format!(
        "another version of metabase_views has made it, by another definition: SELECT * FROM metabase.create_view('{view}', drop_existing => \
         true) makes it anew"
    )
}
