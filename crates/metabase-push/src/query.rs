//! A card's native query, in the form that every version of Metabase takes and in those that it answers with.

use serde_json::{Value, json};

use crate::json::covers;
use crate::source::{CARD_MARKER, Object};

/// A native query.
#[derive(Debug)]
pub struct Query {
    /// The id of the database.
    pub database: Option<u64>,
    /// The SQL.
    pub sql: String,
    /// What `{{…}}` in the SQL stands for.
    tags: Object,
}

impl Query {
    /// Returns the query of a `dataset_query`, or nothing where that is none in SQL.
    ///
    /// Newer versions return a list of stages, whichever form they were sent.
    pub fn of(dataset_query: &Value) -> Option<Query> {
        let (sql, tags) = match dataset_query.get("stages").and_then(Value::as_array) {
            Some(stages) => {
                let stage = stages.first()?;
                (&stage["native"], &stage["template-tags"])
            }
            None => {
                let native = dataset_query.get("native")?;
                (&native["query"], &native["template-tags"])
            }
        };
        let tags = tags.as_object().cloned().unwrap_or_default();
        Some(Query {
            database: dataset_query["database"].as_u64(),
            sql: sql.as_str()?.replace("\r\n", "\n").trim_end().to_owned(),
            tags: tags
                .into_iter()
                .map(|(name, tag)| (name, with_plain_dimension(tag)))
                .collect(),
        })
    }

    /// Returns `DASHBOARD/KEY` of a card that was pushed.
    pub fn marker(&self) -> Option<&str> {
        Some(self.sql.lines().next()?.trim().strip_prefix(CARD_MARKER)?.trim())
    }

    /// Whether `theirs` asks the same.
    pub fn is_in(&self, theirs: &Query) -> bool {
        self.database == theirs.database
            && self.sql == theirs.sql
            && covers(&json!(theirs.tags), &json!(self.tags))
    }

    /// The tags as a value that can be shown.
    pub fn tags(&self) -> Value {
        Value::Object(self.tags.clone())
    }
}

/// Returns a tag whose dimension is `["field", ID, null]`, wherever its version puts the id and its options.
fn with_plain_dimension(mut tag: Value) -> Value {
    if let Some(dimension) = tag.get_mut("dimension")
        && dimension[0] == "field"
        && let Some(id) = dimension
            .as_array()
            .and_then(|parts| parts.iter().find_map(Value::as_u64))
    {
        *dimension = json!(["field", id, null]);
    }
    tag
}

/// Returns a parameter's target without the stage that newer versions add. SQL has only one stage.
pub fn plain_target(target: &Value) -> Value {
    match target.as_array().map(Vec::as_slice) {
        Some([kind, what, _]) if kind == "dimension" => json!([kind, what]),
        _ => target.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classic() -> Value {
        json!({"database": 2, "type": "native", "native": {
            "query": "-- metabase_views: executive/total_revenue\nSELECT 1\n",
            "template-tags": {"date": {"id": "a", "name": "date", "type": "dimension",
                                       "dimension": ["field", 71, null]}}}})
    }

    #[test]
    fn both_forms_of_a_query_are_the_same() {
        let ours = Query::of(&classic()).unwrap();
        let theirs = Query::of(&json!({"lib/type": "mbql/query", "database": 2, "stages": [{
            "lib/type": "mbql.stage/native",
            "native": "-- metabase_views: executive/total_revenue\r\nSELECT 1",
            "template-tags": {"date": {"id": "a", "name": "date", "type": "dimension",
                                       "dimension": ["field", {"lib/uuid": "x"}, 71]}}}]}))
        .unwrap();
        assert!(ours.is_in(&theirs));
        assert_eq!(theirs.marker(), Some("executive/total_revenue"));
    }

    #[test]
    fn another_field_or_another_database_is_another_query() {
        let ours = Query::of(&classic()).unwrap();
        for (pointer, value) in [
            ("/native/template-tags/date/dimension/1", json!(72)),
            ("/database", json!(3)),
            ("/native/query", json!("SELECT 2")),
        ] {
            let mut other = classic();
            *other.pointer_mut(pointer).unwrap() = value;
            assert!(!ours.is_in(&Query::of(&other).unwrap()), "{pointer}");
        }
    }

    #[test]
    fn what_is_no_native_query_is_none() {
        for query in [
            json!(null),
            json!({"database": 2, "type": "query", "query": {"source-table": 3}}),
            json!({"stages": []}),
            json!({"stages": [{"lib/type": "mbql.stage/mbql", "source-table": 3}]}),
        ] {
            assert!(Query::of(&query).is_none(), "{query}");
        }
    }
}
