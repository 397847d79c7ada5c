//! What fits into a card in Metabase: in pixels, as its front-end draws it in the narrowest window that is laid out as a grid at all times,
//! 1024 pixels wide. In a wider one cards are wider, and as high.

use super::model::GRID_WIDTH;

/// Pixels of a row of the grid with the gap below it, and of that gap.
const ROW: u32 = 46;
const GAP: u32 = 6;
/// Of all columns of the grid with the gaps beside them, in a window of 1024 pixels.
const COLUMNS: u32 = 982;

/// Of a table: its title and padding, its headings, the line below its rows, and each row.
const TABLE_TITLE: u32 = 42;
const TABLE_HEADINGS: u32 = 36;
const TABLE_FOOTER: u32 = 30;
const TABLE_ROW: u32 = 36;

/// Of a bar beside a number in a table, with the gap between them.
pub const MINI_BAR: u32 = 60;

/// Of bars from left to right: their title and padding, each bar with the gap below it, and the most for which there is room on a phone, where
/// each card has a height of Metabase's own.
const BARS_TITLE: u32 = 74;
const BAR: u32 = 24;
const PHONE_BARS: u32 = 10;

/// Of a title: its padding, and each character.
const TITLE_PADDING: u32 = 40;
const TITLE_CHARACTER: u32 = 8;

/// Of a pie: its title and padding, the padding beside it, what of its legend is no name, and a percentage in it.
const PIE_TITLE: u32 = 60;
const PIE_PADDING: u32 = 28;
const LEGEND_DOTS: u32 = 33;
const LEGEND_PERCENT: u32 = 45;

/// Of a text: its padding, the gap between two paragraphs, and each line with the characters that it holds at full width.
const TEXT_PADDING: u32 = 24;
const PARAGRAPH_GAP: u32 = 10;
const LINE: u32 = 26;
const LINE_CHARACTERS: u32 = 108;

/// Of bars that stand beside each other: each with its name, which is turned where it is longer.
const STANDING_BAR: u32 = 30;

/// A table of no more rows is seen whole.
pub const FEW_ROWS: u32 = 12;
/// Of a table that scrolls, the rows and columns that are seen without it.
pub const SEEN_ROWS: u32 = 6;
pub const SEEN_COLUMNS: usize = 7;
/// Columns of the grid that a trend takes with what it is compared with.
pub const TREND_WIDTH: u32 = 7;
/// Pixels of a name in a legend, of about 18 characters.
pub const LEGEND_NAME: u32 = 120;

/// Rows of a table that a card of this height shows in full.
pub fn table_rows(height: u32) -> u32 {
    inside(height).saturating_sub(TABLE_TITLE + TABLE_HEADINGS + TABLE_FOOTER) / TABLE_ROW
}

/// Bars from left to right for which a card of this height has room. Metabase sums up the others, also where they are percentages.
pub fn bars(height: u32) -> u32 {
    PHONE_BARS.min(inside(height).saturating_sub(BARS_TITLE) / BAR)
}

/// Bars that stand beside each other for which a card of this width has room.
pub fn standing_bars(width: u32) -> u32 {
    across(width) / STANDING_BAR
}

/// Of the columns of a table, those that a card of this width shows in full.
pub fn table_columns(width: u32, columns: &[u32]) -> usize {
    let room = across(width);
    let mut end = 0_u32;
    columns
        .iter()
        .take_while(|column| {
            end = end.saturating_add(**column);
            end <= room
        })
        .count()
}

/// Pixels that the heading of a table's column takes.
pub const fn heading_width(heading: &str) -> u32 {
    let bytes = heading.as_bytes();
    let (mut place, mut characters) = (0, 0);
    while place < bytes.len() {
        // Those after the first of a character are of this form.
        characters += (bytes[place] & 0b1100_0000 != 0b1000_0000) as u32;
        place += 1;
    }
    characters * 7 + 40
}

/// Characters of a title for which a card of this width has room.
pub fn title_characters(width: u32) -> usize {
    (across(width).saturating_sub(TITLE_PADDING) / TITLE_CHARACTER) as usize
}

