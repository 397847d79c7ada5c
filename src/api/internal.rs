//! Functions that the views of the API and the definitions call, in a schema that is not for use by hand.

/// The schema is made by sql/bootstrap.sql; this only puts the functions into it.
#[pgrx::pg_schema]
mod metabase_internal {
    use pgrx::pg_sys::panic::ErrorReport;
    use pgrx::prelude::*;

    use crate::api::sources::rows;
    use crate::source::mapping;
    use crate::{country, settings};

    /// The ISO 3166-1 alpha-2 code of a country given by a code or by a name; NULL where it is not known.
    #[pg_extern(immutable, strict, parallel_safe)]
    fn country_code(country: &str) -> Option<&'static str> {
        country::alpha2(country)
    }

    /// Behind the view metabase.settings.
    #[pg_extern(volatile, parallel_unsafe)]
    #[search_path(pg_catalog, pg_temp)]
    fn settings() -> Result<
        TableIterator<
            'static,
            (
                name!(name, String),
                name!(value, String),
                name!(is_default, bool),
                name!(description, String),
            ),
        >,
        ErrorReport,
    > {
        let rows = settings::list()?.into_iter().map(|(setting, value, is_set)| {
            (
                setting.name.to_owned(),
                value,
                !is_set,
                setting.description.to_owned(),
            )
        });
        Ok(TableIterator::new(rows))
    }

    /// Behind the view metabase.sources.
    #[pg_extern(volatile, parallel_unsafe)]
    #[search_path(pg_catalog, pg_temp)]
    fn sources() -> Result<
        TableIterator<
            'static,
            (
                name!(entity, String),
                name!(relation, Option<String>),
                name!(column_name, String),
                name!(expression, Option<String>),
                name!(source_type, Option<String>),
                name!(origin, String),
                name!(note, Option<String>),
            ),
        >,
        ErrorReport,
    > {
        Ok(TableIterator::new(rows(&mapping::resolve()?)?))
    }
}
