//! The key that Metabase knows us by.

use std::fmt;

use ureq::http::HeaderValue;

use crate::error::{Error, Result};

/// An API key of Metabase. No message can hold it: `Debug` hides it, and there is no `Display`.
pub struct ApiKey {
    text: String,
    header: HeaderValue,
}

impl ApiKey {
    /// The name of the environment variable that holds the key.
    pub const VARIABLE: &str = "METABASE_API_KEY";

    /// Returns the key in a text. Space around it comes from files and is no part of it.
    pub fn new(key: &str) -> Result<ApiKey> {
        let key = key.trim();
        if key.is_empty() {
            return Err(Error::NoApiKey);
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::InvalidApiKey);
        }
        let mut header = HeaderValue::from_str(key).map_err(|_| Error::InvalidApiKey)?;
        // Libraries that log requests leave out a header that is marked as sensitive.
        header.set_sensitive(true);
        Ok(ApiKey {
            text: key.to_owned(),
            header,
        })
    }

    /// Returns the key from the environment, the only place that neither `ps` nor a shell's history shows.
    pub fn from_environment() -> Result<ApiKey> {
        match std::env::var(Self::VARIABLE) {
            Ok(key) => ApiKey::new(&key),
            Err(std::env::VarError::NotPresent) => Err(Error::NoApiKey),
            Err(std::env::VarError::NotUnicode(_)) => Err(Error::InvalidApiKey),
        }
    }

    /// Returns the value of the header `x-api-key`.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Returns `text` without the key. A server may repeat what it was sent: as it is, or as a URL or JSON has it.
    pub(crate) fn redact(&self, text: &str) -> String {
        let in_url: String = url::form_urlencoded::byte_serialize(self.text.as_bytes()).collect();
        let in_json = self.text.replace('\\', r"\\").replace('"', r#"\""#);
        let in_cautious_json = in_json.replace('/', r"\/");
        [&self.text, &in_url, &in_json, &in_cautious_json]
            .into_iter()
            .fold(text.to_owned(), |text, key| text.replace(key, "***"))
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
        assert_eq!(format!("{:?}", key.header()), "Sensitive");
        assert_eq!(format!("{key:?}"), "ApiKey(***)");
        assert_eq!(key.redact("you sent mb_secret!"), "you sent ***!");
        let key = ApiKey::new(r#"mb_a+b/c="d\e"#).unwrap();
        for repeated in [
            r#"mb_a+b/c="d\e"#,
            "mb_a%2Bb%2Fc%3D%22d%5Ce",
            r#"mb_a+b/c=\"d\\e"#,
            r#"mb_a+b\/c=\"d\\e"#,
        ] {
            assert_eq!(key.redact(repeated), "***");
        }
        let error = ApiKey::new("mb_se\ncret").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("mb_se"));
    }
}
