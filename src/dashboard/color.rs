//! The colors of charts, from Metabase's own palette: one for each measure, on whichever card it is drawn.

/// As CSS has it.
pub type Color = &'static str;

pub const BLUE: Color = "#509EE3";
pub const GREEN: Color = "#88BF4D";
pub const PURPLE: Color = "#A989C5";
pub const RED: Color = "#EF8C8C";
pub const YELLOW: Color = "#F9D45C";
pub const TEAL: Color = "#98D9D9";
pub const INDIGO: Color = "#7172AD";
pub const GRAY: Color = "#949AAB";

/// Of each measure, by the name that its column has.
const MEASURES: [(&str, Color); 6] = [
    ("Revenue", BLUE),
    ("Profit", GREEN),
    ("Fee rate", RED),
    ("Units sold", PURPLE),
    ("Items", INDIGO),
    ("Sell-through", TEAL),
];

/// The color of a measure.
pub fn of_measure(name: &str) -> Option<Color> {
    let (_, color) = MEASURES.iter().find(|(measure, _)| *measure == name)?;
    Some(color)
}
