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
    pub meaning: Meaning,
}

/// What the numbers of a dashboard mean.
pub struct Meaning {
    pub of_views: &'static str,
    /// What they mean where cards ask the view of single sales, if that is another thing.
    pub of_sales: Option<&'static str>,
}

/// A filter, and the columns that it restricts: at most one of a view.
pub struct Filter {
    /// What its template tags are called.
    pub tag: &'static str,
    pub name: &'static str,
    pub kind: FilterKind,
    /// Such as `metabase_executive_metrics.sale_date`. Where a card's SQL names several of their views, the first of these is what its tag restricts.
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

/// A card. What it asks has two forms, and one result.
pub struct Question {
    /// Also the name of its file in `sql/cards/`.
    pub key: &'static str,
    pub drawing: Drawing,
    /// The columns of its result, in their order.
    pub columns: &'static [CardColumn],
    /// What it asks of the views that each shop has; None where these have no answer.
    pub of_views: Option<Asked>,
    /// What it asks where the shop has a view of its single sales, if that can say more.
    pub of_sales: Option<Asked>,
}

/// What a card asks, and what people read above it.
pub struct Asked {
    pub sql: &'static str,
    pub name: &'static str,
    pub description: &'static str,
}

impl Question {
    /// What it asks in a shop that has a view of its single sales, or has none; None where it is not asked there.
    pub fn asked(&self, has_sales: bool) -> Option<&Asked> {
        let of_sales = self.of_sales.as_ref().filter(|_| has_sales);
        of_sales.or(self.of_views.as_ref())
    }
}

impl GridRow {
    /// Its cards that are asked in such a shop, each with its width and what it asks.
    pub fn asked(&self, has_sales: bool) -> impl Iterator<Item = (u32, &Question, &Asked)> {
        let questions = self.questions.iter();
        questions.filter_map(move |(width, question)| Some((*width, question, question.asked(has_sales)?)))
    }
}

impl Meaning {
    pub fn text(&self, has_sales: bool) -> &'static str {
        self.of_sales.filter(|_| has_sales).unwrap_or(self.of_views)
    }
}

/// How a card is drawn. The first columns of its result are what it is drawn over, the others what is drawn.
pub enum Drawing {
    /// One number.
    Number,
    /// The last of a series of numbers, and how it differs from the one before.
    Trend,
    /// Lines of months, with the goal of a month's revenue where the shop has one.
    LineToGoal,
    /// Lines of months, one for each value of the second column.
    LinePerValue,
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
    /// Whether a table has bars in it.
    pub has_bars: bool,
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
    CardColumn {
        name,
        format,
        width,
        has_bars: false,
    }
}

/// A column of sizes that people compare, each with a bar beside it in a table.
pub const fn with_bars(name: &'static str, format: Format) -> CardColumn {
    let column = column(name, format);
    CardColumn {
        width: column.width + fit::MINI_BAR,
        has_bars: true,
        ..column
    }
}

/// A column of texts that are as long as it takes so many pixels in a table.
pub const fn text(name: &'static str, width: u32) -> CardColumn {
    CardColumn {
        name,
        format: Format::Text,
        width,
        has_bars: false,
    }
}

/// The question whose SQL is in `sql/cards/DASHBOARD/KEY.sql`; where the shop has a view of its single sales, and `of_sales` says how it is
/// called then, in `KEY.of_sales.sql` beside it; `of_sales` alone, where it is called the same. One that is named `of_sales` from the start is not asked
/// elsewhere.
macro_rules! question {
    (
        $dashboard:literal / $key:literal, $drawing:expr, $name:literal, $description:literal, $columns:expr
        $(, of_sales: $sales_name:literal, $sales_description:literal)? $(,)?
    ) => {
        $crate::dashboard::spec::Question {
            key: $key,
            drawing: $drawing,
            columns: $columns,
            of_views: Some($crate::dashboard::spec::Asked {
                sql: include_str!(concat!("../../sql/cards/", $dashboard, "/", $key, ".sql")),
                name: $name,
                description: $description,
            }),
            of_sales: $crate::dashboard::spec::of_sales!($dashboard / $key $(, $sales_name, $sales_description)?),
        }
    };
    (
        $dashboard:literal / $key:literal, $drawing:expr, $name:literal, $description:literal, $columns:expr, of_sales $(,)?
    ) => {
        $crate::dashboard::spec::question!(
            $dashboard / $key, $drawing, $name, $description, $columns, of_sales: $name, $description
        )
    };
    (
        of_sales $dashboard:literal / $key:literal, $drawing:expr, $name:literal, $description:literal, $columns:expr $(,)?
    ) => {
        $crate::dashboard::spec::Question {
            key: $key,
            drawing: $drawing,
            columns: $columns,
            of_views: None,
            of_sales: $crate::dashboard::spec::of_sales!($dashboard / $key, $name, $description),
        }
    };
}
pub(super) use question;

/// What a question asks of single sales, where it has a name for that.
macro_rules! of_sales {
    ($dashboard:literal / $key:literal) => {
        None
    };
    ($dashboard:literal / $key:literal, $name:literal, $description:literal) => {
        Some($crate::dashboard::spec::Asked {
            sql: include_str!(concat!(
                "../../sql/cards/",
                $dashboard,
                "/",
                $key,
                ".of_sales.sql"
            )),
            name: $name,
            description: $description,
        })
    };
}
pub(super) use of_sales;
