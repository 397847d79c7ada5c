//! The key that Metabase knows us by.

use std::fmt;

use crate::error::{Error, Result};

/// An API key of Metabase. It has no way into a message: not by `Debug`, and there is no `Display`.
pub struct ApiKey(String);

impl ApiKey {
    /// The name of the environment variable that holds the key.
    pub const VARIABLE: &str = "METABASE_API_KEY";

    /// A key as the environment holds it. Space around it comes from files and is not part of it.
    pub fn new(key: &str) -> Result<ApiKey> {
        let key = key.trim();
        if key.is_empty() {
            return Err(Error::NoApiKey);
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::InvalidApiKey);
        }
        Ok(ApiKey(key.to_owned()))
    }

    /// The key from the environment, the only place that neither `ps` nor a shell's history shows.
    pub fn from_environment() -> Result<ApiKey> {
        match std::env::var(Self::VARIABLE) {
            Ok(key) => ApiKey::new(&key),
            Err(std::env::VarError::NotPresent) => Err(Error::NoApiKey),
            Err(std::env::VarError::NotUnicode(_)) => Err(Error::InvalidApiKey),
        }
    }

    /// The value of the header `x-api-key`.
    pub(crate) fn header(&self) -> &str {
        &self.0
    }

    /// `text` without the key, for texts of a server that repeats what it was sent.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = ApiKey::new(" mb_secret\n").unwrap();
        assert_eq!(key.header(), "mb_secret");
        assert_eq!(format!("{key:?}"), "ApiKey(***)");
        assert_eq!(key.redact("you sent mb_secret!"), "you sent ***!");
        let error = ApiKey::new("mb_se\ncret").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("mb_se"));
    }
}
