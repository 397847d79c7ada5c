//! Texts of the shop in sentences: short, and on one line.

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

/// The same in quotation marks.
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
}
