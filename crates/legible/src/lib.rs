//! Which characters of a foreign text control how it is shown. The pages of the extension leave them out, and metabase-push
//! writes them as escapes.

#![forbid(unsafe_code)]

/// Whether a character controls how the text around it is shown: its direction, its lines, the terminal.
///
/// It is not shown itself, so that a text with it can look like another one. Ordinary space is no such character, a tab and a
/// line break are.
pub fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // The mark of Arabic letters.
            '\u{61c}'
            // The space without a width, and marks of direction. The joiners between them are spelling, in Persian or of emoji.
            | '\u{200b}' | '\u{200e}' | '\u{200f}'
            // Separators of lines and paragraphs, embeddings and overrides of direction.
            | '\u{2028}'..='\u{202e}'
            // Joiners and operators without a width, isolates of direction, controls that are out of use.
            | '\u{2060}'..='\u{206f}'
            // The mark of the byte order, which is a space without a width elsewhere.
            | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_text_is_known() {
        for character in [
            '\0', '\u{7}', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{61c}', '\u{200b}',
            '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202e}', '\u{2060}', '\u{2066}',
            '\u{2069}', '\u{206f}', '\u{feff}',
        ] {
            assert!(is_control(character), "{}", character.escape_unicode());
        }
    }

    #[test]
    fn what_is_shown_controls_nothing() {
        for character in [
            ' ', 'a', 'ß', '€', '…', '-', '\u{a0}', '\u{300}', '\u{61b}', '\u{61d}', '\u{200a}', '\u{200c}',
            '\u{200d}', '\u{2010}', '\u{2027}', '\u{202f}', '\u{205f}', '\u{2070}', '\u{fe0f}', '\u{fffd}',
            'ス', '👟',
        ] {
            assert!(!is_control(character), "{}", character.escape_unicode());
        }
    }

    #[test]
    fn all_that_sets_a_direction_controls() {
        // Unicode's property Bidi_Control, in full.
        let directions = ['\u{61c}', '\u{200e}', '\u{200f}']
            .into_iter()
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}');
        for character in directions {
            assert!(is_control(character), "{}", character.escape_unicode());
        }
    }
}
