//! What a query shows, as text that is written beside it in a test.

use postgres::{Client, SimpleQueryMessage};

/// The rows of a query, with " | " between the columns and "-" for NULL.
pub fn rows(client: &mut Client, query: &str) -> Vec<String> {
    client
        .simple_query(query)
        .unwrap_or_else(|error| panic!("{query}: {error:?}"))
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|column| row.get(column).unwrap_or("-"))
                    .collect::<Vec<_>>()
                    .join(" | "),
            ),
            _ => None,
        })
        .collect()
}
