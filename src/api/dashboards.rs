//! The dashboards.

use pgrx::JsonB;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::{optional, required};
use crate::dashboard::catalog;
use crate::dashboard::check::{self, Problem};
use crate::dashboard::model::Dashboard;
use crate::dashboard::preview;
use crate::dashboard::resolve::{self, Metadata};
use crate::error::Error;
use crate::pg::argument::{Json, MetadataJson, Text};
use crate::settings;

type DashboardRow = (
    name!(name, String),
    name!(title, String),
    name!(description, String),
    name!(audience, String),
    name!(cards, i32),
    name!(filters, Vec<String>),
    name!(source_views, Vec<String>),
);

fn dashboard_row(dashboard: Dashboard) -> DashboardRow {
    let cards = dashboard.cards().count() as i32;
    let source_views = dashboard.source_views().into_iter().map(str::to_owned).collect();
    (
        dashboard.key,
        dashboard.name,
        dashboard.description,
        dashboard.audience,
        cards,
        dashboard
            .parameters
            .into_iter()
            .map(|parameter| parameter.name)
            .collect(),
        source_views,
    )
}

/// The four dashboards: their names, what they are for, their filters and the views that they read.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn dashboards() -> Result<
    TableIterator<
        'static,
        (
            name!(name, String),
            name!(title, String),
            name!(description, String),
            name!(audience, String),
            name!(cards, i32),
            name!(filters, Vec<String>),
            name!(source_views, Vec<String>),
        ),
    >,
    ErrorReport,
> {
    Ok(TableIterator::new(catalog::all()?.into_iter().map(dashboard_row)))
}

/// A dashboard with its cards, their SQL, places and filters: with fields by their names or, given what a Metabase says of the
/// database, as the bodies of the requests that make it there.
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

/// A dashboard as one HTML page with its cards drawn from live data, to look at without a Metabase: it needs no network.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn dashboard_html(name: Option<Text>) -> Result<String, ErrorReport> {
    let dashboard = catalog::find(&required("name", name)?)?;
    Ok(preview::html(&dashboard, &settings::current()?.time_zone)?)
}

type ProblemRow = (name!(card, Option<String>), name!(problem, String));

fn problem_rows(dashboard: &Dashboard) -> Result<TableIterator<'static, ProblemRow>, Error> {
    let problems = check::check(dashboard)?;
    Ok(TableIterator::new(
        problems
            .into_iter()
            .map(|Problem { card, problem }| (card, problem)),
    ))
}

/// What is wrong with a dashboard, by itself and against the views that there are: no row where all is well.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn check_dashboard(
    name: Option<Text>,
) -> Result<TableIterator<'static, (name!(card, Option<String>), name!(problem, String))>, ErrorReport> {
    let name = required("name", name)?;
    let dashboard = match name.trim_start().starts_with('{') {
        // A literal is a text until somebody says that it is JSON.
        true => Dashboard::read(serde_json::from_str(&name).map_err(Error::invalid_dashboard)?)?,
        false => catalog::find(&name)?,
    };
    Ok(problem_rows(&dashboard)?)
}

/// The same of a dashboard that was changed: of the JSON that dashboard_json(name) returned, after somebody has edited it.
#[pg_extern(volatile, parallel_unsafe, name = "check_dashboard")]
#[search_path(pg_catalog, pg_temp)]
fn check_changed_dashboard(
    dashboard: Option<Json>,
) -> Result<TableIterator<'static, (name!(card, Option<String>), name!(problem, String))>, ErrorReport> {
    let dashboard = required("dashboard", dashboard)?;
    Ok(problem_rows(&Dashboard::read(dashboard)?)?)
}
