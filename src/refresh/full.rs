//! Full refresh: which statement fills a view from its definition. Pure.

use crate::error::Error;
use crate::pg::relation::LockMode;
use crate::view::state::ViewState;

/// How a view is filled from its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullRefresh {
    /// `REFRESH MATERIALIZED VIEW CONCURRENTLY`: readers go on, and only rows that differ are written.
    Concurrent,
    /// `REFRESH MATERIALIZED VIEW`: all rows are written, and readers wait.
    Plain,
}

impl FullRefresh {
    /// The lock that the statement takes.
    pub fn lock(self) -> LockMode {
        match self {
            FullRefresh::Concurrent => LockMode::Exclusive,
            FullRefresh::Plain => LockMode::AccessExclusive,
        }
    }

    /// The statement, for a qualified name.
    pub fn statement(self, name: &str) -> String {
        match self {
            FullRefresh::Concurrent => format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {name}"),
            FullRefresh::Plain => format!("REFRESH MATERIALIZED VIEW {name}"),
        }
    }
}

/// The plan for a full refresh of a view in this state.
pub fn plan(view: &str, state: &ViewState) -> Result<FullRefresh, Error> {
    state.check_kind(view)?;
    if !state.populated {
        // Readers get an error from it as it is, so none can be made to wait.
        return Ok(FullRefresh::Plain);
    }
    if !state.has_unique_index {
        return Err(Error::NoUniqueIndex {
            view: view.to_owned(),
        });
    }
    Ok(FullRefresh::Concurrent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> ViewState {
        ViewState {
            oid: 1,
            kind: 'm',
            populated: true,
            owner: "owner".into(),
            owner_oid: 10,
            is_superusers: false,
            owned: true,
            estimated_rows: -1,
            has_unique_index: true,
            indexes: Vec::new(),
        }
    }

    #[test]
    fn readers_go_on_where_they_can() {
        assert_eq!(plan("v", &state()).expect("a plan"), FullRefresh::Concurrent);
        let unpopulated = ViewState {
            populated: false,
            ..state()
        };
        assert_eq!(plan("v", &unpopulated).expect("a plan"), FullRefresh::Plain);
    }

    #[test]
    fn a_view_without_its_unique_index_never_makes_readers_wait() {
        let state = ViewState {
            has_unique_index: false,
            ..state()
        };
        assert!(matches!(plan("v", &state), Err(Error::NoUniqueIndex { .. })));
    }

    #[test]
    fn a_table_of_that_name_is_left_alone() {
        let state = ViewState { kind: 'r', ..state() };
        assert!(matches!(
            plan("v", &state),
            Err(Error::NotAMaterializedView { .. })
        ));
    }
}
