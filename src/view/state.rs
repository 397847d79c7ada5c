//! What the catalog says of a view right now.

use super::catalog;
use super::migration;
use crate::error::Error;
use crate::pg::query;
use crate::sqlstate;

/// The relation that bears a view's name, whatever it is.
#[derive(Debug, serde::Deserialize)]
pub struct ViewState {
    pub oid: u32,
    /// `pg_class.relkind`
    pub kind: char,
    pub populated: bool,
    pub owner: String,
    pub owner_oid: u32,
    pub is_superusers: bool,
    /// Whether the current role may act as its owner.
    pub owned: bool,
    /// The planner's estimate; -1 where it has none.
    pub estimated_rows: i64,
    /// Whether it can be refreshed concurrently.
    pub has_unique_index: bool,
    /// Names of its indexes, sorted.
    pub indexes: Vec<String>,
}

impl ViewState {
    /// The relation of that name in schema `analytics`, if there is one.
    pub fn find(view: &str) -> Result<Option<ViewState>, Error> {
        query::optional_row(
            include_str!("../../sql/queries/view/view_state.sql"),
            &[view.to_owned().into()],
        )
    }

    /// The materialized view of that name; an error where there is none, or something else bears its name.
    pub fn require(view: &str) -> Result<ViewState, Error> {
        let Some(state) = ViewState::find(view)? else {
            migration::check_not_concerned([view].into_iter())?;
            return Err(Error::ViewMissing {
                view: view.to_owned(),
            });
        };
        state.check_kind(view)?;
        Ok(state)
    }

    /// An error unless the current role may act as its owner.
    pub fn check_owned(&self, view: &str) -> Result<(), Error> {
        match self.owned {
            true => Ok(()),
            false => Err(self.not_owner(view)),
        }
    }

    fn not_owner(&self, view: &str) -> Error {
        let (view, owner) = (view.to_owned(), self.owner.clone());
        match self.is_superusers {
            true => Error::SuperusersView { view, owner },
            false => Error::NotOwner { view, owner },
        }
    }

    pub fn is_materialized_view(&self) -> bool {
        self.kind == 'm'
    }

    pub fn check_kind(&self, view: &str) -> Result<(), Error> {
        check_kind(view, self.kind)
    }

    /// An error of PostgreSQL's about this view, in words that name it and say what to do.
    pub fn explain(&self, view: &str, error: Error) -> Error {
        if let Some(error) = self.explain_temporary(view, &error) {
            return error;
        }
        let error = explain_duplicate(view, error);
        let view = view.to_owned();
        match error {
            Error::Postgres { sqlstate, detail, .. }
                if sqlstate == sqlstate::DEPENDENT_OBJECTS_STILL_EXIST =>
            {
                Error::Dependents { view, detail }
            }
            Error::Postgres { sqlstate, .. } if sqlstate == sqlstate::LOCK_NOT_AVAILABLE => {
                Error::LockTimeout { view }
            }
            Error::Postgres { sqlstate, .. }
                if sqlstate == sqlstate::INSUFFICIENT_PRIVILEGE && !self.owned =>
            {
                self.not_owner(&view)
            }
            other => other,
        }
    }

    /// An error of REFRESH CONCURRENTLY's, which makes a temporary table as the view's owner, where that role may not create any. The
    /// message names the database in every language.
    fn explain_temporary(&self, view: &str, error: &Error) -> Option<Error> {
        let Error::Postgres {
            sqlstate, message, ..
        } = error
        else {
            return None;
        };
        if sqlstate != sqlstate::INSUFFICIENT_PRIVILEGE || !self.owned {
            return None;
        }
        let temporary = Temporary::of(self.owner_oid).ok()?;
        let is_it = !temporary.may_create && message.contains(&temporary.database);
        is_it.then(|| Error::NoTemporary {
            view: view.to_owned(),
            role: self.owner.clone(),
            database: temporary.database,
        })
    }
}

/// An error of PostgreSQL's about two rows of one key, where that is the key of an order, which each sale is a row of. The name of the index
/// stands in the message in every language.
pub fn explain_duplicate(view: &str, error: Error) -> Error {
    let is_duplicate = match &error {
        Error::Postgres {
            sqlstate, message, ..
        } if sqlstate == sqlstate::UNIQUE_VIOLATION => message.contains(&format!("uq_{view}")),
        // REFRESH CONCURRENTLY has found the same row twice.
        Error::Postgres { sqlstate, .. } => sqlstate == sqlstate::CARDINALITY_VIOLATION,
        _ => false,
    };
    match catalog::is_optional(view) && is_duplicate {
        true => Error::DuplicateSale {
            view: view.to_owned(),
        },
        false => error,
    }
}

/// What a role may do with temporary tables in this database.
#[derive(serde::Deserialize)]
pub struct Temporary {
    pub database: String,
    /// Whether it may create them.
    pub may_create: bool,
    /// Whether the current role may let it.
    pub may_grant: bool,
}

impl Temporary {
    pub fn of(role: u32) -> Result<Temporary, Error> {
        query::row(
            include_str!("../../sql/queries/view/temporary.sql"),
            &[i64::from(role).into()],
        )
    }
}

/// An error unless `kind`, a relation's `pg_class.relkind`, is that of a materialized view.
pub fn check_kind(view: &str, kind: char) -> Result<(), Error> {
    match kind {
        'm' => Ok(()),
        kind => Err(Error::NotAMaterializedView {
            view: view.to_owned(),
            kind: kind_name(kind),
        }),
    }
}

/// What a relation of some `pg_class.relkind` is called.
fn kind_name(kind: char) -> &'static str {
    match kind {
        'r' | 'p' => "a table",
        'v' => "a view",
        'm' => "a materialized view",
        'f' => "a foreign table",
        'S' => "a sequence",
        'i' | 'I' => "an index",
        _ => "something else",
    }
}

/// An error if something in schema `analytics` has one of these names.
pub fn check_names_are_free(names: Vec<String>) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct Taker {
        name: String,
        kind: char,
        owner: String,
    }
    let taker: Option<Taker> = query::optional_row(
        include_str!("../../sql/queries/view/takers_of_names.sql"),
        &[names.into()],
    )?;
    match taker {
        Some(Taker { name, kind, owner }) => Err(Error::NameTaken {
            name,
            kind: kind_name(kind),
            owner,
        }),
        None => Ok(()),
    }
}

/// The owner of schema `analytics`, if it could put something else in the place of a view of role `owner`: a view is locked by its oid,
/// but read by its name, and no lock keeps a schema's.
pub fn schema_stranger(owner: u32) -> Result<Option<String>, Error> {
    query::optional_value(
        include_str!("../../sql/queries/view/schema_stranger.sql"),
        &[i64::from(owner).into()],
    )
}

/// An error if there is such a role.
pub fn check_schema(owner: u32) -> Result<(), Error> {
    match schema_stranger(owner)? {
        Some(owner) => Err(Error::SchemaOfStranger { owner }),
        None => Ok(()),
    }
}
