//! `metabase-push`: fills an open-source Metabase with the dashboards of metabase_views.

#![forbid(unsafe_code)]

mod arguments;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use metabase_push::address::Address;
use metabase_push::api_key::ApiKey;
use metabase_push::clock::SystemClock;
use metabase_push::http::Client;
use metabase_push::item::{Action, Kind};
use metabase_push::postgres::{self, ShopDatabase};
use metabase_push::progress::Progress;
use metabase_push::run_lock::RunLock;
use metabase_push::{Error, Metabase, Plan, Result, plan, render, text};
use serde_json::json;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let progress = Progress::on_stderr();
    let result = push(&arguments, &progress);
    progress.clear();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error, arguments.json);
            ExitCode::from(error.exit_code())
        }
    }
}

fn push(arguments: &Arguments, progress: &Progress) -> Result<()> {
    let key = ApiKey::from_environment()?;
    let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
    let address = Address::new(&arguments.url, arguments.plain_http(), &variable, progress)?;
    let client = Client::new(
        address,
        key,
        Duration::from_secs(arguments.timeout),
        Box::new(SystemClock),
        progress.clone(),
    );
    let metabase = Metabase::new(client);
    progress.step("Connecting to the shop's database");
    let connection = connection(arguments)?;
    // A dry run makes nothing that another one could make as well.
    let mut lock = match arguments.dry_run {
        true => None,
        false => Some(RunLock::take(&connection)?),
    };
    let mut shop = ShopDatabase::connect(&connection)?;
    let mut plan = plan(&metabase, &mut shop, &arguments.options())?;
    if !arguments.json {
        progress.pause(|| print(&render::plan(plan.items())));
    }
    if let Some(lock) = &mut lock {
        lock.check()?;
        plan.apply(&metabase)?;
    }
    drop(lock);
    progress.clear();
    print(&match arguments.json {
        true => json_of(&plan, &metabase, arguments.dry_run),
        false => summary(&plan, &metabase, arguments.dry_run),
    });
    Ok(())
}

/// Returns the connection string. A password in an argument is refused, because `ps` would show it for the time of a run.
fn connection(arguments: &Arguments) -> Result<String> {
    match &arguments.connect {
        Some(connection) if postgres::holds_password(connection)? => Err(Error::PasswordInArguments),
        Some(connection) => Ok(connection.clone()),
        None => Ok(std::env::var("DATABASE_URL").unwrap_or_default()),
    }
}

fn summary(plan: &Plan, metabase: &Metabase, dry_run: bool) -> String {
    let count = |action| render::counts(plan.items().filter(|item| item.action == action));
    let done: Vec<String> = [("created", Action::Create), ("changed", Action::Change)]
        .into_iter()
        .map(|(word, action)| (word, count(action)))
        .filter(|(_, counts)| !counts.is_empty())
        .map(|(word, counts)| format!("{word} {counts}"))
        .collect();
    let done = done.join(", and ");
    let mut lines = match (done.as_str(), dry_run) {
        ("", _) => "Nothing to do: Metabase has it all.\n".to_owned(),
        (done, true) => format!("Nothing was changed. A run would have {done}.\n"),
        (done, false) => format!("Done: {done}.\n"),
    };
    for dashboard in plan.items().filter(|item| item.kind == Kind::Dashboard) {
        if let Some(id) = dashboard.id {
            let page = metabase.client().page(&format!("/dashboard/{id}"));
            lines += &format!("{page}  {}\n", text::one_line(&dashboard.name));
        }
    }
    lines
}

fn json_of(plan: &Plan, metabase: &Metabase, dry_run: bool) -> String {
    let result = json!({
        "metabase": metabase.client().page(""),
        "dry_run": dry_run,
        "pending": plan.pending(),
        "items": plan.items().collect::<Vec<_>>(),
    });
    text::json(&result) + "\n"
}

fn report(error: &Error, json: bool) {
    if json {
        let result = json!({
            "error": error.to_string(),
            "hint": error.hint(),
            "exit_code": error.exit_code(),
        });
        print(&(text::json(&result) + "\n"));
        return;
    }
    let mut lines = format!("error: {}\n", text::lines(&error.to_string()));
    if let Some(hint) = error.hint() {
        lines += &format!("hint: {}\n", text::lines(&hint));
    }
    // Where this cannot be written, there is nowhere left to say so.
    let _ = anstream::stderr().write_all(lines.as_bytes());
}

/// Prints, without colours where the output is no terminal. A reader that goes away does not stop the work.
fn print(text: &str) {
    let _ = anstream::stdout().write_all(text.as_bytes());
}
