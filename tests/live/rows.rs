//! What a query shows, as text that is written beside it in a test.

use postgres::{Client, SimpleQueryMessage};

/// The rows of a query, with " | " between the columns and "-" for NULL.
pub fn rows(client: &mut Client, query: &str) -> Vec<String> {
    cells(client, query)
        .into_iter()
        .map(|row| filled(row, "-").join(" | "))
        .collect()
}

/// The cells of a query's rows; None for NULL.
pub fn cells(client: &mut Client, query: &str) -> Vec<Vec<Option<String>>> {
    cells_of(
        &client
            .simple_query(query)
            .unwrap_or_else(|error| panic!("{query}: {error:?}")),
    )
}

/// The cells of all rows among what statements have returned.
pub fn cells_of(messages: &[SimpleQueryMessage]) -> Vec<Vec<Option<String>>> {
    messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|column| row.get(column).map(str::to_owned))
                    .collect(),
            ),
            _ => None,
        })
        .collect()
}

/// The cells of a row, with a text in place of NULL.
pub fn filled(row: Vec<Option<String>>, null: &str) -> Vec<String> {
    row.into_iter()
        .map(|cell| cell.unwrap_or_else(|| null.to_owned()))
        .collect()
}
