//! `/api/session`

use serde_json::{Value, json};

use super::State;

impl State {
    /// Anybody may ask for the properties that are public, and `version` is one: `src/metabase/session/api.clj` and the setting
    /// `version` in `src/metabase/version/settings.clj` (0.50: `src/metabase/public_settings.clj`).
    pub fn properties(&self) -> Value {
        json!({"version": {"tag": format!("v0.{}.4", self.version), "hash": "0000000"}, "has-user-setup": true})
    }
}
