//! Views of the user's own, which live under the same refresh and status as those that this extension brings.

use super::catalog::VIEWS;
use crate::calendar::checked_strategy;
use crate::error::Error;
use crate::known_role;
use crate::pg::identity::{as_extension_owner, check_may_act_as, current_role, current_role_oid, is_trusted};
use crate::pg::{analysis, query, syntax};
use crate::sql;

/// What create_custom_view() was told.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct CustomView {
    pub view_name: String,
    pub strategy: String,
    /// The name of the role that it is of, for people.
    pub created_by: String,
    /// The oid of that role; None where it is gone.
    pub author: Option<u32>,
    /// What it is made of, where it is new. It can be long, and whoever looks at all views does not read it.
    #[serde(skip)]
    definition: Option<Definition>,
}

/// What a view of a user's own is made of.
#[derive(Clone, Debug, serde::Deserialize)]
struct Definition {
    query: String,
    key_columns: Vec<String>,
    indexes: Vec<String>,
}

/// How many views of its own a role has at most: whoever refreshes, or asks for the status, looks at all of them.
const MOST_OF_ONE_ROLE: i64 = 1000;

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
            return Err(bad_name("it is that of a view that this extension brings"));
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
            strategy: checked_strategy(strategy)?,
            created_by: current_role()?,
            author: Some(current_role_oid()),
            definition: Some(Definition {
                query,
                key_columns,
                indexes,
            }),
        })
    }

    /// An error if the role that it is of has as many others as one may have.
    pub fn check_number(&self) -> Result<(), Error> {
        let others: i64 = as_extension_owner(|| {
            query::value(
                include_str!("../../sql/queries/view/number_of_others.sql"),
                &[
                    self.view_name.clone().into(),
                    i64::from(self.known_author()?).into(),
                ],
            )
        })?;
        match others < MOST_OF_ONE_ROLE {
            true => Ok(()),
            false => Err(Error::ManyViews {
                role: self.created_by.clone(),
                most: MOST_OF_ONE_ROLE,
            }),
        }
    }

    /// What it is made of: what its author has written, and nobody who has taken the name since.
    fn definition(&self) -> Result<Definition, Error> {
        if let Some(definition) = &self.definition {
            return Ok(definition.clone());
        }
        let author = self.known_author()?;
        let stored = as_extension_owner(|| {
            query::optional_row(
                include_str!("../../sql/queries/view/custom_definition.sql"),
                &[self.view_name.clone().into(), i64::from(author).into()],
            )
        })?;
        stored.ok_or(Error::AlteredMeanwhile)
    }

    /// Makes it without rows and indexes.
    pub fn make_unfilled(&self) -> Result<(), Error> {
        let Definition { query, .. } = self.definition()?;
        let view = sql::qualified("analytics", &self.view_name);
        let statement = format!("CREATE MATERIALIZED VIEW {view} AS\n{query}\nWITH NO DATA");
        analysis::make(&self.view_name, "the query", &statement)
    }

    /// Gives it its rows.
    pub fn fill(&self) -> Result<(), Error> {
        let view = sql::qualified("analytics", &self.view_name);
        query::run(&format!("REFRESH MATERIALIZED VIEW {view}"), &[])
    }

    /// Makes its indexes.
    pub fn make_indexes(&self) -> Result<(), Error> {
        let Definition {
            key_columns, indexes, ..
        } = self.definition()?;
        let view = sql::qualified("analytics", &self.view_name);
        let key: Vec<String> = key_columns.iter().map(|column| sql::ident(column)).collect();
        let name = sql::ident(&format!("uq_{}", self.view_name));
        let key = key.join(", ");
        query::run(
            &format!("CREATE UNIQUE INDEX {name} ON {view} ({key}) NULLS NOT DISTINCT"),
            &[],
        )?;
        for (number, index) in indexes.iter().enumerate() {
            let name = sql::ident(&format!("idx_{}_{}", self.view_name, number + 1));
            let statement = format!("CREATE INDEX {name} ON {view} ({index}\n)");
            analysis::make(&self.view_name, &format!("index {name}"), &statement)?;
        }
        Ok(())
    }

    /// An error unless the current role may act as its author.
    pub fn check_may_act_as_author(&self) -> Result<(), Error> {
        check_may_act_as(self.known_author()?)
    }

    /// Remembers it as its author's.
    pub fn register(&self) -> Result<(), Error> {
        let author = known_role::remember(self.known_author()?)?;
        let Definition {
            query,
            key_columns,
            indexes,
        } = self.definition()?;
        as_extension_owner(|| {
            query::run(
                include_str!("../../sql/queries/view/store_custom_view.sql"),
                &[
                    self.view_name.clone().into(),
                    query.into(),
                    key_columns.into(),
                    self.strategy.clone().into(),
                    indexes.into(),
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

/// Waits until no other transaction holds that name, and holds it until this one ends.
///
/// It has a row for a moment, which no other transaction can insert before this one has ended. A lock of a number that is made of the name
/// would be that of other names, too, and which these are can be computed.
pub fn hold_name(view_name: &str) -> Result<(), Error> {
    as_extension_owner(|| {
        for statement in [
            "INSERT INTO metabase_internal.held_name (view_name) VALUES ($1)",
            "DELETE FROM metabase_internal.held_name WHERE view_name = $1",
        ] {
            query::run(statement, &[view_name.to_owned().into()])?;
        }
        Ok(())
    })
}
