//! What the tests make use of and a PostgreSQL may have been built or packaged without. Where it is missing they say so and go on with
//! what is there, but never on 15, which Debian packages whole.

use crate::cluster::{connect_to_shared, server_major, value};

/// Whether an extension can be created.
pub fn has_extension(name: &str) -> bool {
    is_there(
        name,
        &format!("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = '{name}')"),
    )
}

/// Whether it knows ICU's collations.
pub fn has_icu() -> bool {
    is_there(
        "ICU",
        "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu')",
    )
}

fn is_there(what: &str, question: &str) -> bool {
    let is_there: bool = value(&mut connect_to_shared(), question);
    if !is_there {
        assert_ne!(server_major(), 15, "this PostgreSQL has no {what}");
        eprintln!("this PostgreSQL has no {what}: nothing was tested with it");
    }
    is_there
}
