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
    /// Since 0.57, Metabase returns a list of stages, whichever form it was sent.
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
        Some(Query {
            database: dataset_query["database"].as_u64(),
            sql: sql.as_str()?.replace("\r\n", "\n").trim_end().to_owned(),
            tags: by_name(tags)
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

/// Returns the tags by name. Since 0.63, Metabase has them in a list, in the order in which they stand in the SQL.
fn by_name(tags: &Value) -> Object {
    match tags {
        Value::Object(tags) => tags.clone(),
        Value::Array(tags) => tags
            .iter()
            .filter_map(|tag| Some((tag["name"].as_str()?.to_owned(), tag.clone())))
            .collect(),
        _ => Object::new(),
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
    fn tags_are_the_same_in_a_map_and_in_a_list() {
        let tag = |name: &str, field: u64| json!({"id": name, "name": name, "type": "dimension", "dimension": ["field", {}, field]});
        let query = |tags: Value| {
            Query::of(&json!({"database": 2, "stages": [{"native": "SELECT 1", "template-tags": tags}]}))
                .unwrap()
        };
        let map = query(json!({"date": tag("date", 71), "brand": tag("brand", 72)}));
        let list = query(json!([tag("brand", 72), tag("date", 71)]));
        assert_eq!(map.tags(), list.tags());
        assert!(map.is_in(&list) && list.is_in(&map));
        for others in [
            json!([tag("brand", 73), tag("date", 71)]),
            json!([tag("brand", 72)]),
            json!([]),
            json!([null, 5, [], {"name": 5}]),
            json!("date"),
        ] {
            assert!(!map.is_in(&query(others)));
        }
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
