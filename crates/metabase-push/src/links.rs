//! Clicks that open other dashboards: part of a layout once it is known which ids these have.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::json::CLICK;
use crate::source::{Layout, Link, Object, Template};

/// The ids of dashboards by their names in SQL; none for those that are about to be created.
pub type Targets = BTreeMap<String, Option<u64>>;

/// Returns the layout with its links. One to a dashboard that is neither there nor about to be is left out.
pub fn linked(template: &Template, targets: &Targets) -> Layout {
    let mut layout = template.layout.clone();
    for link in &template.links {
        let Some(target) = targets.get(&link.dashboard) else {
            continue;
        };
        let mut click = link.click_behavior.clone();
        click.insert("targetId".to_owned(), json!(target));
        let mut dashcards = layout.dashcards.iter_mut();
        if let Some(dashcard) = dashcards.find(|dashcard| dashcard.card.as_ref() == Some(&link.card))
            && let Some(settings) = settings_of(link, &mut dashcard.visualization_settings)
        {
            settings.insert(CLICK.to_owned(), Value::Object(click));
        }
    }
    layout
}

/// The settings of what is clicked on: of the column, or of the card's place.
fn settings_of<'a>(link: &Link, settings: &'a mut Object) -> Option<&'a mut Object> {
    let Some(column) = &link.column else {
        return Some(settings);
    };
    let columns = object(settings, "column_settings")?;
    object(columns, &json!(["name", column]).to_string())
}

/// The object under a key, which is made where nothing is there.
fn object<'a>(parent: &'a mut Object, key: &str) -> Option<&'a mut Object> {
    let child = parent.entry(key).or_insert_with(|| json!({}));
    child.as_object_mut()
}