/// Pixels that each name has in the legend beside a pie, which is as wide as it is high, but for two thirds of the card at most.
pub fn legend_name(width: u32, height: u32, has_percentages: bool) -> u32 {
    let room = across(width).saturating_sub(PIE_PADDING);
    let pie = inside(height).saturating_sub(PIE_TITLE).min(room * 2 / 3);
    let percentage = if has_percentages { LEGEND_PERCENT } else { 0 };
    (room - pie).saturating_sub(LEGEND_DOTS + percentage)
}

/// Rows of the grid that a text in Markdown needs where it is so wide.
pub fn text_height(text: &str, width: u32) -> u32 {
    let room = (LINE_CHARACTERS.saturating_mul(width) / GRID_WIDTH).max(1) as usize;
    let lines = |paragraph: &str| paragraph.chars().count().div_ceil(room) as u32;
    let paragraphs = text.split("\n\n");
    let pixels = paragraphs.fold(TEXT_PADDING, |pixels, paragraph| {
        pixels
            .saturating_add(PARAGRAPH_GAP)
            .saturating_add(lines(paragraph).saturating_mul(LINE))
    });
    pixels.saturating_add(GAP).div_ceil(ROW)
}

/// Pixels across a card of this width, in a window of 1024 pixels.
fn across(width: u32) -> u32 {
    let pixels = u64::from(width) * u64::from(COLUMNS) / u64::from(GRID_WIDTH);
    u32::try_from(pixels).unwrap_or(u32::MAX).saturating_sub(GAP)
}

/// Pixels inside of a card of this height.
fn inside(height: u32) -> u32 {
    height.saturating_mul(ROW).saturating_sub(GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_whole() {
        assert_eq!([7, 8, 11].map(table_rows), [5, 7, 10]);
        assert_eq!([0, u32::MAX].map(table_rows), [0, (u32::MAX - 114) / 36]);
        assert_eq!([0, 4, 7, 8].map(bars), [0, 4, 10, 10]);
        assert_eq!([0, 9, 12, 24].map(standing_bars), [0, 12, 16, 32]);
        assert_eq!(["", "Days", "0–7 days"].map(heading_width), [40, 68, 96]);
    }

    #[test]
    fn columns_are_seen_up_to_the_first_that_is_cut() {
        assert_eq!(table_columns(24, &[500, 400, 100, 10]), 2);
        assert_eq!(table_columns(24, &[u32::MAX, u32::MAX]), 0);
        assert_eq!(table_columns(u32::MAX, &[1, 2]), 2);
        assert_eq!(table_columns(0, &[]), 0);
    }

    #[test]
    fn names_have_what_a_pie_and_its_percentages_leave() {
        assert_eq!(legend_name(12, 8, false), 122);
        assert_eq!(legend_name(12, 8, true), 77);
        // A pie that would be larger than two thirds of its card is not.
        assert_eq!(legend_name(12, 20, false), 120);
        assert_eq!(
            [(0, 0), (1, u32::MAX)].map(|(width, height)| legend_name(width, height, true)),
            [0, 0]
        );
    }

    #[test]
    fn a_title_has_what_its_card_is_wide() {
        assert_eq!([0, 6, 12].map(title_characters), [0, 24, 55]);
        assert!(title_characters(u32::MAX) > 1_000_000);
    }

    #[test]
    fn a_text_takes_its_lines_and_the_gaps_between_them() {
        let line = "x".repeat(LINE_CHARACTERS as usize);
        assert_eq!(text_height("", GRID_WIDTH), 1);
        assert_eq!(text_height(&line, GRID_WIDTH), 2);
        assert_eq!(
            text_height(&format!("{line}{line}\n\n{line}{line}."), GRID_WIDTH),
            4
        );
        assert_eq!(text_height(&line, GRID_WIDTH / 2), 2);
        assert_eq!(text_height(&format!("{line}."), GRID_WIDTH / 2), 3);
        assert_eq!([0, u32::MAX].map(|width| text_height("x", width)), [2, 2]);
    }
}
