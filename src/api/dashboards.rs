//! The dashboards.

use pgrx::JsonB;
use pgrx::datum::Date;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::rows::row_type;
use super::{optional, required};
use crate::dashboard::catalog;
use crate::dashboard::check;
use crate::dashboard::model::Dashboard;
use crate::dashboard::preview::{self, Choices};
use crate::dashboard::resolve::{self, Metadata};
use crate::error::Error;
use crate::pg::argument::{Json, MetadataJson, Text};
use crate::settings;

row_type! {
    dashboard_rows(dashboard) {
        name: String = dashboard.key.clone(),
        title: String = dashboard.name.clone(),
        description: String = dashboard.description.clone(),
        audience: String = dashboard.audience.clone(),
        cards: i32 = dashboard.cards().count() as i32,
        filters: Vec<String> = dashboard.parameters.iter().map(|parameter| parameter.name.clone()).collect(),
        source_views: Vec<String> = dashboard.source_views().into_iter().map(str::to_owned).collect(),
    }
}

dashboard_rows! {
    fn dashboards() {
        catalog::all()
    }
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn dashboard_json(
    name: Option<Text>,
    metadata: default!(Option<MetadataJson>, "NULL"),
) -> Result<JsonB, ErrorReport> {
    let dashboard = catalog::find(&required("name", name)?)?;
    let json = match optional("metadata", metadata)? {
        None => serde_json::to_value(dashboard).map_err(Error::from)?,
        Some(metadata) => {
            let requests = resolve::requests(dashboard, &Metadata::read(metadata)?)?;
            serde_json::to_value(requests).map_err(Error::from)?
        }
    };
    Ok(JsonB(json))
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn dashboard_html(name: Option<Text>) -> Result<String, ErrorReport> {
    page(name, preview::at_first)
}

#[pg_extern(name = "dashboard_html", volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn dashboard_html_with_filters(name: Option<Text>, filters: Option<Json>) -> Result<String, ErrorReport> {
    let filters = required("filters", filters)?;
    page(name, |dashboard, today| preview::set(dashboard, &filters, today))
}

#[pg_extern(name = "dashboard_html", volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn dashboard_html_of_days(
    name: Option<Text>,
    first_day: Option<Date>,
    last_day: Option<Date>,
) -> Result<String, ErrorReport> {
    let day = |argument, given: Option<Date>| match given.filter(Date::is_finite) {
        None => Ok(None),
        Some(day) => preview::known_day(day.year(), day.month(), day.day())
            .ok_or(Error::DayOutOfRange { argument })
            .map(Some),
    };
    let (first, last) = (day("first_day", first_day)?, day("last_day", last_day)?);
    page(name, |dashboard, today| {
        preview::set_days(dashboard, first, last, today)
    })
}

/// The page of a dashboard of this name, with its filters set.
fn page(
    name: Option<Text>,
    choose: impl FnOnce(&Dashboard, jiff::civil::Date) -> Result<Choices<'_>, Error>,
) -> Result<String, ErrorReport> {
    let dashboard = catalog::find(&required("name", name)?)?;
    // That of the rows that it shows, also where the setting has changed since the views were made.
    let zone = settings::of_views()?.time_zone;
    Ok(preview::html(&dashboard, &zone, |today| {
        choose(&dashboard, today)
    })?)
}

row_type! {
    problem_rows(found) {
        card: Option<String> = found.card,
        problem: String = found.problem,
    }
}

problem_rows! {
    fn check_dashboard(name: Option<Text>) {
        let name = required("name", name)?;
        let dashboard = match name.trim_start().starts_with('{') {
            // A literal is a text until somebody says that it is JSON.
            true => Dashboard::read(serde_json::from_str(&name).map_err(Error::invalid_dashboard)?)?,
            false => catalog::find(&name)?,
        };
        check::check(&dashboard)
    }

    fn check_changed_dashboard(dashboard: Option<Json>) as "check_dashboard" {
        let dashboard = required("dashboard", dashboard)?;
        check::check(&Dashboard::read(dashboard)?)
    }
}
