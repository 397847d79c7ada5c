//! How values are written: numbers, amounts, days, months and texts.

use jiff::civil::{Date, DateTime};

use crate::dashboard::model::{Card, ColumnSettings};

/// A column of a card's result, as people see it.
#[derive(Clone, Debug)]
pub struct ShownColumn {
    pub name: String,
    pub title: String,
    kind: ShownAs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ShownAs {
    Text,
    Day,
    Month,
    Number {
        symbol: String,
        decimals: usize,
        suffix: String,
    },
}

impl ShownColumn {
    /// A column as the settings of a card have it written.
    pub fn of(card: &Card, name: &str) -> ShownColumn {
        let settings = card.visualization_settings.column(name);
        ShownColumn {
            name: name.to_owned(),
            title: settings
                .and_then(|settings| settings.column_title.clone())
                .unwrap_or_else(|| name.to_owned()),
            kind: settings.map_or(ShownAs::Text, ShownAs::of),
        }
    }

    /// The same under another title.
    pub fn titled(&self, title: String) -> ShownColumn {
        ShownColumn {
            title,
            ..self.clone()
        }
    }

    /// Whether its numbers are written without decimals.
    pub fn is_whole(&self) -> bool {
        matches!(self.kind, ShownAs::Number { decimals: 0, .. })
    }

    pub fn is_number(&self) -> bool {
        matches!(self.kind, ShownAs::Number { .. })
    }

    /// A value as it came from the database.
    pub fn write(&self, value: &str) -> String {
        match &self.kind {
            ShownAs::Text => legible(value),
            ShownAs::Day => date_of(value).map_or_else(|| legible(value), day),
            ShownAs::Month => date_of(value).map_or_else(|| legible(value), month),
            ShownAs::Number { suffix, .. } => format!("{}{suffix}", self.write_bare(value)),
        }
    }

    /// A number without the unit after it.
    pub fn write_bare(&self, value: &str) -> String {
        match (&self.kind, value.parse::<f64>()) {
            (ShownAs::Number { symbol, decimals, .. }, Ok(number)) if number.is_finite() => {
                signed(number, *decimals, symbol, "")
            }
            _ => legible(value),
        }
    }

    /// The unit after a number, with the space before it.
    pub fn suffix(&self) -> &str {
        match &self.kind {
            ShownAs::Number { suffix, .. } => suffix,
            _ => "",
        }
    }

    /// A number that was computed here.
    pub fn write_number(&self, number: f64) -> String {
        self.write(&number.to_string())
    }

    /// A value as the name of a point of a chart: months are shorter there.
    pub fn write_label(&self, value: &str) -> String {
        match (&self.kind, date_of(value)) {
            (ShownAs::Month, Some(date)) => date.strftime("%b %Y").to_string(),
            _ => self.write(value),
        }
    }

    /// A number in a few characters, for the labels of a chart: `€12.3k`.
    pub fn write_briefly(&self, number: f64) -> String {
        self.write_tick(number, number)
    }

