//! Views of the user's own, which live under the same refresh and status as the seven.

use super::catalog::VIEWS;
use crate::calendar::checked_strategy;
use crate::error::Error;
use crate::known_role;
use crate::pg::identity::{as_extension_owner, check_may_act_as, current_role, current_role_oid, is_trusted};
use crate::pg::{query, syntax};
use crate::sql;

/// What create_custom_view() was told.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct CustomView {
    pub view_name: String,
    pub query: String,
    pub key_columns: Vec<String>,
    pub strategy: String,
    pub indexes: Vec<String>,
    /// The name of the role that it is of, for people.
    pub created_by: String,
    /// The oid of that role; None where it is gone.
    pub author: Option<u32>,
}

impl CustomView {
    /// The view as it is to be made, or what is wrong with it.
    pub fn new(
        view_name: String,
        query: String,
        key_columns: Vec<String>,
        strategy: &str,
        indexes: Vec<String>,
    ) -> Result<CustomView, Error> {
        // As everywhere, the schema may stand in front of the name.
        let view_name = match view_name.strip_prefix("analytics.") {
            Some(bare) => bare.to_owned(),
            None => view_name,
        };
        // The longest name that is derived from it is that of an index, and names have at most 63 bytes.
        const LONGEST_NAME: usize = 63 - "idx__99".len();
        let bad_name = |reason| Error::CustomName {
            name: view_name.clone(),
            reason,
        };
        if view_name.is_empty() {
            return Err(bad_name("it is empty"));
        }
        if view_name.len() > LONGEST_NAME {
            return Err(bad_name("it has more than 56 bytes"));
        }
        if view_name.starts_with("analytics.") {
            return Err(bad_name(
                "it begins with the name of the schema, which is taken off wherever a view is named",
            ));
        }
        if VIEWS.iter().any(|view| view.name == view_name) {
            return Err(bad_name("it is one of the seven"));
        }
        // It becomes part of other statements, which end with it.
        let Some(query) = syntax::select(&query)?.map(str::to_owned) else {
            return Err(Error::CustomQuery { name: view_name });
        };
        if key_columns.is_empty() {
            return Err(Error::CustomKey { name: view_name });
        }
        for index in &indexes {
            if !syntax::is_index_key(index)? {
                return Err(Error::CustomIndex {
                    name: view_name,
                    index: index.clone(),
                });
            }
        }
        Ok(CustomView {
            view_name,
            query,
            key_columns,
            strategy: checked_strategy(strategy)?,
            indexes,
            created_by: current_role()?,
            author: Some(current_role_oid()),
        })
    }

    /// The statements that make it, with its indexes.
    pub fn statements(&self) -> String {
        let view = sql::qualified("analytics", &self.view_name);
        let key: Vec<String> = self.key_columns.iter().map(|column| sql::ident(column)).collect();
        let query = &self.query;
        let mut statements = format!(
            "CREATE MATERIALIZED VIEW {view} AS\n{query}\n;\nCREATE UNIQUE INDEX {} ON {view} ({}) NULLS NOT DISTINCT;\n",
            sql::ident(&format!("uq_{}", self.view_name)),
            key.join(", "),
        );
        for (number, index) in self.indexes.iter().enumerate() {
            let name = sql::ident(&format!("idx_{}_{}", self.view_name, number + 1));
            statements += &format!("CREATE INDEX {name} ON {view} ({index}\n);\n");
        }
        statements
    }

    /// The statement that makes it without rows and indexes.
    pub fn unfilled(&self) -> String {
        let view = sql::qualified("analytics", &self.view_name);
        let query = &self.query;
        format!("CREATE MATERIALIZED VIEW {view} AS\n{query}\nWITH NO DATA")
    }

    /// An error unless the current role may act as its author.
    pub fn check_may_act_as_author(&self) -> Result<(), Error> {
        check_may_act_as(self.known_author()?)
    }

    /// Remembers it as its author's.
    pub fn register(&self) -> Result<(), Error> {
        let author = known_role::remember(self.known_author()?)?;
        as_extension_owner(|| {
            query::run(
                include_str!("../../sql/queries/view/store_custom_view.sql"),
                &[
                    self.view_name.clone().into(),
                    self.query.clone().into(),
                    self.key_columns.clone().into(),
                    self.strategy.clone().into(),
                    self.indexes.clone().into(),
                    author.into(),
                ],
            )
        })
    }

    pub fn unregister(&self) -> Result<(), Error> {
        as_extension_owner(|| {
            for table in ["custom_view", "schedule", "schedule_state"] {
                query::run(
                    &format!("DELETE FROM metabase_internal.{table} WHERE view_name = $1"),
                    &[self.view_name.clone().into()],
                )?;
            }
            Ok(())
        })
    }

    /// The oid of the role that it is of, or an error where that is gone.
    fn known_author(&self) -> Result<u32, Error> {
        self.author.ok_or_else(|| Error::OrphanedView {
            view: self.view_name.clone(),
            author: self.created_by.clone(),
        })
    }

    /// Whether the current role may run this query: it is not borrowed from a role with other privileges.
    pub fn check_trusted(&self) -> Result<(), Error> {
        match is_trusted(self.known_author()?)? {
            true => Ok(()),
            false => Err(Error::NotOwner {
                view: self.view_name.clone(),
                owner: self.created_by.clone(),
            }),
        }
    }
}
