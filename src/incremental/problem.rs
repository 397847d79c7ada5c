//! Why refreshes are full until somebody does something about it.

use crate::error::Error;
use crate::pg::identity::as_extension_owner;
use crate::pg::query;

/// What is in the way, if anything is known to be. Where nobody wants incremental refreshes, nothing is.
pub fn stored() -> Result<Option<String>, Error> {
    as_extension_owner(|| {
        query::value(
            "SELECT CASE WHEN is_wanted THEN problem END FROM metabase_internal.incremental",
            &[],
        )
    })
}

/// Notes what is in the way, or that nothing is any more. The server's log hears of each reason once.
pub fn note(problem: Option<&str>) -> Result<(), Error> {
    if stored()?.as_deref() == problem {
        return Ok(());
    }
    if let Some(problem) = problem {
        pgrx::warning!(
            "metabase_views: all refreshes are full until this is mended: {problem} (SELECT * FROM metabase.capture_status() has the details)"
        );
    }
    as_extension_owner(|| {
        query::run(
            "UPDATE metabase_internal.incremental SET problem = $1",
            &[problem.map(str::to_owned).into()],
        )
    })
}
