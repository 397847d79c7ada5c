//! What a dashboard is: its cards, where they lie, its filters and how these are wired to the cards.
//!
//! The JSON of these types is Metabase's own, with names in place of the numbers that only a Metabase has: a field is
//! `schema.table.column`. What is not known here is refused when it is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::view::catalog::VIEWS;

/// The first part of the id of each parameter, by which a dashboard is known again in a Metabase.
pub const MARKER: &str = "metabase_views";

/// What a heading, text or filter of a dashboard is known by in a Metabase, whatever its words are and wherever somebody has moved it.
pub fn marked(dashboard: &str, name: &str) -> String {
    format!("{MARKER}.{dashboard}.{name}")
}

/// Columns of a dashboard's grid.
pub const GRID_WIDTH: u32 = 24;

/// A dashboard as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// The name in the API, such as `product_analytics`.
    pub key: String,
    /// What people read above it.
    pub name: String,
    pub description: String,
    /// Who it is made for.
    pub audience: String,
    pub parameters: Vec<Parameter>,
    pub ordered_cards: Vec<Dashcard>,
}

impl Dashboard {
    /// The dashboard that JSON stands for.
    pub fn read(json: Value) -> Result<Dashboard, Error> {
        if holds_nul(&json) {
            return Err(Error::InvalidDashboard {
                reason: "it holds U+0000, which PostgreSQL has in no text".into(),
            });
        }
        serde_json::from_value(json).map_err(Error::invalid_dashboard)
    }

    /// The cards that ask something: headings and texts do not.
    pub fn cards(&self) -> impl Iterator<Item = (&Dashcard, &Card)> {
        self.ordered_cards
            .iter()
            .filter_map(|dashcard| Some((dashcard, dashcard.card.as_ref()?)))
    }

    /// Of the views, those that its cards read.
    pub fn source_views(&self) -> Vec<&'static str> {
        let reads = |view: &str| self.cards().any(|(_, card)| card.reads(view));
        VIEWS
            .iter()
            .map(|view| view.name)
            .filter(|view| reads(view))
            .collect()
    }
}

/// The type of a filter that takes any range of dates.
pub const DATE_FILTER: &str = "date/all-options";
/// The type of a filter that takes any number of values.
pub const VALUE_FILTER: &str = "string/=";

/// A filter of a dashboard.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    pub id: String,
    pub name: String,
    /// Its name in a URL, and that of the template tags that it fills in.
    pub slug: String,
    /// [`DATE_FILTER`] or [`VALUE_FILTER`].
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(rename = "sectionId")]
    pub section: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// `list`: a filter offers the values that occur.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values_query_type: Option<String>,
}

/// A rectangle on the grid: a card, or a heading or text, which have no card.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dashcard {
    pub row: u32,
    pub col: u32,
    pub size_x: u32,
    pub size_y: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
    pub parameter_mappings: Vec<ParameterMapping>,
    pub visualization_settings: VisualizationSettings,
}

/// Which template tag a filter fills in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterMapping {
    pub parameter_id: String,
    pub target: ParameterTarget,
}

/// `["dimension", ["template-tag", "date"], {"stage-number": 0}]`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParameterTarget(
    pub DimensionWord,
    pub (TemplateTagWord, String),
    /// Metabase filters by a target without it, and its editor does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub Option<Stage>,
);

/// The stage of a query that a filter reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    #[serde(rename = "stage-number")]
    pub number: u32,
}

/// The only one that SQL has.
pub const SQL_STAGE: Stage = Stage { number: 0 };

/// The word `dimension`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum DimensionWord {
    #[serde(rename = "dimension")]
    Dimension,
}

/// The word `template-tag`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum TemplateTagWord {
    #[serde(rename = "template-tag")]
    TemplateTag,
}

impl ParameterMapping {
    /// A filter that fills in the tag of this name.
    pub fn new(parameter_id: &str, tag: &str) -> ParameterMapping {
        ParameterMapping {
            parameter_id: parameter_id.to_owned(),
            target: ParameterTarget(
                DimensionWord::Dimension,
                (TemplateTagWord::TemplateTag, tag.to_owned()),
                Some(SQL_STAGE),
            ),
        }
    }