    /// The same on a scale that ends with `most`, so that all of its numbers are in thousands, or none.
    pub fn write_tick(&self, number: f64, most: f64) -> String {
        let ShownAs::Number {
            symbol,
            decimals,
            suffix,
        } = &self.kind
        else {
            return number.to_string();
        };
        let (power, letter) = match most.abs() {
            size if size >= LARGE => (1.0, ""),
            // What would be rounded to a thousand of a unit is one of the next.
            size if size >= 999_950_000.0 => (1e9, "B"),
            size if size >= 999_950.0 => (1e6, "M"),
            size if size >= 9_999.5 => (1e3, "k"),
            _ => return format!("{}{suffix}", signed(number, (*decimals).min(1), symbol, "")),
        };
        let scaled = number / power;
        let is_whole = scaled.abs() >= 99.95 || (scaled - scaled.round()).abs() < 0.05;
        let letter = if scaled == 0.0 { "" } else { letter };
        format!(
            "{}{suffix}",
            signed(scaled, usize::from(!is_whole), symbol, letter)
        )
    }
}

impl ShownAs {
    fn of(settings: &ColumnSettings) -> ShownAs {
        if settings.number_style.is_some() {
            return ShownAs::Number {
                symbol: settings.currency.as_deref().map(symbol).unwrap_or_default(),
                decimals: settings.decimals.unwrap_or(0) as usize,
                suffix: settings.suffix.clone().unwrap_or_default(),
            };
        }
        match settings.date_style.as_deref() {
            None => ShownAs::Text,
            Some(style) if style.contains('D') => ShownAs::Day,
            Some(_) => ShownAs::Month,
        }
    }
}

/// What stands before an amount: `€`, or `SEK ` where the sign is a word, or that of another currency, too.
fn symbol(currency: &str) -> String {
    let sign = iso_currency::Currency::from_code(currency).map(|currency| currency.symbol().symbol);
    match sign {
        Some(sign) if sign.chars().all(is_currency_sign) => sign,
        _ => format!("{currency}\u{a0}"),
    }
}

/// Whether a character is read as money anywhere: the sign of the franc is not.
fn is_currency_sign(sign: char) -> bool {
    matches!(sign, '$' | '£' | '¥' | '\u{20a0}'..='\u{20cf}') && sign != '₣'
}

/// `12.3 %`
pub fn percent(number: f64) -> String {
    format!("{} %", signed(number, 1, "", ""))
}

/// From here on numbers are written as powers of ten.
const LARGE: f64 = 1e15;

/// `-€1,234.50k`
fn signed(number: f64, decimals: usize, before: &str, after: &str) -> String {
    if number.abs() >= LARGE {
        return format!(
            "{}{before}{:.2e}{after}",
            if number < 0.0 { "-" } else { "" },
            number.abs()
        );
    }
    // A half goes away from zero, also the half of a decimal number that is a little less in binary.
    let power = 10_f64.powi(decimals as i32);
    let rounded = (number.abs() * power * (1.0 + f64::EPSILON)).round() / power;
    let digits = format!("{rounded:.decimals$}");
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (digits.as_str(), String::new()),
    };
    let is_zero = digits.chars().all(|digit| matches!(digit, '0' | '.'));
    let sign = if number < 0.0 && !is_zero { "-" } else { "" };
    format!("{sign}{before}{}{fraction}{after}", grouped(whole))
}

