//! The versions of this library and of the extension in a database. They differ after an upgrade, until ALTER EXTENSION … UPDATE has been
//! run, or the server has loaded the library that was installed.

use crate::error::Error;

/// The version of this library.
pub const LIBRARY: &str = env!("CARGO_PKG_VERSION");

/// An error unless an extension of that version is what this library works on. Capture goes on all the same: what triggers do is the same
/// in all versions.
pub fn check(extension: String) -> Result<(), Error> {
    let library = LIBRARY;
    if extension == library {
        Ok(())
    } else if numbers(&extension) < numbers(library) {
        Err(Error::ExtensionOlder { library, extension })
    } else {
        Err(Error::LibraryOlder { library, extension })
    }
}

/// The numbers that a version is made of, for comparing.
fn numbers(version: &str) -> Vec<u32> {
    let numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    numbers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(numbers("0.9.0") < numbers("0.10.0"));
        assert!(numbers("0.10.0") < numbers("1.0.0"));
        assert!(numbers("1.0") < numbers("1.0.1"));
    }
}
