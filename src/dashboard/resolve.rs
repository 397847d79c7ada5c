//! A dashboard as the bodies of the requests that make it in one Metabase, with the ids that this Metabase has given to the
//! database, its tables and their fields.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::FieldBody;
use super::model::{
    Card, ClickBehavior, ColumnSettings, Dashboard, DatasetQuery, Field, Parameter, ParameterMapping,
    VisualizationSettings, column_of_key,
};
use crate::error::Error;
use crate::pg::query;
use crate::settings;
use crate::view::catalog::VIEWS;

/// Where the views are.
const SCHEMA: &str = "analytics";

/// What `GET /api/database/:id/metadata` answers, as far as it matters here.
#[derive(Deserialize)]
pub struct Metadata {
    id: i64,
    tables: Vec<MetadataTable>,
}

#[derive(Deserialize)]
struct MetadataTable {
    id: i64,
    schema: Option<String>,
    name: String,
    #[serde(default)]
    fields: Vec<MetadataField>,
}

#[derive(Deserialize)]
struct MetadataField {
    id: i64,
    name: String,
}

impl Metadata {
    pub fn read(metadata: Value) -> Result<Metadata, Error> {
        serde_json::from_value(metadata).map_err(|error| Error::InvalidMetadata {
            reason: error.to_string(),
        })
    }

    /// Those of the views that it knows.
    fn views(&self) -> impl Iterator<Item = &MetadataTable> {
        self.tables.iter().filter(|table| {
            table.schema.as_deref() == Some(SCHEMA) && VIEWS.iter().any(|view| view.name == table.name)
        })
    }

    /// An error where a view stands there twice: which of the two would the cards' filters be on?
    fn ids(&self) -> Result<Ids, Error> {
        let mut ids = Ids(HashMap::new());
        for table in self.views() {
            let view = format!("{SCHEMA}.{}", table.name);
            for field in &table.fields {
                ids.0.insert(format!("{view}.{}", field.name), field.id);
            }
            if let Some(other) = ids.0.insert(view.clone(), table.id) {
                return Err(Error::InvalidMetadata {
                    reason: format!("it has {view} twice, with the ids {other} and {}", table.id),
                });
            }
        }
        Ok(ids)
    }
}

/// The ids of tables and fields by their names: `analytics.view` and `analytics.view.column`.
struct Ids(HashMap<String, i64>);

impl Ids {
    fn of(&self, name: &str) -> Result<i64, Error> {
        self.0.get(name).copied().ok_or_else(|| Error::MetadataLacks {
            name: name.to_owned(),
        })
    }
}

/// The requests that make a dashboard, in their order.
#[derive(Serialize)]
pub struct Requests {
    /// The dashboard's name in the API, such as `product_analytics`.
    name: String,
    /// `PUT /api/table/:id`
    tables: Vec<Described<TableBody>>,
    /// `PUT /api/field/:id`
    fields: Vec<Described<FieldBody>>,
    /// `POST /api/card`
    cards: Vec<KeyedCard>,
    /// `POST /api/dashboard`
    dashboard: DashboardBody,
    /// `PUT /api/dashboard/:id`
    layout: Layout,
    /// What the layout has not, as it takes the ids of other dashboards.
    links: Vec<Link>,
}

/// What a click opens another dashboard by.
#[derive(Serialize)]
struct Link {
    /// The key of the card that is clicked on.
    card: String,
    /// The column that is clicked on, in a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// The other dashboard's name in the API, in whose place `click_behavior` has the `targetId` that it was given.
    dashboard: String,
    click_behavior: ClickBehavior,
}

/// What a request says of something that Metabase has already.
#[derive(Serialize)]
struct Described<T> {
    id: i64,
    name: String,
    body: T,
}

