//! SQL scripts of several steps, and the placeholders in them. Pure.
//!
//! A step begins with a line `-- @…` and goes on to the next one:
//!
//! - `@keep name when a, b`: a query whose rows are kept under a name, if any rows are kept under `a` or `b`
//! - `@read name when a, b`: the same for a query that reads the shop, and runs as the views' owner
//! - `@run when a, b`: a statement that runs, if any rows are kept under `a` or `b`
//! - `@include name`, and other words: a place where something else goes
//!
//! `:word` stands for a text that is put in.

/// One step of a script.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Keep {
        name: String,
        when: Vec<String>,
        statement: String,
        /// Whether it reads the shop, and so runs as the views' owner: all else runs as the extension's.
        reads_shop: bool,
    },
    Run {
        when: Vec<String>,
        statement: String,
    },
    Mark(String),
}

/// The steps of a script.
pub fn parse(script: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in script.split("\n-- @").skip(1) {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        let lines: Vec<&str> = body
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"))
            .collect();
        let statement = lines.join("\n").trim().trim_end_matches(';').to_owned();
        let (head, when) = head.split_once(" when ").unwrap_or((head, ""));
        let when = when
            .split(", ")
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        steps.push(match head.split_once(' ') {
            Some((verb @ ("keep" | "read"), name)) => Step::Keep {
                name: name.to_owned(),
                when,
                statement,
                reads_shop: verb == "read",
            },
            None if head == "run" => Step::Run { when, statement },
            _ => Step::Mark(head.to_owned()),
        });
    }
    steps
}

/// `text` with each `:word` replaced that `values` has. A `::type` is none.
pub fn fill(text: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(colon) = rest.find(':') {
        let (before, after) = rest.split_at(colon);
        filled += before;
        let after = &after[1..];
        if let Some(after) = after.strip_prefix(':') {
            filled += "::";
            rest = after;
            continue;
        }
        let end = after
            .find(|next: char| !next.is_ascii_lowercase() && next != '_')
            .unwrap_or(after.len());
        match values.iter().find(|(word, _)| *word == &after[..end]) {
            Some((_, value)) => {
                filled += value;
                rest = &after[end..];
            }
            None => {
                filled += ":";
                rest = after;
            }
        }
    }
    filled + rest
}

impl Step {
    /// Whether it reads the shop.
    pub fn reads_shop(&self) -> bool {
        matches!(self, Step::Keep { reads_shop: true, .. })
    }

    /// The step with its placeholders filled.
    pub fn filled(mut self, values: &[(&str, String)]) -> Step {
        if let Step::Keep { statement, .. } | Step::Run { statement, .. } = &mut self {
            *statement = fill(statement, values);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_step_by_step() {
        let script = "-- What it is for.\n\n-- @keep a when b, c\n-- Why.\nSELECT 1;\n\n-- @read d\nSELECT 2;\n\n-- @run\nDELETE FROM \
                      t;\n\n-- @merge\n";
        assert_eq!(
            parse(script),
            [
                Step::Keep {
                    name: "a".into(),
                    when: vec!["b".into(), "c".into()],
                    statement: "SELECT 1".into(),
                    reads_shop: false,
                },
                Step::Keep {
                    name: "d".into(),
                    when: vec![],
                    statement: "SELECT 2".into(),
                    reads_shop: true,
                },
                Step::Run {
                    when: vec![],
                    statement: "DELETE FROM t".into()
                },
                Step::Mark("merge".into()),
            ]
        );
    }

    #[test]
    fn placeholders_are_words_and_casts_are_none() {
        let values = [("zone", "'UTC'".to_owned()), ("date", "no".to_owned())];
        assert_eq!(
            fill("x AT TIME ZONE :zone::date || :other", &values),
            "x AT TIME ZONE 'UTC'::date || :other"
        );
    }
}
