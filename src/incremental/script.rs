//! SQL scripts of several steps, and the placeholders in them. Pure.
//!
//! A step begins with a line `-- @…` and goes on to the next one:
//!
//! - `@keep name when a, b`: a query whose rows are kept under a name, if any rows are kept under `a` or `b`
//! - `@read name when a, b`: the same for a query that reads the shop, and runs as the views' owner
//! - `@take name when a, b`: the same for a statement that writes, and returns rows
//! - `@run when a, b`: a statement that runs, if any rows are kept under `a` or `b`
//! - `@include name`, and other words: a place where other steps go
//!
//! `:word` stands for a text that is put in.

use std::fmt;

/// One step of a script: a statement, and what becomes of its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub verb: Verb,
    /// What later steps call the rows that are kept; empty where none are.
    pub name: String,
    /// Any of these must have rows, or there is nothing to do; always, where it names none.
    pub when: Vec<String>,
    pub statement: String,
}

/// What is done with a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Its rows are kept.
    Keep,
    /// It reads the shop, and so runs as the views' owner: all else runs as the extension's. Its rows are kept.
    Read,
    /// It writes, and what it returns is kept.
    Take,
    /// It writes.
    Run,
}

/// A part of a script.
#[derive(Debug, PartialEq)]
pub enum Part {
    Step(Step),
    /// A place where other steps go.
    Place(String),
}

const VERBS: [(Verb, &str); 4] = [
    (Verb::Keep, "keep"),
    (Verb::Read, "read"),
    (Verb::Take, "take"),
    (Verb::Run, "run"),
];

impl Step {
    /// A query whose rows are kept under a name, if there are rows of another one.
    pub fn keep(name: &str, when: &str, statement: String) -> Step {
        Step {
            verb: Verb::Keep,
            name: name.to_owned(),
            when: vec![when.to_owned()],
            statement,
        }
    }

    /// A statement that runs if there are rows under a name.
    pub fn run(when: &str, statement: String) -> Step {
        Step {
            verb: Verb::Run,
            name: String::new(),
            when: vec![when.to_owned()],
            statement,
        }
    }

    /// A statement of this verb and name that is always run.
    pub fn always(verb: Verb, name: &str, statement: String) -> Step {
        Step {
            verb,
            name: name.to_owned(),
            when: Vec::new(),
            statement,
        }
    }

    /// Whether it reads the shop.
    pub fn reads_shop(&self) -> bool {
        self.verb == Verb::Read
    }

    /// The step with its placeholders filled.
    pub fn filled(mut self, values: &[(&str, String)]) -> Step {
        self.statement = fill(&self.statement, values);
        self
    }
}

/// A step as scripts have it.
impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let verb = VERBS
            .iter()
            .find(|(verb, _)| *verb == self.verb)
            .map_or("", |(_, word)| word);
        write!(formatter, "-- @{verb}")?;
        if !self.name.is_empty() {
            write!(formatter, " {}", self.name)?;
        }
        if !self.when.is_empty() {
            write!(formatter, " when {}", self.when.join(", "))?;
        }
        write!(formatter, "\n{};\n", self.statement)
    }
}

/// The parts of a script.
pub fn parse(script: &str) -> Vec<Part> {
    script
        .split("\n-- @")
        .skip(1)
        .map(|part| {
            let (head, body) = part.split_once('\n').unwrap_or((part, ""));
            let (words, when) = head.split_once(" when ").unwrap_or((head, ""));
            let (word, name) = words.split_once(' ').unwrap_or((words, ""));
            let verb = VERBS.iter().find(|(_, known)| *known == word);
            verb.map_or_else(
                || Part::Place(head.to_owned()),
                |(verb, _)| {
                    Part::Step(Step {
                        verb: *verb,
                        name: name.to_owned(),
                        when: when
                            .split(", ")
                            .filter(|name| !name.is_empty())
                            .map(str::to_owned)
                            .collect(),
                        statement: without_comments(body).trim_end_matches(';').to_owned(),
                    })
                },
            )
        })
        .collect()
}

/// A statement without the lines that are comments, so that it can stand inside another one.
pub fn without_comments(statement: &str) -> String {
    let lines: Vec<&str> = statement
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect();
    lines.join("\n").trim().to_owned()
}

/// `text` with each `:word` replaced that `values` has. A `::type` is none. A value of several lines is indented like the line that
/// it is put into.
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
                let line = filled.rsplit('\n').next().unwrap_or_default();
                let indent = &line[..line.len() - line.trim_start().len()];
                filled += &value.replace('\n', &format!("\n{indent}"));
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
                Part::Step(Step {
                    verb: Verb::Keep,
                    name: "a".into(),
                    when: vec!["b".into(), "c".into()],
                    statement: "SELECT 1".into(),
                }),
                Part::Step(Step::always(Verb::Read, "d", "SELECT 2".into())),
                Part::Step(Step::always(Verb::Run, "", "DELETE FROM t".into())),
                Part::Place("merge".into()),
            ]
        );
    }

    #[test]
    fn a_step_that_is_written_is_read_again() {
        let steps = [
            Step::keep("a", "b", "SELECT 1\nFROM t".into()),
            Step::run("a", "DELETE FROM t".into()),
            Step::always(Verb::Take, "c", "DELETE FROM t RETURNING 1".into()),
            Step::always(Verb::Read, "d", "SELECT 2".into()),
        ];
        for step in steps {
            assert_eq!(parse(&format!("\n{step}")), [Part::Step(step)]);
        }
    }

    #[test]
    fn placeholders_are_words_and_casts_are_none() {
        let values = [("zone", "'UTC'".to_owned()), ("date", "no".to_owned())];
        assert_eq!(
            fill("x AT TIME ZONE :zone::date || :other", &values),
            "x AT TIME ZONE 'UTC'::date || :other"
        );
    }

    #[test]
    fn what_is_put_in_is_not_searched_again_and_is_indented() {
        let values = [
            ("query", "SELECT\n    ':other'".to_owned()),
            ("other", "no".to_owned()),
        ];
        assert_eq!(
            fill("FROM (\n    :query\n) AS q", &values),
            "FROM (\n    SELECT\n        ':other'\n) AS q"
        );
    }
}
