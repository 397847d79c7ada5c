//! Texts of the shop in sentences: short, and on one line.

use crate::sql;

/// How many characters of what a check says are shown.
pub const LONGEST: usize = 600;

/// A text without what controls how it is shown, and no longer than so many characters.
pub fn shown(text: &str, longest: usize) -> String {
    let plain = |character: char| match legible::is_control(character) {
        true => ' ',
        false => character,
    };
    let mut characters = text.chars();
    let shown: String = characters.by_ref().take(longest).map(plain).collect();
    match characters.next() {
        None => shown,
        Some(_) => format!("{shown}…"),
    }
}

/// A text as an SQL string literal that is what it looks like: whatever controls how it is shown, or what a terminal does, is written as
/// an escape.
pub fn literal(text: &str) -> String {
    if !text.chars().any(legible::is_control) {
        return sql::literal(text);
    }
    let escaped: String = text
        .chars()
        .map(|character| match character {
            '\'' => "''".to_owned(),
            '\\' => "\\\\".to_owned(),
            control if legible::is_control(control) => format!("\\u{:04X}", u32::from(control)),
            other => other.to_string(),
        })
        .collect();
    format!("E'{escaped}'")
}

/// A text as `shown`, in quotation marks.
pub fn quoted(text: &str, longest: usize) -> String {
    format!("\"{}\"", shown(text, longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_short_and_on_one_line() {
        assert_eq!(shown("a\nb\u{202e}c", 5), "a b c");
        assert_eq!(shown("abcdef", 5), "abcde…");
        assert_eq!(quoted("ä", 1), "\"ä\"");
    }

    #[test]
    fn a_literal_controls_nothing() {
        assert_eq!(literal("O'Neill"), "'O''Neill'");
        assert_eq!(literal("a\\b"), "E'a\\\\b'");
        assert_eq!(literal("a'\\\n\u{202e}\u{3}"), "E'a''\\\\\\u000A\\u202E\\u0003'");
    }

    #[test]
    fn what_controls_a_text_has_four_digits() {
        // An escape of more would be written otherwise.
        assert!(('\u{10000}'..=char::MAX).all(|character| !legible::is_control(character)));
    }
}
