//! What holds of the source as it stands: who imports whom, what the documentation says of it, which facts agree. No server.

mod documentation;
mod imports;
mod layers;
mod pages;
mod pgxn;
mod places;
mod releases;
mod sources;
mod statements;

use std::path::Path;

/// The project's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