#[derive(Serialize)]
struct TableBody {
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

#[derive(Serialize)]
struct KeyedCard {
    key: String,
    body: CardBody,
}

#[derive(Serialize)]
struct CardBody {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    description: String,
    display: String,
    dataset_query: DatasetQuery,
    visualization_settings: VisualizationSettings,
}

#[derive(Serialize)]
struct DashboardBody {
    name: String,
    description: String,
    parameters: Vec<Parameter>,
}

#[derive(Serialize)]
struct Layout {
    width: &'static str,
    parameters: Vec<Parameter>,
    dashcards: Vec<PlacedCard>,
}

/// A dashcard that is new: its id is negative.
#[derive(Serialize)]
struct PlacedCard {
    id: i64,
    /// The key of its card, in whose place the request has the `card_id` that the card was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<String>,
    row: u32,
    col: u32,
    size_x: u32,
    size_y: u32,
    parameter_mappings: Vec<ParameterMapping>,
    visualization_settings: VisualizationSettings,
}

/// The requests that make a dashboard in the Metabase that the metadata is from.
pub fn requests(dashboard: Dashboard, metadata: &Metadata) -> Result<Requests, Error> {
    let ids = metadata.ids()?;
    for view in dashboard.source_views() {
        ids.of(&format!("{SCHEMA}.{view}"))?;
    }
    let mut cards = Vec::new();
    let mut dashcards = Vec::new();
    let mut links = Vec::new();
    for (place, mut dashcard) in (1..).zip(dashboard.ordered_cards) {
        if let Some(card) = &dashcard.card {
            links.extend(take_links(&card.key, &mut dashcard.visualization_settings));
        }
        dashcards.push(PlacedCard {
            id: -place,
            card: dashcard.card.as_ref().map(|card| card.key.clone()),
            row: dashcard.row,
            col: dashcard.col,
            size_x: dashcard.size_x,
            size_y: dashcard.size_y,
            parameter_mappings: dashcard.parameter_mappings,
            visualization_settings: dashcard.visualization_settings,
        });
        if let Some(card) = dashcard.card {
            cards.push(KeyedCard {
                key: card.key.clone(),
                body: resolve_card(card, metadata.id, &ids)?,
            });
        }
    }
    let (tables, fields) = describe(metadata)?;
    Ok(Requests {
        name: dashboard.key,
        tables,
        fields,
        cards,
        dashboard: DashboardBody {
            name: dashboard.name,
            description: dashboard.description,
            parameters: dashboard.parameters.clone(),
        },
        layout: Layout {
            width: "fixed",
            parameters: dashboard.parameters,
            dashcards,
        },
        links,
    })
}

/// Takes the links to other dashboards out of a card's place.
fn take_links(card: &str, settings: &mut VisualizationSettings) -> Vec<Link> {
    let mut links = Vec::new();
    let mut take = |click: &mut Option<ClickBehavior>, column: Option<String>| {
        if let Some(ClickBehavior::Link { target, .. }) = click
            && let Some(dashboard) = target.take()
            && let Some(click_behavior) = click.take()
        {
            links.push(Link {
                card: card.to_owned(),
                column,
                dashboard,
                click_behavior,
            });
        }
    };
    take(&mut settings.click_behavior, None);
    for (key, column) in &mut settings.column_settings {
        take(&mut column.click_behavior, column_of_key(key));
    }
    // What is left of a column that only had a link.
    settings
        .column_settings
        .retain(|_, column| *column != ColumnSettings::default());
    links
}

fn resolve_card(card: Card, database: i64, ids: &Ids) -> Result<CardBody, Error> {
    let mut dataset_query = card.dataset_query;
    dataset_query.database = Some(database);
    for tag in dataset_query.native.template_tags.values_mut() {
        let field = &mut tag.dimension.1;
        if let Field::Name(name) = field {
            *field = Field::Id(ids.of(name)?);
        }
    }
    Ok(CardBody {
        kind: "question",
        name: card.name,
        description: card.description,
        display: card.display,
        dataset_query,
        visualization_settings: card.visualization_settings,
    })
}

/// What Metabase is told of views, and of their columns.
type Descriptions = (Vec<Described<TableBody>>, Vec<Described<FieldBody>>);

/// What Metabase is told of those of the views that it knows.
fn describe(metadata: &Metadata) -> Result<Descriptions, Error> {
    let currency = settings::of_views()?.currency;
    let mut comments = comments()?;
    let (mut tables, mut described) = (Vec::new(), Vec::new());
    for table in metadata.views() {
        let view = format!("{SCHEMA}.{}", table.name);
        for field in &table.fields {
            let name = format!("{view}.{}", field.name);
            let comment = comments.remove(&name);
            described.push(Described {
                id: field.id,
                body: FieldBody::new(&table.name, &field.name, &currency, comment),
                name,
            });
        }
        tables.push(Described {
            id: table.id,
            body: TableBody {
                display_name: display_name(&table.name),
                description: comments.remove(&view),
            },
            name: view,
        });
    }
    Ok((tables, described))
}

/// The comments on the views and on their columns, by names: `analytics.view[.column]`.
fn comments() -> Result<HashMap<String, String>, Error> {
    #[derive(serde::Deserialize)]
    struct Comment {
        name: String,
        comment: String,
    }
    let views: Vec<String> = VIEWS.iter().map(|view| view.name.to_owned()).collect();
    let comments: Vec<Comment> = query::rows(
        include_str!("../../sql/queries/dashboard/view_comments.sql"),
        &[views.into()],
    )?;
    Ok(comments
        .into_iter()
        .map(|Comment { name, comment }| (name, comment))
        .collect())
}

/// `Executive metrics`: in Metabase, the prefix that tells the views apart in the database tells nothing.
pub fn display_name(view: &str) -> String {
    let words = view.trim_start_matches("metabase_").replace('_', " ");
    let first = words.chars().take(1).flat_map(char::to_uppercase);
    first.chain(words.chars().skip(1)).collect()
}
