//! The definitions that this extension's views were created with, which are those of the version that created them.

use super::catalog::{VIEWS, View};
use crate::error::Error;
use crate::pg::identity::as_extension_owner;
use crate::pg::query;
use crate::pg::setting::with_time_zone;

/// Remembers the definition that a view has, which this version has given it.
pub fn store(view: &View) -> Result<(), Error> {
    // Times in it are written in the session's zone.
    with_time_zone("UTC", || {
        as_extension_owner(|| {
            query::run(
                include_str!("../../sql/queries/view/store_definition.sql"),
                &[view.name.to_owned().into(), view.digest().into()],
            )
        })
    })
}

/// The views that were created with other queries than this version has for them.
pub fn outdated() -> Result<Vec<&'static str>, Error> {
    #[derive(serde::Deserialize)]
    struct Created {
        view_name: String,
        digest: Option<String>,
    }
    let created: Vec<Created> =
        as_extension_owner(|| query::rows(include_str!("../../sql/queries/view/definitions.sql"), &[]))?;
    let is_outdated = |view: &&View| {
        let digest = created
            .iter()
            .find(|created| created.view_name == view.name)
            .and_then(|created| created.digest.as_ref());
        digest.is_some_and(|digest| *digest != view.digest())
    };
    Ok(VIEWS.iter().filter(is_outdated).map(|view| view.name).collect())
}

/// What there is to know of such a view, and to do about it.
pub fn what_is_outdated(view: &str) -> String {
    format!(
        "another version of metabase_views has made it, by another definition: SELECT * FROM metabase.create_view('{view}', drop_existing => \
         true) makes it anew"
    )
}
