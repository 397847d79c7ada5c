//! Creating, dropping and inspecting views.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::rows::row_type;
use super::{optional, required};
use crate::manage::lifecycle;
use crate::manage::status;
use crate::pg::argument::{Sql, Text, Texts};
use crate::schedule::{control, pg_cron};
use crate::view::custom::CustomView;
use crate::view::registry::find_view;

row_type! {
    created_rows(created) {
        view_name: String = created.view_name,
        created: bool = created.result.is_ok(),
        error_message: Option<String> = created.result.err().map(|error| error.in_full()),
    }
}

created_rows! {
    fn create_all_views(drop_existing: default!(Option<bool>, false)) {
        let created = lifecycle::create_all(required("drop_existing", drop_existing)?)?;
        pg_cron::follow_views()?;
        Ok(created)
    }

    fn create_view(view_name: Option<Text>, drop_existing: default!(Option<bool>, false)) {
        let created = lifecycle::create_one(
            &required("view_name", view_name)?,
            required("drop_existing", drop_existing)?,
        )?;
        pg_cron::follow_views()?;
        Ok([created])
    }
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn create_custom_view(
    name: Option<Text>,
    query: Option<Sql>,
    key_columns: Option<Texts>,
    strategy: default!(Option<Text>, "'daily'"),
    indexes: default!(Option<Texts>, "'{}'"),
) -> Result<String, ErrorReport> {
    let view = CustomView::new(
        required("name", name)?,
        required("query", query)?,
        required("key_columns", key_columns)?,
        &required("strategy", strategy)?,
        required("indexes", indexes)?,
    )?;
    let name = view.view_name.clone();
    lifecycle::create_custom(view)?;
    pg_cron::follow_views()?;
    Ok(format!("View '{name}' created successfully"))
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn drop_view(view_name: Option<Text>, cascade: default!(Option<bool>, true)) -> Result<String, ErrorReport> {
    let dropped = lifecycle::drop(&required("view_name", view_name)?, required("cascade", cascade)?)?;
    pg_cron::follow_views()?;
    Ok(dropped)
}

row_type! {
    status_rows((status, next_refresh)) {
        view_name: String = status.view_name,
        exists: bool = status.exists,
        last_refresh: Option<TimestampWithTimeZone> = status.last_refresh,
        row_count: Option<i64> = status.row_count,
        size_bytes: Option<i64> = status.size_bytes,
        indexes: Vec<String> = status.indexes,
        strategy: String = status.strategy,
        next_refresh: Option<TimestampWithTimeZone> = next_refresh,
        mode: Option<String> = status.mode,
        mode_reason: Option<String> = status.mode_reason,
        pending_changes: Option<i64> = status.pending_changes,
        pending_since: Option<TimestampWithTimeZone> = status.pending_since,
        last_error: Option<String> = status.last_error,
    }
}

status_rows! {
    fn view_status(view_name: default!(Option<Text>, "NULL")) {
        let statuses = match optional("view_name", view_name)? {
            Some(name) => vec![status::of(&find_view(&name)?)?],
            None => status::all()?,
        };
        let scheduled = control::scheduled()?;
        Ok(statuses.into_iter().map(move |status| {
            let next_refresh = control::next_refresh(&scheduled, &status.view_name);
            (status, next_refresh)
        }))
    }
}