/// `1,234,567`
fn grouped(digits: &str) -> String {
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The day of a date or of a time, which the database has written in the shop's zone.
fn date_of(value: &str) -> Option<Date> {
    value.get(..10)?.parse().ok()
}

/// `24 Nov 2026`
pub fn day(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

/// `24 Nov 2026, 09:05`
pub fn minute(time: DateTime) -> String {
    format!("{}, {}", day(time.date()), time.strftime("%H:%M"))
}

/// `November 2026`
fn month(date: Date) -> String {
    date.strftime("%B %Y").to_string()
}

/// How many characters of a text are shown: more than anybody reads, and few enough to keep a page small.
const MOST_CHARACTERS: usize = 300;

/// A text from the data as it can be shown: in one line, without the characters that control something, such as the direction
/// of what follows them.
pub fn legible(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .filter_map(|character| match character {
            _ if character.is_whitespace() => Some(' '),
            _ if character.is_control() => Some('\u{fffd}'),
            _ if legible::is_control(character) => None,
            _ => Some(character),
        })
        .take(MOST_CHARACTERS + 1)
        .collect();
    if let Some((end, _)) = shown.char_indices().nth(MOST_CHARACTERS) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// A text cut to as many characters as there is room for; those that are twice as wide count twice.
pub fn cut(text: &str, room: usize) -> String {
    let width = |character: char| if character >= '\u{1100}' { 2 } else { 1 };
    if text.chars().map(width).sum::<usize>() <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let kept: String = text
        .chars()
        .take_while(|character| {
            let fits = width(*character) <= left;
            left = left.saturating_sub(width(*character));
            fits
        })
        .collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(currency: Option<&str>, decimals: u32, suffix: &str) -> ShownColumn {
        ShownColumn {
            name: "number".to_owned(),
            title: "Number".to_owned(),
            kind: ShownAs::of(&ColumnSettings {
                number_style: Some("decimal".to_owned()),
                currency: currency.map(str::to_owned),
                decimals: Some(decimals),
                suffix: Some(suffix.to_owned()),
                ..ColumnSettings::default()
            }),
        }
    }

    #[test]
    fn numbers_have_separators_decimals_and_units() {
        for (currency, decimals, suffix, value, written) in [
            (None, 0, "", "1309", "1,309"),
            (None, 0, " orders", "1309", "1,309 orders"),
            (None, 1, " %", "-12.345", "-12.3 %"),
            (Some("EUR"), 0, "", "1234567.5001", "€1,234,568"),
            (Some("EUR"), 2, "", "-999.5", "-€999.50"),
            (Some("EUR"), 0, "", "-0.2", "€0"),
            (Some("EUR"), 0, "", "2.5", "€3"),
            (Some("EUR"), 2, "", "1.005", "€1.01"),
            (Some("SEK"), 2, "", "1000", "SEK\u{a0}1,000.00"),
            (Some("CHF"), 0, "", "5", "CHF\u{a0}5"),
            (Some("JPY"), 0, "", "5", "¥5"),
            (None, 0, "", "NaN", "NaN"),
            (None, 0, "", "-Infinity", "-Infinity"),
        ] {
            assert_eq!(number(currency, decimals, suffix).write(value), written);
        }
    }

    #[test]
    fn labels_are_brief() {
        for (value, written) in [
            (0.0, "€0"),
            (950.4, "€950"),
            (-9_999.0, "-€9,999"),
            (12_345.0, "€12.3k"),
            (20_000.0, "€20k"),
            (123_456.0, "€123k"),
            (999_960.0, "€1M"),
            (-1_250_000.0, "-€1.3M"),
            (2_500_000_000.0, "€2.5B"),
            (-1e100, "-€1.00e100"),
        ] {
            assert_eq!(number(Some("EUR"), 0, "").write_briefly(value), written);
        }
        assert_eq!(number(None, 1, " %").write_briefly(12.34), "12.3 %");
        assert_eq!(number(Some("EUR"), 0, "").write_tick(5_000.0, 20_000.0), "€5k");
    }

    #[test]
    fn days_and_months_are_those_that_the_database_has_written() {
        let column = |style: &str| ShownColumn {
            name: "day".to_owned(),
            title: "Day".to_owned(),
            kind: ShownAs::of(&ColumnSettings {
                date_style: Some(style.to_owned()),
                ..ColumnSettings::default()
            }),
        };
        assert_eq!(
            column("YYYY/M/D").write("2026-11-04T23:30:00+01:00"),
            "4 Nov 2026"
        );
        assert_eq!(column("MMMM, YYYY").write("2026-11-01"), "November 2026");
        assert_eq!(column("YYYY/M/D").write("infinity"), "infinity");
    }

    #[test]
    fn what_is_shown_of_a_text_is_one_line_that_controls_nothing() {
        assert_eq!(legible("a\tb\r\nc\u{202e}d\u{1}"), "a b  cd\u{fffd}");
        assert_eq!(legible("a\u{2028}b\u{200b}c\u{feff}d\u{61c}e"), "a bcde");
        assert_eq!(legible(&"x".repeat(10_000)).chars().count(), 301);
        assert_eq!(legible("<b>&amp;</b>"), "<b>&amp;</b>");
    }

    #[test]
    fn a_text_is_cut_where_its_room_ends() {
        assert_eq!(cut("Air Jordan 1", 12), "Air Jordan 1");
        assert_eq!(cut("Air Jordan 1", 5), "Air…");
        assert_eq!(cut("スニーカー", 5), "スニ…");
    }
}