    pub fn tag(&self) -> &str {
        &self.target.1.1
    }
}

/// A question: its SQL and how the answer is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Its name within the dashboard, such as `total_revenue`.
    pub key: String,
    pub name: String,
    pub description: String,
    /// One of [`DISPLAYS`].
    pub display: String,
    pub dataset_query: DatasetQuery,
    pub visualization_settings: VisualizationSettings,
}

impl Card {
    pub fn sql(&self) -> &str {
        &self.dataset_query.native.query
    }

    /// Whether its SQL names a view of schema `analytics`.
    pub fn reads(&self, view: &str) -> bool {
        names_view(self.sql(), view)
    }

    /// Whether it asks how fresh figures are, which is the same whatever they are of.
    pub fn asks_freshness(&self) -> bool {
        self.sql().contains(FRESHNESS)
    }

    /// The views that it asks about how fresh they are; None where it does not ask, or asks about all that there are.
    pub fn freshness_of(&self) -> Option<Vec<&'static str>> {
        let (_, asked) = self.sql().split_once(FRESHNESS)?;
        let (views, _) = asked.split_once(')')?;
        let views: Vec<&str> = views
            .split(|character: char| !is_part_of_name(character))
            .collect();
        let known = VIEWS.iter().map(|view| view.name);
        let named: Vec<&str> = known.filter(|view| views.contains(view)).collect();
        (!named.is_empty()).then_some(named)
    }
}

/// Whether any text or key in JSON has a character that PostgreSQL's texts cannot have: JSON that comes as a text may.
fn holds_nul(json: &Value) -> bool {
    match json {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(object) => object
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

/// Whether SQL names a view of schema `analytics`.
pub fn names_view(sql: &str, view: &str) -> bool {
    let name = format!("analytics.{view}");
    sql.match_indices(&name).any(|(at, _)| {
        let after = sql[at + name.len()..].chars().next();
        !after.is_some_and(is_part_of_name)
    })
}

/// Whether SQL goes on with a name at a character.
fn is_part_of_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

/// What SQL calls that asks how fresh views are.
const FRESHNESS: &str = "metabase.data_as_of(";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetQuery {
    /// The database's number in a Metabase, once it is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<i64>,
    /// `native`
    #[serde(rename = "type")]
    pub kind: String,
    pub native: NativeQuery,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NativeQuery {
    pub query: String,
    #[serde(rename = "template-tags")]
    pub template_tags: BTreeMap<String, TemplateTag>,
}

/// A field filter: `{{date}}` in the SQL becomes a condition on its field.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateTag {
    pub id: String,
    pub name: String,
    #[serde(rename = "display-name")]
    pub display_name: String,
    /// `dimension`
    #[serde(rename = "type")]
    pub kind: String,
    pub dimension: Dimension,
    #[serde(rename = "widget-type")]
    pub widget_type: String,
}

/// `["field", "analytics.metabase_executive_metrics.sale_date", null]`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dimension(pub FieldWord, pub Field, pub ());

/// The word `field`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum FieldWord {
    #[serde(rename = "field")]
    Field,
}

/// A column of a view: by its name, or by the number that a Metabase has given it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Field {
    /// `analytics.view.column`
    Name(String),
    Id(i64),
}

impl Field {
    /// Schema, view and column of a field that is given by its name.
    pub fn parts(&self) -> Option<[&str; 3]> {
        let Field::Name(name) = self else { return None };
        name.split('.').collect::<Vec<_>>().try_into().ok()
    }
}

/// The displays that Metabase has. Any other is stored by it, and drawn blank.
pub const DISPLAYS: [&str; 18] = [
    "table",
    "bar",
    "line",
    "area",
    "row",
    "pie",
    "scalar",
    "smartscalar",
    "combo",
    "pivot",
    "funnel",
    "map",
    "scatter",
    "waterfall",
    "progress",
    "gauge",
    "object",
    "sankey",
];

