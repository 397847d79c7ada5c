//! Text of others, on its way to a terminal.

use serde_json::Value;

/// How much of a text a message shows.
const SHOWN: usize = 300;
/// How many texts of a list a message shows.
const LISTED: usize = 20;

/// Returns `text` as one line that cannot move the cursor, change colours or reverse its direction.
pub fn one_line(text: &str) -> String {
    escape(text, |_| false)
}

/// Returns `text` with its line breaks, otherwise as [`one_line`].
pub fn lines(text: &str) -> String {
    escape(text, |c| c == '\n')
}

/// Returns `text`, or its beginning where it is long.
pub fn beginning(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns the first of many texts, and how many more there are.
pub fn few(texts: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = texts.len().saturating_sub(LISTED);
    let mut few: Vec<String> = texts.take(LISTED).map(|text| beginning(&text)).collect();
    if more > 0 {
        few.push(format!("and {more} more"));
    }
    few
}

/// Returns `value` as JSON for machines, which a terminal can show as well.
pub fn json(value: &Value) -> String {
    let mut escaped = String::new();
    for c in format!("{value:#}").chars() {
        // JSON itself escapes the other control characters. The codes of all these have four digits.
        if c != '\n' && legible::is_control(c) {
            escaped += &format!("\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn escape(text: &str, allowed: fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if legible::is_control(c) && !allowed(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_controls_the_terminal() {
        assert_eq!(one_line("a\x1b[31mb\r\nc\u{9b}2J"), r"a\u{1b}[31mb\r\nc\u{9b}2J");
        assert_eq!(one_line("in\u{202e}voice"), r"in\u{202e}voice");
        assert_eq!(one_line("in\u{61c}voice"), r"in\u{61c}voice");
        assert_eq!(lines("a\n\tb\x07"), "a\n\\tb\\u{7}");
        assert_eq!(one_line("Größe → €"), "Größe → €");
    }

    #[test]
    fn json_stays_json() {
        let value = serde_json::json!({"a": "\u{9b}2J\u{202e}\u{61c}\u{1b}\n€"});
        let text = json(&value);
        assert_eq!(text, lines(&text));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(beginning(&"é".repeat(400)), format!("{}…", "é".repeat(300)));
        assert_eq!(beginning("short"), "short");
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let list = |count: usize| few((0..count).map(|number| number.to_string()));
        assert_eq!(list(20).len(), 20);
        assert_eq!(list(22)[20], "and 2 more");
    }
}
