//! A dashboard as data: what its file says of it, before it is put into Metabase's form.

use super::color::Color;
use super::fit;

/// A dashboard.
pub struct DashboardSpec {
    pub key: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    /// Who it is made for.
    pub audience: &'static str,
    pub filters: &'static [Filter],
    pub clicks: &'static [Click],
    /// From top to bottom.
    pub rows: &'static [GridRow],
    /// What its numbers mean, in Markdown, below everything.
    pub meaning: &'static str,
}

/// A filter, and the columns that it restricts: at most one of a view.
pub struct Filter {
    /// What its template tags are called.
    pub tag: &'static str,
    pub name: &'static str,
    pub kind: FilterKind,
    /// Such as `metabase_executive_metrics.sale_date`.
    pub columns: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FilterKind {
    /// Any range of dates.
    Date {
        /// The one that it is set to at first, such as `past30days`.
        default: &'static str,
    },
    /// Any of the values that occur; at first, all of them.
    Value,
}

/// What a click on a value does, on each card that shows the value's column.
pub struct Click {
    /// The column's name.
    pub column: &'static str,
    pub leads: Leads,
}

/// Where a click leads.
pub enum Leads {
    /// To the same dashboard, with its filter of this tag set to the value.
    Filter(&'static str),
    /// To another one, whose filters are set to what is carried along.
    Dashboard(&'static DashboardSpec, &'static [Carried]),
}

/// What sets a filter of the other dashboard.
pub enum Carried {
    /// The value of a column in the row that was clicked on, for the filter of a tag.
    Value(&'static str, &'static str),
    /// What the filter of a tag is set to, for that of the same tag.
    Setting(&'static str),
}

/// A click on a column's value sets the filter of a tag to it.
pub const fn sets(column: &'static str, tag: &'static str) -> Click {
    let leads = Leads::Filter(tag);
    Click { column, leads }
}

/// A click on a column's value opens another dashboard.
pub const fn opens(
    column: &'static str,
    dashboard: &'static DashboardSpec,
    carried: &'static [Carried],
) -> Click {
    let leads = Leads::Dashboard(dashboard, carried);
    Click { column, leads }
}

/// Cards side by side, under a heading.
pub struct GridRow {
    pub heading: &'static str,
    /// In rows of the grid.
    pub height: u32,
    /// Each with its width in columns of the grid.
    pub questions: &'static [(u32, Question)],
}

/// A card.
pub struct Question {
    /// Also the name of its file in `sql/cards/`.
    pub key: &'static str,
    pub sql: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub drawing: Drawing,
    /// The columns of its result, in their order.
    pub columns: &'static [CardColumn],
}

/// How a card is drawn. The first columns of its result are what it is drawn over, the others what is drawn.
pub enum Drawing {
    /// One number.
    Number,
    /// The last of a series of numbers, and how it differs from the one before.
    Trend,
    Line,
    Bar,
    /// Bars from left to right, for long names.
    Row,
    /// Shares of a whole, the largest first.
    Pie,
    /// Shares of a whole, of which each has its place and its color.
    OrderedPie(&'static [(&'static str, Color)]),
    /// Countries of the world, by their codes.
    Map,
    Table,
}

/// A column of a card's result.
pub struct CardColumn {
    /// As the SQL names it, and as people read it.
    pub name: &'static str,
    pub format: Format,
    /// Pixels that it takes in a table.
    pub width: u32,
}

#[derive(Clone, Copy)]
pub enum Format {
    /// An amount in the shop's currency, to whole units.
    Money,
    /// An amount in the shop's currency, to its smallest unit.
    Price,
    /// A whole number.
    Count,
    /// A percentage, to one decimal.
    Percent,
    /// Days, to one decimal.
    Days,
    /// A mark, to one decimal.
    Score,
    /// A date or time, shown as a day.
    Day,
    /// The first day of a month, shown as the month.
    Month,
    Text,
    /// A class of prices in the shop's currency, as a text without it.
    PriceClass,
}

/// A column of this name and format, as wide in a table as its heading and what usually stands below it.
pub const fn column(name: &'static str, format: Format) -> CardColumn {
    let heading = fit::heading_width(name);
    let usual = match format {
        Format::Money | Format::Percent | Format::Count | Format::Score => 70,
        Format::Price | Format::Days => 85,
        Format::Day | Format::Month | Format::PriceClass => 105,
        Format::Text => 120,
    };
    let width = if heading > usual { heading } else { usual };
    CardColumn { name, format, width }
}

/// A column of texts that are as long as it takes so many pixels in a table.
pub const fn text(name: &'static str, width: u32) -> CardColumn {
    let format = Format::Text;
    CardColumn { name, format, width }
}

/// The question whose SQL is in `sql/cards/DASHBOARD/KEY.sql`.
macro_rules! question {
    ($dashboard:literal / $key:literal, $drawing:expr, $name:literal, $description:literal, $columns:expr $(,)?) => {
        $crate::dashboard::spec::Question {
            key: $key,
            sql: include_str!(concat!("../../sql/cards/", $dashboard, "/", $key, ".sql")),
            name: $name,
            description: $description,
            drawing: $drawing,
            columns: $columns,
        }
    };
}
pub(super) use question;
