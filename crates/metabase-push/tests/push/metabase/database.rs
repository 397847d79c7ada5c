//! `/api/database`, `/api/table` and `/api/field`

use serde_json::{Value, json};

use super::{Answer, DATABASE, State, VIEWS, not_found, refused, require_keys, with_all};

impl State {
    /// Each look lets one more table be found.
    pub fn metadata(&mut self) -> Value {
        let metadata = json!({"id": DATABASE, "name": "shop", "engine": "postgres", "tables": self.tables});
        if !self.hidden_tables.is_empty() {
            self.tables.push(self.hidden_tables.remove(0));
        }
        metadata
    }

    pub fn put_table(&mut self, id: u64, body: &Value) -> Result<Value, Answer> {
        require_keys(body, &["display_name", "description"])?;
        let table = self.table(id).ok_or_else(not_found)?;
        *table = with_all(table.clone(), body);
        Ok(table.clone())
    }

    pub fn put_field(&mut self, id: u64, body: &Value) -> Result<Value, Answer> {
        require_keys(
            body,
            &["description", "semantic_type", "settings", "has_field_values"],
        )?;
        if let Some(kind) = body.get("semantic_type").and_then(Value::as_str)
            && !kind.starts_with("type/")
        {
            return Err(refused("semantic_type", kind));
        }
        let field = self.field(id).ok_or_else(not_found)?;
        *field = with_all(field.clone(), body);
        Ok(field.clone())
    }

    pub fn rescan(&mut self, id: u64) -> Result<Value, Answer> {
        let field = self.field(id).ok_or_else(not_found)?;
        if field["has_field_values"] != "list" {
            return Err(refused("has_field_values", "not a list"));
        }
        self.scanned.insert(id);
        Ok(json!({"status": "success"}))
    }
}

pub fn tables() -> Vec<Value> {
    VIEWS
        .iter()
        .map(|(id, name, columns)| table(*id, "analytics", name, columns))
        .chain([table(90, "public", "orders", &["id"])])
        .collect()
}

/// A table that Metabase has found; ids of fields are those of the table and their number.
pub fn table(id: u64, schema: &str, name: &str, columns: &[impl AsRef<str>]) -> Value {
    let fields: Vec<Value> = columns
        .iter()
        .zip(1..)
        .map(|(column, number)| {
            json!({
                "id": id * 10 + number,
                "name": column.as_ref(),
                "description": null,
                "semantic_type": "type/Category",
                "settings": null,
                "has_field_values": "auto-list",
                "active": true,
            })
        })
        .collect();
    json!({
        "id": id,
        "schema": schema,
        "name": name,
        "display_name": title(name),
        "description": null,
        "active": true,
        "fields": fields,
    })
}

/// A name as Metabase shows it by itself.
fn title(name: &str) -> String {
    let words: Vec<String> = name
        .split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect();
    words.join(" ")
}
