//! Shops to look at, and the tables in which a test works out for itself what the cards have to show.

use jiff::civil::Date;
use postgres::Client;

use super::card::{Choice, Chosen};
use crate::cluster::{Database, create_all_views, refresh_all, value};
use crate::shop::run;

/// The demo shop with its seven views.
pub fn demo() -> (Database, Client) {
    let database = in_berlin();
    database.run_file("demo/schema.sql");
    let psql = database
        .program("psql")
        .args([
            "-X",
            "-q",
            "-f",
            concat!(env!("CARGO_MANIFEST_DIR"), "/demo/data.sql"),
        ])
        .output()
        .expect("psql can be run");
    assert!(psql.status.success(), "{}", String::from_utf8_lossy(&psql.stderr));
    with_views(database)
}

/// A shop in which something is missing or odd in most rows, with its seven views.
pub fn odd() -> (Database, Client) {
    let database = in_berlin();
    database.run_file("demo/schema.sql");
    database.run_file("tests/layouts/a_loosened.sql");
    database.run_file("tests/layouts/a_odd_rows.sql");
    with_views(database)
}

/// A shop of layout A without a row, with its seven views.
pub fn empty() -> (Database, Client) {
    let database = in_berlin();
    database.run_file("demo/schema.sql");
    with_views(database)
}

fn in_berlin() -> Database {
    let database = Database::with_extension();
    run(
        &mut database.connect(),
        &format!(
            "ALTER DATABASE {} SET TimeZone = 'Europe/Berlin'",
            database.name()
        ),
    );
    database
}

fn with_views(database: Database) -> (Database, Client) {
    let mut client = database.connect();
    create_all_views(&mut client);
    lay_out(&mut client);
    (database, client)
}

/// Lays the shop's rows out in two tables of this session, which know nothing of the seven views: `sale`, a row for each
/// completed order, and `item`, one for each stock item; and makes those for what is chosen in the filters.
fn lay_out(client: &mut Client) {
    let mut day = today(client);
    // Unsold items age at midnight.
    loop {
        refresh_all(client);
        if today(client) == day {
            break;
        }
        day = today(client);
    }
    run(
        client,
        &format!("CREATE TEMPORARY TABLE today AS SELECT date '{day}' AS day"),
    );
    run(client, include_str!("shop.sql"));
}

/// The shop's day.
pub fn today(client: &mut Client) -> Date {
    value(client, "SELECT current_date")
}

/// Tells the session's tables what is chosen.
pub fn choose(client: &mut Client, chosen: &Chosen) {
    run(client, "TRUNCATE period, chosen");
    for (filter, choice) in chosen {
        match choice {
            Choice::Days(first, last) => {
                run(
                    client,
                    &format!("INSERT INTO period VALUES ('{first}', '{last}')"),
                );
            }
            Choice::Values(values) => {
                for value in values {
                    client
                        .execute("INSERT INTO chosen VALUES ($1, $2)", &[filter, value])
                        .expect("it is a text");
                }
            }
        }
    }
}