/// How a card or dashcard is drawn. Each setting is Metabase's, and NULL leaves it to Metabase.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VisualizationSettings {
    /// 2 where the settings are not to be taken for those of old versions of Metabase, which had other words for pies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,

    // Bars, lines and rows
    #[serde(rename = "graph.dimensions", skip_serializing_if = "Option::is_none")]
    pub graph_dimensions: Option<Vec<String>>,
    #[serde(rename = "graph.metrics", skip_serializing_if = "Option::is_none")]
    pub graph_metrics: Option<Vec<String>>,
    #[serde(rename = "graph.x_axis.scale", skip_serializing_if = "Option::is_none")]
    pub x_axis_scale: Option<String>,
    #[serde(rename = "graph.x_axis.title_text", skip_serializing_if = "Option::is_none")]
    pub x_axis_title: Option<String>,
    #[serde(rename = "graph.y_axis.title_text", skip_serializing_if = "Option::is_none")]
    pub y_axis_title: Option<String>,
    #[serde(rename = "graph.show_values", skip_serializing_if = "Option::is_none")]
    pub show_values: Option<bool>,
    /// Of bars from left to right, too, the y axis is that of the numbers.
    #[serde(rename = "graph.y_axis.axis_enabled", skip_serializing_if = "Option::is_none")]
    pub y_axis_enabled: Option<bool>,
    #[serde(
        rename = "graph.y_axis.labels_enabled",
        skip_serializing_if = "Option::is_none"
    )]
    pub y_axis_has_title: Option<bool>,
    /// A line that all others are to reach.
    #[serde(rename = "graph.show_goal", skip_serializing_if = "Option::is_none")]
    pub show_goal: Option<bool>,
    #[serde(rename = "graph.goal_value", skip_serializing_if = "Option::is_none")]
    pub goal_value: Option<f64>,
    #[serde(rename = "graph.goal_label", skip_serializing_if = "Option::is_none")]
    pub goal_label: Option<String>,
    /// By the names of their columns.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub series_settings: BTreeMap<String, SeriesSettings>,

    // Pies
    #[serde(rename = "pie.dimension", skip_serializing_if = "Option::is_none")]
    pub pie_dimension: Option<String>,
    #[serde(rename = "pie.metric", skip_serializing_if = "Option::is_none")]
    pub pie_metric: Option<String>,
    #[serde(rename = "pie.show_legend", skip_serializing_if = "Option::is_none")]
    pub pie_show_legend: Option<bool>,
    #[serde(rename = "pie.show_total", skip_serializing_if = "Option::is_none")]
    pub pie_show_total: Option<bool>,
    /// `off`, `legend`, `inside` or `both`.
    #[serde(rename = "pie.percent_visibility", skip_serializing_if = "Option::is_none")]
    pub pie_percent_visibility: Option<String>,
    /// Of percentages. Where it is not set, each pie has as many as its own slices take.
    #[serde(rename = "pie.decimal_places", skip_serializing_if = "Option::is_none")]
    pub pie_decimal_places: Option<u32>,
    /// Slices smaller than so many percent are one slice, "Other".
    #[serde(rename = "pie.slice_threshold", skip_serializing_if = "Option::is_none")]
    pub pie_slice_threshold: Option<f64>,
    /// Whether the largest slice is the first. Where it is not, slices are in the order of `pie.rows`.
    #[serde(rename = "pie.sort_rows", skip_serializing_if = "Option::is_none")]
    pub pie_sort_rows: Option<bool>,
    /// The column whose values `pie.rows` has.
    #[serde(rename = "pie.sort_rows_dimension", skip_serializing_if = "Option::is_none")]
    pub pie_sort_rows_dimension: Option<String>,
    #[serde(rename = "pie.rows", skip_serializing_if = "Option::is_none")]
    pub pie_rows: Option<Vec<PieRow>>,

    // Maps
    #[serde(rename = "map.type", skip_serializing_if = "Option::is_none")]
    pub map_type: Option<String>,
    #[serde(rename = "map.region", skip_serializing_if = "Option::is_none")]
    pub map_region: Option<String>,
    #[serde(rename = "map.dimension", skip_serializing_if = "Option::is_none")]
    pub map_dimension: Option<String>,
    #[serde(rename = "map.metric", skip_serializing_if = "Option::is_none")]
    pub map_metric: Option<String>,

    // Numbers
    #[serde(rename = "scalar.field", skip_serializing_if = "Option::is_none")]
    pub scalar_field: Option<String>,

    // Tables
    #[serde(rename = "table.columns", skip_serializing_if = "Option::is_none")]
    pub table_columns: Option<Vec<TableColumn>>,
    /// In pixels, in the order of the columns. Where there is more room, Metabase makes all of them wider.
    #[serde(rename = "table.column_widths", skip_serializing_if = "Option::is_none")]
    pub table_column_widths: Option<Vec<u32>>,
    #[serde(rename = "table.column_formatting", skip_serializing_if = "Vec::is_empty")]
    pub table_column_formatting: Vec<CellRule>,

    // Any column; the key is a JSON array in a text, `["name","total_revenue"]`
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub column_settings: BTreeMap<String, ColumnSettings>,

    /// Of a dashcard: what a click on anything drawn does. In a table, columns have clicks of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click_behavior: Option<ClickBehavior>,

    // Headings and texts
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_card: Option<VirtualCard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(rename = "dashcard.background", skip_serializing_if = "Option::is_none")]
    pub background: Option<bool>,
}

