//! What the shop's database says that Metabase should have.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::version::Version;
use crate::{permitted, text};

/// A JSON object.
pub type Object = Map<String, Value>;

/// The schema of the views.
pub const SCHEMA: &str = "analytics";

/// The views that are described in Metabase: all of the extension's, whichever of them the dashboards read.
pub const VIEWS: [&str; 8] = [
    "metabase_executive_metrics",
    "metabase_product_performance",
    "metabase_brand_analytics",
    "metabase_platform_performance",
    "metabase_inventory_status",
    "metabase_customer_geography",
    "metabase_supplier_performance",
    OPTIONAL_VIEW,
];

/// The one of them that a shop may be without.
pub const OPTIONAL_VIEW: &str = "metabase_sales";

/// How the first line of each card's SQL begins. Dashboard and key follow.
pub const CARD_MARKER: &str = "-- metabase_views: ";

/// How the id of each filter begins. The dashboard's name and a dot follow.
pub const FILTER_MARKER: &str = "metabase_views.";

/// Where views and dashboards come from: the shop's database, or a test.
pub trait Source {
    /// Those of [`VIEWS`] that exist.
    fn views(&mut self) -> Result<Vec<View>>;

    /// The names of all dashboards.
    fn dashboards(&mut self) -> Result<Vec<String>>;

    /// One dashboard, for the Metabase whose answer to `GET /api/database/:id/metadata` this is.
    fn dashboard_json(&mut self, name: &str, metadata: &Value) -> Result<Value>;
}

/// A view as it exists in the shop's database.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name, without the schema.
    pub name: String,
    /// The names of its columns.
    pub columns: Vec<String>,
}

/// A dashboard with all that belongs to it, as request bodies.
#[derive(Debug, Deserialize)]
pub struct Template {
    /// The dashboard's name in SQL, such as `executive`.
    pub name: String,
    /// All views that Metabase knows, whichever of them it reads.
    pub tables: Vec<Described>,
    /// Their fields.
    pub fields: Vec<Described>,
    /// Its cards.
    pub cards: Vec<Card>,
    /// The dashboard itself.
    pub dashboard: Object,
    /// What is on it, and where.
    pub layout: Layout,
    /// Which clicks open other dashboards. Earlier versions of the extension have none.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// A table or field that is described.
#[derive(Clone, Debug, Deserialize)]
pub struct Described {
    /// Its id in this Metabase.
    pub id: u64,
    /// Its qualified name.
    pub name: String,
    /// The body of the request that describes it.
    pub body: Object,
}

/// A card.
#[derive(Debug, Deserialize)]
pub struct Card {
    /// Its name within the dashboard, which never changes.
    pub key: String,
    /// The card itself.
    pub body: Object,
}

/// A click that opens another dashboard.
#[derive(Debug, Deserialize)]
pub struct Link {
    /// The key of the card that is clicked on.
    pub card: String,
    /// The column that is clicked on, in a table.
    pub column: Option<String>,
    /// The other dashboard's name in SQL.
    pub dashboard: String,
    /// What a click does, but for the id of the other dashboard.
    pub click_behavior: Object,
}

/// What is on a dashboard.
#[derive(Clone, Debug, Deserialize)]
pub struct Layout {
    /// `fixed` or `full`.
    pub width: String,
    /// The filters.
    pub parameters: Vec<Object>,
    /// The cards, headings and texts, each with its place.
    pub dashcards: Vec<Dashcard>,
}

/// A card, heading or text with its place.
#[derive(Clone, Debug, Deserialize)]
pub struct Dashcard {
    /// The key of the card; headings and texts have none.
    pub card: Option<String>,
    /// The place on the grid.
    #[serde(flatten)]
    pub place: GridPlace,
    /// Which filter reaches what of the card.
    pub parameter_mappings: Vec<Object>,
    /// What is shown and how.
    pub visualization_settings: Object,
}

/// A place on the grid of 24 columns.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub struct GridPlace {
    /// The row of the upper edge.
    pub row: u32,
    /// The column of the left edge.
    pub col: u32,
    /// The width.
    pub size_x: u32,
    /// The height.
    pub size_y: u32,
}

impl Template {
    /// Reads what `metabase.dashboard_json()` returns, for the database that has this id in Metabase.
    pub fn parse(dashboard: &str, json: Value, database: u64) -> Result<Template> {
        let unusable = |reason: String| Error::Template {
            dashboard: dashboard.to_owned(),
            reason: text::beginning(&reason),
        };
        permitted::check(&json, database).map_err(unusable)?;
        let template: Template = serde_json::from_value(json).map_err(|error| unusable(error.to_string()))?;
        if template.name != dashboard {
            return Err(unusable(format!("it is dashboard \"{}\"", template.name)));
        }
        for key in template
            .layout
            .dashcards
            .iter()
            .filter_map(|dashcard| dashcard.card.as_ref())
        {
            if !template.cards.iter().any(|card| card.key == *key) {
                return Err(unusable(format!("there is no card \"{key}\" to lay out")));
            }
        }
        for Link { card, .. } in &template.links {
            let mut dashcards = template.layout.dashcards.iter();
            if !dashcards.any(|dashcard| dashcard.card.as_ref() == Some(card)) {
                return Err(unusable(format!("there is no card \"{card}\" to click on")));
            }
        }
        Ok(template)
    }

    /// Returns the same with its filters' targets in the form of this version.
    pub fn in_form_of(mut self, version: Version) -> Template {
        for target in self
            .layout
            .dashcards
            .iter_mut()
            .flat_map(|dashcard| &mut dashcard.parameter_mappings)
            .filter_map(|mapping| mapping.get_mut("target"))
        {
            *target = version.target(target);
        }
        self
    }
}
