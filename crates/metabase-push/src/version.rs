//! Which version of Metabase answers, as far as what is sent depends on it.

use serde_json::{Value, json};

/// The last major version whose front-end compares targets without their stage.
const LAST_WITHOUT_STAGES: u64 = 52;

/// The version of a Metabase.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// 52 of `v0.52.3` and of `v1.52.3`. Builds of one's own have no number.
    major: Option<u64>,
}

impl Version {
    /// Returns the version that Metabase's properties name. One that they do not name is taken for a new one.
    pub fn of(properties: &Value) -> Version {
        let tag = properties["version"]["tag"].as_str().unwrap_or_default();
        let mut numbers = tag.trim_start_matches('v').split('.');
        let is_release = matches!(numbers.next(), Some("0" | "1"));
        let major = numbers.next().filter(|_| is_release);
        Version {
            major: major.and_then(|major| major.parse().ok()),
        }
    }

    /// Returns what a filter fills in, in the form that this version's front-end looks for. In a dashboard's editor, each other form
    /// is an unknown field.
    pub fn target(self, target: &Value) -> Value {
        let parts = target.as_array().map(Vec::as_slice).unwrap_or_default();
        let (kind, what) = match parts {
            [kind, what] | [kind, what, _] if kind == "dimension" => (kind, what),
            _ => return target.clone(),
        };
        match self.major {
            Some(..=LAST_WITHOUT_STAGES) => json!([kind, what]),
            // SQL has only one stage.
            _ => json!([kind, what, {"stage-number": 0}]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn major(tag: &Value) -> Option<u64> {
        Version::of(&json!({"version": {"tag": tag}})).major
    }

    #[test]
    fn the_major_version_is_the_second_number() {
        for (tag, expected) in [
            ("v0.52.3", Some(52)),
            ("v1.52.3.1", Some(52)),
            ("v0.63.0-beta", Some(63)),
            ("v0.53.0-RC2", Some(53)),
            ("v0.50", Some(50)),
            ("vLOCAL_DEV", None),
            ("vUNKNOWN", None),
            ("v52.3", None),
            ("v0.x.3", None),
            ("v0.99999999999999999999", None),
            ("", None),
        ] {
            assert_eq!(major(&json!(tag)), expected, "{tag}");
        }
        for tag in [json!(null), json!(52), json!(["v0.52.3"])] {
            assert_eq!(major(&tag), None, "{tag}");
        }
        assert_eq!(Version::of(&json!([])).major, None);
    }

    #[test]
    fn a_target_of_either_form_gets_that_of_the_version() {
        let plain = json!(["dimension", ["template-tag", "date"]]);
        let staged = json!(["dimension", ["template-tag", "date"], {"stage-number": 0}]);
        for (major, expected) in [
            (Some(50), &plain),
            (Some(52), &plain),
            (Some(53), &staged),
            (Some(63), &staged),
            (None, &staged),
        ] {
            for form in [&plain, &staged] {
                assert_eq!(&Version { major }.target(form), expected, "{major:?}");
            }
        }
    }

    #[test]
    fn what_is_no_such_target_stays() {
        let version = Version { major: None };
        for target in [
            json!(null),
            json!([]),
            json!(["variable", ["template-tag", "date"]]),
            json!(["dimension"]),
            json!(["dimension", 1, 2, 3]),
        ] {
            assert_eq!(version.target(&target), target);
        }
    }
}