impl VisualizationSettings {
    /// The number that the lines are to reach, and what it is called, where it is drawn.
    pub fn goal(&self) -> Option<(f64, &str)> {
        self.show_goal.filter(|is_shown| *is_shown)?;
        Some((self.goal_value?, self.goal_label.as_deref().unwrap_or("Goal")))
    }

    /// How a column is shown, where anything is said about it.
    pub fn column(&self, name: &str) -> Option<&ColumnSettings> {
        self.column_settings.get(&column_key(name))
    }

    /// The columns of which it is said how they are shown.
    pub fn written_columns(&self) -> Vec<String> {
        self.column_settings
            .keys()
            .filter_map(|key| column_of_key(key))
            .collect()
    }
}

/// The key of a column's settings.
pub fn column_key(name: &str) -> String {
    Value::from(vec!["name", name]).to_string()
}

/// The column that a key of column settings means.
pub fn column_of_key(key: &str) -> Option<String> {
    match serde_json::from_str::<(String, String)>(key) {
        Ok((word, name)) if word == "name" => Some(name),
        _ => None,
    }
}

/// A column of a table, in the order in which they stand there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableColumn {
    pub name: String,
    pub enabled: bool,
}

/// Which cells of a table have a color.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellRule {
    /// The columns that it is about.
    pub columns: Vec<String>,
    /// `single`: one color.
    #[serde(rename = "type")]
    pub kind: String,
    /// `<`, `=`, `!=` or another word of Metabase's.
    pub operator: String,
    /// What a cell is compared with.
    pub value: Value,
    /// As CSS has it.
    pub color: String,
    /// Whether all of the row has the color.
    pub highlight_row: bool,
}

impl CellRule {
    /// A rule for the cells of one column.
    pub fn new(column: &str, operator: &str, value: Value, color: &str) -> CellRule {
        CellRule {
            columns: vec![column.to_owned()],
            kind: "single".to_owned(),
            operator: operator.to_owned(),
            value,
            color: color.to_owned(),
            highlight_row: false,
        }
    }
}

/// How a series is drawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesSettings {
    /// As CSS has it.
    pub color: String,
}

/// A slice of a pie that has its place and its color.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PieRow {
    /// The value that it is the slice of.
    pub key: String,
    pub name: String,
    pub original_name: String,
    /// As CSS has it.
    pub color: String,
    /// Whether Metabase may give it another.
    pub default_color: bool,
    pub enabled: bool,
    pub hidden: bool,
    pub is_other: bool,
}

