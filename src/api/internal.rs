//! Functions that the views of the API and the definitions call, in a schema that is not for use by hand.

/// The schema is made by sql/bootstrap.sql; this only puts the functions into it.
#[pgrx::pg_schema]
mod metabase_internal {
    use pgrx::prelude::*;

    use crate::api::rows::row_type;
    use crate::api::sources::source_rows;
    use crate::pg::version;
    use crate::source::describe::describe;
    use crate::source::mapping;
    use crate::{country, settings};

    /// Declared in sql/bootstrap.sql, which asks it before anything else is made.
    #[pg_extern(sql = false)]
    fn library_version() -> &'static str {
        version::LIBRARY
    }

    #[pg_extern(immutable, strict, parallel_safe)]
    fn country_code(country: &str) -> Option<&'static str> {
        country::alpha2(country)
    }

    row_type! {
        setting_rows((setting, value, is_set)) {
            name: String = setting.name.to_owned(),
            value: String = value,
            is_default: bool = !is_set,
            description: String = setting.description.to_owned(),
        }
    }

    setting_rows! {
        fn settings() {
            settings::list()
        }
    }

    source_rows! {
        fn sources() {
            Ok(describe(&mapping::resolve()?, &settings::current()?))
        }
    }
}