impl PieRow {
    /// The slice of a value.
    pub fn new(value: &str, color: &str) -> PieRow {
        PieRow {
            key: value.to_owned(),
            name: value.to_owned(),
            original_name: value.to_owned(),
            color: color.to_owned(),
            default_color: false,
            enabled: true,
            hidden: false,
            is_other: false,
        }
    }
}

/// How the values of a column are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnSettings {
    /// The heading of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_title: Option<String>,
    /// `decimal` or `currency`. Not `percent`: that expects ratios, and the views have percentages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_style: Option<String>,
    /// ISO 4217
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// `symbol`, `code` or `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_style: Option<String>,
    /// Whether the symbol stands in the column's heading instead of its cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency_in_header: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// Whether a table draws a bar beside each number, as long as that is large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_mini_bar: Option<bool>,
    /// Such as `D MMMM, YYYY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_style: Option<String>,
    /// Whether months are written in three letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_abbreviate: Option<bool>,
    /// NULL in the JSON, which is another thing than its not being there: a date without a time of day.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub time_enabled: Option<Option<String>>,
    /// What a click on one of them does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub click_behavior: Option<ClickBehavior>,
}

/// What a click does, with the filters that it sets by their ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum ClickBehavior {
    /// It sets filters of its own dashboard; a second click takes that back.
    Crossfilter {
        #[serde(rename = "parameterMapping")]
        mapping: BTreeMap<String, ClickMapping>,
    },
    /// It opens another dashboard, and sets filters there.
    Link {
        #[serde(rename = "linkType")]
        kind: DashboardWord,
        /// The other one's name in the API, in whose place a Metabase has a number.
        #[serde(rename = "targetId", skip_serializing_if = "Option::is_none")]
        target: Option<String>,
        #[serde(rename = "parameterMapping")]
        mapping: BTreeMap<String, ClickMapping>,
    },
}

impl ClickBehavior {
    /// The filters that it sets.
    pub fn mapping(&self) -> &BTreeMap<String, ClickMapping> {
        match self {
            ClickBehavior::Crossfilter { mapping } | ClickBehavior::Link { mapping, .. } => mapping,
        }
    }
}

/// The word `dashboard`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DashboardWord {
    #[serde(rename = "dashboard")]
    Dashboard,
}

/// A filter that a click sets, and what to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickMapping {
    /// That of the filter.
    pub id: String,
    pub source: ClickSource,
    pub target: ClickTarget,
}

/// Where a click has the value from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickSource {
    #[serde(rename = "type")]
    pub kind: ClickSourceKind,
    /// The name of the column, or the id of the filter.
    pub id: String,
    /// As people read it in the dashboard's editor.
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClickSourceKind {
    /// The value of a column in the row that is clicked on.
    Column,
    /// What a filter of the dashboard is set to.
    Parameter,
}

/// The filter that a click sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickTarget {
    #[serde(rename = "type")]
    pub kind: ParameterWord,
    pub id: String,
}

/// The word `parameter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterWord {
    #[serde(rename = "parameter")]
    Parameter,
}

/// Reads a value that is there, even if it is NULL.
fn present<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Option<String>>, D::Error> {
    Deserialize::deserialize(json).map(Some)
}

/// What Metabase takes for a card where a dashcard has none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualCard {
    /// What it is known by in a Metabase; a card has its SQL for that, a filter its id.
    pub name: Option<String>,
    /// `heading` or `text`.
    pub display: String,
    pub visualization_settings: BTreeMap<String, Value>,
    pub dataset_query: BTreeMap<String, Value>,
    pub archived: bool,
}

impl VirtualCard {
    pub fn new(name: String, display: &str) -> VirtualCard {
        VirtualCard {
            name: Some(name),
            display: display.to_owned(),
            visualization_settings: BTreeMap::new(),
            dataset_query: BTreeMap::new(),
            archived: false,
        }
    }
}
