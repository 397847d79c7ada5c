//! Every error that a user can meet: its SQLSTATE, what it says and what to do about it.

use pgrx::pg_sys::errcodes::PgSqlErrorCode;
use pgrx::pg_sys::panic::ErrorReport;
use thiserror::Error;

use crate::sqlstate;

/// What went wrong. The text says what was looked for; [`Error::hint`] says what to do.
#[derive(Debug, Error)]
pub enum Error {
    // Names that were asked for
    #[error("there is no view \"{name}\"")]
    UnknownView { name: String, known: Vec<String> },
    #[error("there is no strategy \"{name}\"")]
    UnknownStrategy { name: String },
    #[error("\"{name}\" is neither a strategy nor a cron expression: {reason}")]
    InvalidStrategy { name: String, reason: String },
    #[error("there is no engine \"{name}\"")]
    UnknownEngine { name: String },
    #[error("there is no background worker: the library is not preloaded")]
    NotPreloaded,
    #[error("there is no background worker: nobody is there to start it")]
    NoLauncher,
    #[error("there is no background worker: metabase_views.databases does not name \"{database}\"")]
    NotServed { database: String },
    #[error("extension \"pg_cron\" is not installed in this database")]
    NoPgCron,
    #[error("role \"{role}\" may not use pg_cron")]
    NoPgCronPrivilege { role: String },
    #[error(
        "nothing is there that could refresh the views by itself: neither the background worker nor pg_cron"
    )]
    NoEngine,
    #[error("there is no refresh mode \"{name}\"")]
    UnknownMode { name: String },
    #[error("there is no entity \"{name}\"")]
    UnknownEntity { name: String, known: Vec<&'static str> },
    #[error("entity \"{entity}\" has no column \"{column}\"")]
    UnknownColumn {
        entity: &'static str,
        column: String,
        known: Vec<&'static str>,
    },
    #[error("there is no setting \"{name}\"")]
    UnknownSetting { name: String, known: Vec<&'static str> },
    #[error("setting \"{name}\" cannot be {value}: {reason}")]
    InvalidSetting {
        name: &'static str,
        value: String,
        reason: String,
        example: &'static str,
    },
    #[error("\"{given}\" is no code of a currency: looked for three letters from A to Z")]
    CurrencyCode { given: String },
    #[error("a rate of {currency} cannot begin on {day}: looked for a day from 1970-01-01 to 2099-12-31")]
    RateDay { currency: String, day: String },
    #[error("a rate of {currency} cannot be {rate}: looked for a number from 1e-12 to 1e12")]
    InvalidRate { currency: String, rate: String },
    #[error("{currency} is the shop's own currency, and has no rate")]
    OwnCurrency { currency: String },
    #[error("role \"{role}\" does not exist")]
    UnknownRole { role: String },
    #[error("argument \"{argument}\" must not be NULL")]
    NullArgument { argument: &'static str },
    #[error("argument \"{argument}\" has {bytes} bytes, and {most} are the most")]
    LongArgument {
        argument: &'static str,
        bytes: usize,
        most: usize,
    },
    #[error("argument \"{argument}\" cannot be read: {problem}")]
    JsonArgument { argument: &'static str, problem: String },
    #[error("a query answered with more than {most} bytes")]
    LongAnswer { most: usize },

    // Sources
    #[error("entity \"{entity}\" needs a table, and none of {} exists", .looked_for.join(", "))]
    SourceMissing {
        entity: &'static str,
        looked_for: Vec<String>,
    },
    #[error(
        "entity \"{entity}\" could be read from {relation}, but {} belongs to role \"{owner}\"",
        if *.is_behind { "what it reads, or a part of it," } else { "that" }
    )]
    UntrustedSource {
        entity: &'static str,
        relation: String,
        owner: String,
        /// Whether it is not the relation itself that belongs to that role.
        is_behind: bool,
    },
    #[error(
        "entity \"{entity}\" is mapped to {relation}, but {what} belongs to role \"{owner}\", and did not when it was mapped"
    )]
    MappedOfOther {
        entity: &'static str,
        relation: String,
        /// What it is that belongs to that role.
        what: &'static str,
        owner: String,
    },
    #[error("entity \"{entity}\" could be read from any of {}", .found.join(", "))]
    SourceAmbiguous {
        entity: &'static str,
        found: Vec<String>,
    },
    #[error("entity \"{entity}\" cannot be read from {relation}: there is no such table")]
    RelationMissing { entity: &'static str, relation: String },
    #[error("\"{given}\" is not the name of a table with its schema")]
    RelationName { given: String },
    #[error(
        "{relation}, the source of entity \"{entity}\", was replaced or given to somebody else meanwhile"
    )]
    SourceReplaced { entity: &'static str, relation: String },
    #[error("schema \"{schema}\" was renamed or dropped meanwhile")]
    SchemaRenamed { schema: String },
    #[error("while an adapter was made, {object} was made beside it")]
    Planted { object: String },
    #[error("entity \"{entity}\" cannot be read from {relation}: it is {kind}")]
    RelationKind {
        entity: &'static str,
        relation: String,
        kind: &'static str,
    },
    #[error("role \"{role}\" may not read {relation}, the source of entity \"{entity}\"")]
    SourcePrivilege {
        entity: &'static str,
        relation: String,
        schema: String,
        role: String,
    },
    #[error("entity \"{entity}\" needs column \"{column}\", and {relation} has no {looked_for}")]
    ColumnMissing {
        entity: &'static str,
        column: &'static str,
        relation: String,
        looked_for: String,
    },
    #[error(
        "column \"{column}\" of entity \"{entity}\" must be {wanted}, but {expression} in {relation} is {found}"
    )]
    WrongType {
        entity: &'static str,
        column: &'static str,
        relation: String,
        expression: String,
        found: String,
        wanted: &'static str,
    },
    #[error(
        "column \"{column}\" of entity \"{entity}\" is {found}, but the key of entity \"{target}\" is {wanted}"
    )]
    ReferenceType {
        entity: &'static str,
        column: &'static str,
        found: String,
        target: &'static str,
        wanted: String,
    },
    #[error(
        "column \"{column}\" of entity \"{entity}\" is {found}, which takes different texts for equal, and views join keys by their bytes"
    )]
    KeyEquality {
        entity: &'static str,
        column: &'static str,
        found: String,
        relation: String,
        expression: String,
    },
    #[error(
        "the join of entity \"{entity}\" is not a JSON object with a relation, its column and, if that is not the key, a source_column: \
         {given}"
    )]
    JoinNotAnObject { entity: &'static str, given: String },
    #[error("entity \"{entity}\" cannot be joined by \"{column}\": {relation} has no such column")]
    JoinColumn {
        entity: &'static str,
        column: String,
        relation: String,
    },
    #[error(
        "entity \"{entity}\" cannot be joined with {relation}: no unique index says that it has one row for each value of \"{column}\""
    )]
    JoinNotUnique {
        entity: &'static str,
        column: String,
        relation: String,
    },
    #[error(
        "entity \"{entity}\" cannot be joined with {relation}: column \"{column}\" is {found}, and \"{source_column}\" is {wanted}"
    )]
    JoinType {
        entity: &'static str,
        column: String,
        relation: String,
        found: String,
        source_column: String,
        wanted: String,
    },
    #[error("entity \"{entity}\" is read without {joined}: {why}")]
    JoinUndecided {
        entity: &'static str,
        relation: String,
        joined: String,
        /// The columns of the second table and of the entity's own that might link them.
        link: Option<(String, String)>,
        why: String,
    },
    #[error("{what} of entity \"{entity}\" is not one SQL expression: {expression}")]
    NotAnExpression {
        entity: &'static str,
        what: String,
        expression: String,
    },
    #[error("{what} of entity \"{entity}\" does not work on {relation}: {cause}")]
    Expression {
        entity: &'static str,
        what: String,
        relation: String,
        sqlstate: String,
        cause: String,
        /// What the cause itself says to do.
        hint: Option<String>,
    },
    #[error("a literal calls function \"{function}\" when it is read; write it as ARRAY[…] or ROW(…)")]
    CallsFunction { function: String },
    #[error("a literal runs a statement when it is read; write it as ARRAY[…] or ROW(…)")]
    RunsStatement,
    #[error("the columns of entity \"{entity}\" must be a JSON object of texts and nulls, not {given}")]
    ColumnsNotAnObject { entity: &'static str, given: String },
    #[error("entity \"{entity}\" cannot be absent: every shop has it")]
    RequiredEntity { entity: &'static str },
    #[error("entity \"{entity}\" is declared absent, so it has no columns, no filter and no join")]
    AbsentWithColumns { entity: &'static str },
    #[error(
        "the mapping of entity \"{entity}\" was made by role \"{author}\", and its expressions would run with the privileges of \"{role}\""
    )]
    ForeignMapping {
        entity: &'static str,
        author: String,
        role: String,
    },
    #[error(
        "the mapping of entity \"{entity}\" was made by role \"{author}\", and \"{role}\" may not act as that role"
    )]
    MappingOfOther {
        entity: &'static str,
        author: String,
        role: String,
    },
    #[error("the mapping of entity \"{entity}\" was made by role \"{author}\", which is gone")]
    OrphanedMapping { entity: &'static str, author: String },
    #[error(
        "adapter metabase_internal.{adapter} belongs to role \"{owner}\", so that what it shows is not in the hands of \"{role}\""
    )]
    ForeignAdapter {
        adapter: &'static str,
        owner: String,
        role: String,
    },
    #[error("adapter metabase_internal.{adapter} cannot change its columns while other objects depend on it")]
    AdapterInUse {
        adapter: &'static str,
        detail: Option<String>,
    },

    // Views
    #[error("materialized view analytics.{view} does not exist")]
    ViewMissing { view: String },
    #[error("analytics.{view} exists already; nothing was changed")]
    ViewExists {
        view: String,
        /// Whether all views were to be created.
        is_one_of_all: bool,
    },
    #[error("analytics.{view} is {kind}, not a materialized view")]
    NotAMaterializedView { view: String, kind: &'static str },
    #[error("analytics.{view} belongs to role \"{owner}\", which is not the owner of the views")]
    ViewOfStranger { view: String, owner: String },
    #[error("materialized view analytics.{view} belongs to role \"{owner}\"")]
    NotOwner { view: String, owner: String },
    #[error("materialized view analytics.{view} belongs to role \"{owner}\", a superuser")]
    SuperusersView { view: String, owner: String },
    #[error("materialized view analytics.{view} cannot be dropped because other objects depend on it")]
    Dependents { view: String, detail: Option<String> },
    #[error("materialized view analytics.{view} could not be locked within lock_timeout")]
    LockTimeout { view: String },
    #[error(
        "materialized view analytics.{view} was not refreshed: one of the tables that it reads could not be locked within lock_timeout"
    )]
    SourceLocked { view: String },
    #[error("another session creates or drops views, and did not end within lock_timeout")]
    LifecycleLocked,
    #[error(
        "{grant} could not be done: another session alters privileges, and did not end within lock_timeout"
    )]
    GrantLocked { grant: String },
    #[error("materialized view analytics.{view} cannot be refreshed concurrently without its unique index")]
    NoUniqueIndex { view: String },
    #[error("incremental refresh of analytics.{view} is not possible: {reason}")]
    IncrementalImpossible { view: String, reason: String },
    #[error("the view cannot be written to row by row: {reason}")]
    ViewUnwritable { reason: &'static str },
    #[error(
        "could not serialize access: another session has refreshed, or altered a source, since this transaction took its snapshot"
    )]
    Overtaken,
    #[error("another session refreshes, and did not end within lock_timeout")]
    RefreshLocked,
    #[error("the sources could not be locked for a moment to capture their changes")]
    SourcesBusy,
    #[error("{table} is in use by {by}")]
    FactsInUse { table: String, by: String },
    #[error("{part} of analytics.{view} calls another function than before, or names another type")]
    CallsAnother { view: String, part: String },
    #[error("{part} of analytics.{view} cannot be made: {cause}")]
    LiteralRuns {
        view: String,
        part: String,
        cause: Box<Error>,
    },
    #[error("process {pid} dumps this database, and would fail if facts were replaced meanwhile")]
    DumpRuns { pid: i32 },
    #[error(
        "the extension is in use: somebody refreshes, or uses a table that has its triggers, and did not end within lock_timeout"
    )]
    ExtensionInUse,
    #[error("the server is a standby, on which nothing can be refreshed or changed")]
    Standby,
    #[error(
        "extension metabase_views is of version {extension} in this database, and the library that the server has loaded of version {library}"
    )]
    ExtensionOlder {
        library: &'static str,
        extension: String,
    },
    #[error(
        "the library that this session has loaded is of version {library}, and extension metabase_views of version {extension} in this database"
    )]
    LibraryOlder {
        library: &'static str,
        extension: String,
    },
    #[error(
        "role \"{role}\" may not create temporary tables in database \"{database}\", which the refresh of analytics.{view} needs"
    )]
    NoTemporary {
        view: String,
        role: String,
        database: String,
    },
    #[error("there is no room for the background process that puts the triggers on the sources")]
    NoRoomForInstaller,
    #[error("changes are not captured: {reason}")]
    NotCaptured { reason: String },
    #[error("a transaction in which metabase_views has changed or locked anything cannot be prepared")]
    CannotPrepare,
    #[error("order {key} stands twice in its source")]
    DuplicateOrder { key: String },
    #[error("analytics.{view} has a row for each order, and the key of an order stands twice")]
    DuplicateSale { view: String },
    #[error("the views belong to role \"{owner}\", and \"{role}\" may not act as that role")]
    NotViewsOwner { owner: String, role: String },
    #[error("views are being refreshed, and what that calls cannot refresh, build, create or drop them")]
    Nested,
    #[error("there are no views yet whose sources could be captured")]
    NothingToCapture,
    #[error(
        "there are no views yet whose data could be checked, or not all of what they read is there and one role's"
    )]
    NothingToCheck,
    #[error("facts and rollups cannot be built: {reason}")]
    CannotBuild { reason: String },
    #[error("what was read of the shop as {rows} is not of the types that adapters have")]
    AdapterTypes { rows: String },
    #[error("the sources, an adapter or a view were altered while they were read")]
    AlteredMeanwhile,
    #[error("the triggers that capture changes are put on sources by this extension only")]
    ForeignTrigger,
    #[error("analytics.{view} could not be created anew, so the call as a whole was undone: {cause}")]
    Recreate { view: String, cause: Box<Error> },
    #[error("the sources or the settings have changed since analytics.{view} was created")]
    SourcesChanged { view: String },
    #[error("analytics.{view} was not refreshed, because it would not show what the sources are now: {what}")]
    SourcesDrifted { view: String, what: String },
    #[error("the views would lose what they show of entity {entity}: {what}")]
    SourceLost { entity: &'static str, what: String },

    // Migrations of the shop's tables
    #[error("a migration is under way since {since}, by role \"{by}\"; metabase.after_migration() ends it")]
    MigrationUnderWay { since: String, by: String },
    #[error("no migration is under way")]
    NoMigration,
    #[error("there are no views and adapters that could be in the way of a migration")]
    NothingToMigrate,
    #[error(
        "role \"{role}\" neither owns a table that the views read nor may act as their owner, \"{owner}\""
    )]
    NotMigrator { owner: String, role: String },
    #[error("the views and their adapters belong to several roles: {}", .owners.join(", "))]
    SeveralViewOwners { owners: Vec<String> },
    #[error(
        "view \"{view}\" belongs to role \"{owner}\", and its query was written by \"{author}\", so that it cannot be made again"
    )]
    ForeignQuery {
        view: String,
        owner: String,
        author: String,
    },
    #[error("the views and adapters cannot be taken away because other objects depend on them")]
    InTheWayOfMigration { detail: Option<String> },
    #[error("the views belonged to role \"{owner}\", which is gone")]
    MigrationOwnerGone { owner: String },
    #[error("entity \"{entity}\" had a table before the migration, and none is found now")]
    MigrationLost { entity: &'static str },
    #[error("it could not be made again, and stays remembered: {cause}")]
    NotRestored { cause: Box<Error> },
    #[error(
        "this session has temporary objects, which functions that views of role \"{owner}\" call could take for their own"
    )]
    TemporaryObjects { owner: String },
    #[error(
        "materialized view analytics.{view} reads a relation of role \"{owner}\" now, which it did not read before"
    )]
    ReadsAnother { view: String, owner: String },
    #[error("the name analytics.{name} is taken: {kind} of role \"{owner}\" has it")]
    NameTaken {
        name: String,
        kind: &'static str,
        owner: String,
    },

    // Dashboards
    #[error("there is no dashboard \"{name}\"")]
    UnknownDashboard { name: String, known: Vec<&'static str> },
    #[error("dashboard \"{dashboard}\" has no filter \"{name}\"")]
    UnknownFilter {
        dashboard: String,
        name: String,
        known: Vec<String>,
    },
    #[error("dashboard \"{dashboard}\" has no filter of dates")]
    NoDateFilter { dashboard: String },
    #[error("filter \"{filter}\" cannot be {value}: {reason}")]
    InvalidFilter {
        filter: String,
        value: String,
        reason: &'static str,
        is_date: bool,
    },
    #[error("the filters must be a JSON object, not {given}")]
    FiltersNotAnObject { given: String },
    #[error("argument \"{argument}\" is no day of the years 1 to 9999")]
    DayOutOfRange { argument: &'static str },
    #[error("the metadata is not what a Metabase answers: {reason}")]
    InvalidMetadata { reason: String },
    #[error("the metadata has no {name}")]
    MetadataLacks { name: String },
    #[error("the dashboard cannot be read: {reason}")]
    InvalidDashboard { reason: String },
    #[error(
        "the views that this card reads belong to several roles; for a superuser they are read as their one owner"
    )]
    SeveralOwners,
    #[error("schema analytics belongs to role \"{owner}\", which could put something else in a view's place")]
    SchemaOfStranger { owner: String },

    // Views of the user's own
    #[error("view \"{view}\" was made by role \"{author}\", which is gone")]
    OrphanedView { view: String, author: String },
    #[error("\"{name}\" cannot be the name of a view: {reason}")]
    CustomName { name: String, reason: &'static str },
    #[error("the query of view \"{name}\" is not one SELECT statement")]
    CustomQuery { name: String },
    #[error("view \"{name}\" needs key columns: they tell its rows apart")]
    CustomKey { name: String },
    #[error("role {role} has {most} views of its own, which are the most")]
    ManyViews { role: String, most: i64 },
    #[error("index \"{index}\" of view \"{name}\" is not a list of columns or expressions")]
    CustomIndex { name: String, index: String },

    /// An error that PostgreSQL raised, caught in a subtransaction.
    #[error("{message}")]
    Postgres {
        sqlstate: String,
        message: String,
        detail: Option<String>,
        hint: Option<String>,
    },
    /// What cannot happen: the extension's own queries did not return what they must.
    #[error("internal error: {0}")]
    Internal(String),
}

/// What to put where for the background worker.
const PRELOAD: &str =
    "Add metabase_views to shared_preload_libraries in postgresql.conf, and restart the server.";

/// Whose tables are taken for the shop's.
const MAPPED_ORDERS: &str =
    "A superuser who maps the orders says for all of their owner's tables that they are the shop's.";

impl Error {
    /// JSON that is no dashboard.
    pub fn invalid_dashboard(error: serde_json::Error) -> Error {
        Error::InvalidDashboard {
            reason: error.to_string(),
        }
    }

    /// The five characters that programs tell errors apart by.
    pub fn sqlstate(&self) -> &str {
        use Error::*;
        match self {
            UnknownView { .. }
            | SourceMissing { .. }
            | MigrationLost { .. }
            | RelationMissing { .. }
            | ViewMissing { .. }
            | MetadataLacks { .. } => sqlstate::UNDEFINED_TABLE,
            UnknownStrategy { .. }
            | InvalidStrategy { .. }
            | UnknownEngine { .. }
            | UnknownMode { .. }
            | UnknownEntity { .. }
            | UnknownSetting { .. }
            | InvalidSetting { .. }
            | CurrencyCode { .. }
            | RateDay { .. }
            | InvalidRate { .. }
            | OwnCurrency { .. }
            | ColumnsNotAnObject { .. }
            | JoinNotAnObject { .. }
            | RequiredEntity { .. }
            | AbsentWithColumns { .. }
            | UnknownDashboard { .. }
            | UnknownFilter { .. }
            | NoDateFilter { .. }
            | InvalidFilter { .. }
            | FiltersNotAnObject { .. }
            | DayOutOfRange { .. }
            | InvalidMetadata { .. }
            | InvalidDashboard { .. }
            | CustomKey { .. } => sqlstate::INVALID_PARAMETER_VALUE,
            JsonArgument { .. } => sqlstate::INVALID_PARAMETER_VALUE,
            NullArgument { .. } => sqlstate::NULL_VALUE_NOT_ALLOWED,
            LongArgument { .. } | LongAnswer { .. } | ManyViews { .. } => sqlstate::PROGRAM_LIMIT_EXCEEDED,
            UnknownRole { .. } | MigrationOwnerGone { .. } => sqlstate::UNDEFINED_OBJECT,
            UnknownColumn { .. } | ColumnMissing { .. } | JoinColumn { .. } => sqlstate::UNDEFINED_COLUMN,
            RelationName { .. } | CustomName { .. } => sqlstate::INVALID_NAME,
            SourceAmbiguous { .. }
            | JoinNotUnique { .. }
            | JoinUndecided { .. }
            | NoUniqueIndex { .. }
            | SourcesChanged { .. }
            | SourcesDrifted { .. }
            | CallsAnother { .. }
            | ReadsAnother { .. }
            | TemporaryObjects { .. }
            | SourceLost { .. } => sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE,
            RelationKind { .. } | NotAMaterializedView { .. } => sqlstate::WRONG_OBJECT_TYPE,
            SourcePrivilege { .. }
            | UntrustedSource { .. }
            | MappedOfOther { .. }
            | Planted { .. }
            | ViewOfStranger { .. }
            | ForeignMapping { .. }
            | MappingOfOther { .. }
            | OrphanedMapping { .. }
            | OrphanedView { .. }
            | ForeignAdapter { .. }
            | NotViewsOwner { .. }
            | NotMigrator { .. }
            | ForeignQuery { .. }
            | SeveralOwners
            | SchemaOfStranger { .. }
            | NoPgCronPrivilege { .. }
            | NoTemporary { .. }
            | NotOwner { .. }
            | SuperusersView { .. } => sqlstate::INSUFFICIENT_PRIVILEGE,
            WrongType { .. } | ReferenceType { .. } | KeyEquality { .. } | JoinType { .. } => {
                sqlstate::DATATYPE_MISMATCH
            }
            NotAnExpression { .. } | CustomQuery { .. } | CustomIndex { .. } => sqlstate::SYNTAX_ERROR,
            AdapterInUse { .. } | Dependents { .. } | InTheWayOfMigration { .. } => {
                sqlstate::DEPENDENT_OBJECTS_STILL_EXIST
            }
            ViewExists { .. } | NameTaken { .. } => sqlstate::DUPLICATE_TABLE,
            LockTimeout { .. }
            | SourceLocked { .. }
            | LifecycleLocked
            | GrantLocked { .. }
            | RefreshLocked
            | SourcesBusy
            | ExtensionInUse => sqlstate::LOCK_NOT_AVAILABLE,
            // No lock was waited for.
            FactsInUse { .. } | DumpRuns { .. } => sqlstate::OBJECT_IN_USE,
            Standby => sqlstate::READ_ONLY_SQL_TRANSACTION,
            CallsFunction { .. }
            | RunsStatement
            | IncrementalImpossible { .. }
            | ViewUnwritable { .. }
            | CannotPrepare => sqlstate::FEATURE_NOT_SUPPORTED,
            Overtaken | AlteredMeanwhile | SourceReplaced { .. } | SchemaRenamed { .. } => {
                sqlstate::SERIALIZATION_FAILURE
            }
            AdapterTypes { .. } => sqlstate::DATATYPE_MISMATCH,
            ForeignTrigger => sqlstate::TRIGGER_PROTOCOL_VIOLATED,
            DuplicateOrder { .. } | DuplicateSale { .. } => sqlstate::UNIQUE_VIOLATION,
            NotPreloaded
            | NoLauncher
            | NotServed { .. }
            | NoPgCron
            | NoEngine
            | NothingToCapture
            | NothingToCheck
            | NotCaptured { .. }
            | Nested
            | MigrationUnderWay { .. }
            | NoMigration
            | NothingToMigrate
            | SeveralViewOwners { .. }
            | CannotBuild { .. }
            | ExtensionOlder { .. }
            | LibraryOlder { .. } => sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE,
            NoRoomForInstaller => sqlstate::CONFIGURATION_LIMIT_EXCEEDED,
            Expression { sqlstate, .. } | Postgres { sqlstate, .. } => sqlstate,
            LiteralRuns { cause, .. } | Recreate { cause, .. } | NotRestored { cause } => cause.sqlstate(),
            Internal(_) => sqlstate::INTERNAL_ERROR,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        use Error::*;
        Some(match self {
            UnknownView { known, .. } => format!("The views are: {}.", known.join(", ")),
            UnknownDashboard { known, .. } => format!("The dashboards are: {}.", known.join(", ")),
            UnknownFilter { known, .. } => format!("Its filters are: {}.", known.join(", ")),
            NoDateFilter { dashboard } => format!(
                "Its filters are set by name: SELECT metabase.dashboard_html({}, '{{\"stock_category\": \"Dead Stock\"}}');",
                crate::sql::literal(dashboard)
            ),
            InvalidFilter { is_date: true, .. } => {
                "Dates are set like this: \"2026-01-31\", \"2026-01\", \"2026\", \"2026-01-01~2026-03-31\", \"2026-01-01~\", \"past30days\"; \
                 null for all."
                    .into()
            }
            InvalidFilter { is_date: false, .. } => "Write a text, or an array of texts; null for all.".into(),
            FiltersNotAnObject { .. } => {
                "For example: SELECT metabase.dashboard_html('product_analytics', '{\"brand\": [\"Nike\", \"adidas\"], \"date\": \"2026-01\"}');".into()
            }
            DayOutOfRange { .. } => "Pass NULL where it is to have no end.".into(),
            InvalidMetadata { .. } => {
                "Pass the whole answer of GET /api/database/:id/metadata, where :id is this database's number in Metabase.".into()
            }
            MetadataLacks { .. } => {
                "Create what is missing (SELECT * FROM metabase.create_all_views()), let Metabase's user read it \
                 (SELECT metabase.grant_reader('…')), have Metabase look again (POST /api/database/:id/sync_schema), and ask for its \
                 metadata anew."
                    .into()
            }
            InvalidDashboard { .. } => {
                "It must have the form that metabase.dashboard_json(name) returns.".into()
            }
            UnknownStrategy { .. } => {
                "The strategies are: realtime, hourly, daily, weekly, manual; 'all' stands for every view.".into()
            }
            InvalidStrategy { .. } => {
                "The strategies are: realtime, hourly, daily, weekly, manual. A cron expression has five fields: minute, hour, day \
                 of the month, month, day of the week; for example '*/15 8-18 * * mon-fri'."
                    .into()
            }
            UnknownEngine { .. } => "The engines are: auto, worker, pg_cron.".into(),
            NotPreloaded => PRELOAD.into(),
            NoLauncher => {
                "The server starts \"metabase_views launcher\" if max_worker_processes has room for it: raise that, and restart. If it has \
                 ended, it comes back within seconds, or the server's log says why not."
                    .into()
            }
            NotServed { database } => format!(
                "Add {} to it in postgresql.conf, or leave it empty, and reload the configuration.",
                crate::sql::ident(database)
            ),
            NoPgCron => "Where pg_cron is preloaded, and cron.database_name names this database: CREATE EXTENSION pg_cron.".into(),
            NoPgCronPrivilege { role } => {
                format!("As a superuser: GRANT USAGE ON SCHEMA cron TO {};", crate::sql::ident(role))
            }
            NoEngine => format!("{PRELOAD} Or install pg_cron in this database."),
            UnknownMode { .. } => "The modes are: auto, full, incremental.".into(),
            UnknownEntity { known, .. } => format!("The entities are: {}.", known.join(", ")),
            UnknownColumn { known, .. } => format!("Its columns are: {}.", known.join(", ")),
            UnknownSetting { known, .. } => format!("The settings are: {}.", known.join(", ")),
            InvalidSetting { name, example, .. } => {
                format!("For example: SELECT metabase.set_setting('{name}', '{example}');")
            }
            CurrencyCode { .. } => {
                "Give the code of ISO 4217, such as USD. Where the shop writes its currencies otherwise, map the column currency to an \
                 expression that has their codes."
                    .into()
            }
            RateDay { .. } => "A rate counts from its day on, until the next one of its currency.".into(),
            InvalidRate { currency, .. } => format!(
                "Give what 1 {currency} is worth in the shop's currency; NULL takes a rate back."
            ),
            OwnCurrency { .. } => "Rates are what one unit of another currency is worth in the shop's. Which the shop's is, says the setting \
                                   currency."
                .into(),
            UnknownRole { .. } => "Create it first, with CREATE ROLE.".into(),
            NullArgument { .. } => "Pass a value.".into(),
            LongArgument { .. } => "Pass a shorter one.".into(),
            JsonArgument { .. } => {
                "Numbers have to fit into double precision, and nothing may stand within more than 127 others.".into()
            }
            LongAnswer { .. } => {
                "Rows, definitions or comments of that size are not taken over; see what is so long, and make it shorter.".into()
            }
            SourceMissing { entity, .. } => format!(
                "Say which table it is: SELECT metabase.map_source('{entity}', 'schema.table');"
            ),
            SourceAmbiguous { entity, found } => format!(
                "Say which one it is: SELECT metabase.map_source('{entity}', {});",
                crate::sql::literal(found.first().map_or("schema.table", String::as_str))
            ),
            UntrustedSource {
                entity,
                relation,
                owner,
                ..
            } => {
                let map = format!("SELECT metabase.map_source('{entity}', {})", crate::sql::literal(relation));
                let role = crate::sql::ident(owner);
                match *entity {
                    "order" => format!(
                        "If this is the shop, and role {role} may be trusted with the privileges of whoever makes the views: {map}; \
                         what else of the shop is found and belongs to that role is then trusted, too."
                    ),
                    "stock_item" => format!("{MAPPED_ORDERS} For this table alone, if you trust role {role}: {map};"),
                    _ => format!(
                        "{MAPPED_ORDERS} For this table alone, if you trust role {role}: {map}; if not: SELECT \
                         metabase.map_source('{entity}', NULL);"
                    ),
                }
            }
            MappedOfOther {
                entity,
                relation,
                owner,
                ..
            } => format!(
                "Look at what is there now. If role {} may be trusted with the privileges of whoever makes the views, map it again, with its \
                 columns and its filter: SELECT metabase.map_source('{entity}', {});",
                crate::sql::ident(owner),
                crate::sql::literal(relation)
            ),
            RelationMissing { entity, .. } => format!(
                "Name one that exists, as metabase.map_source('{entity}', 'schema.table'), or go back to detection with \
                 metabase.unmap_source('{entity}')."
            ),
            RelationName { .. } => {
                "Write schema.table, and quote what is not in lower case: 'shop.orders', 'shop.\"Orders\"'.".into()
            }
            SourceReplaced { .. } => {
                "See what is there now, in a new transaction: SELECT * FROM metabase.sources WHERE column_name = 'id';".into()
            }
            SchemaRenamed { .. } => "Nothing was changed. Call it again once nobody renames schemas.".into(),
            Planted { .. } => {
                "A literal of a mapping calls what makes it, by the CHECK of a domain; map something else.".into()
            }
            RelationKind { .. } => {
                "Sources are tables, partitioned tables, views, materialized views or foreign tables.".into()
            }
            SourcePrivilege { relation, schema, role, .. } => {
                let grantee = crate::sql::ident(role);
                format!(
                    "As a superuser, map what is not found by its name, then grant all of it: SELECT metabase.grant_operator({}); To have the \
                     role map it itself: GRANT USAGE ON SCHEMA {schema} TO {grantee}; GRANT SELECT ON {relation} TO {grantee};",
                    crate::sql::literal(role)
                )
            }
            ColumnMissing { entity, column, relation, .. } => format!(
                "Say where it is: SELECT metabase.map_source('{entity}', {}, '{{\"{column}\": \"column or expression\"}}');",
                crate::sql::literal(relation)
            ),
            WrongType { entity, column, relation, .. } => format!(
                "Map an expression that converts it: SELECT metabase.map_source('{entity}', {}, \
                 '{{\"{column}\": \"…\"}}');",
                crate::sql::literal(relation)
            ),
            ReferenceType { entity, column, .. } => format!(
                "Map column \"{column}\" of entity \"{entity}\" to an expression that casts it to the key's type."
            ),
            KeyEquality { entity, column, relation, expression, .. } => format!(
                "Map it, and each column that holds the same key, to an expression that is one text for all that are equal: SELECT \
                 metabase.map_source('{entity}', {}, {}); with a stored generated column in its place, refreshes can be incremental.",
                crate::sql::literal(relation),
                crate::sql::literal(
                    &serde_json::json!({ *column: format!("lower({expression}::text) COLLATE \"default\"") }).to_string()
                ),
            ),
            JoinNotAnObject { .. } => {
                "For example: join => '{\"relation\": \"shop.payments\", \"column\": \"order_id\"}'.".into()
            }
            JoinColumn { .. } => {
                "Name the column of the second table that has the key; and in source_column the one of the first that has the same value, if \
                 that is not the key, or the key is an expression.".into()
            }
            JoinNotUnique { column, relation, .. } => format!(
                "If it has one row for each: CREATE UNIQUE INDEX ON {relation} ({}); else make a view that has, and map that.",
                crate::sql::ident(column)
            ),
            JoinType { .. } => {
                "Both have to be uuid, integers or text, without an equality of their own; a stored generated column can be of another type \
                 than what it is made of.".into()
            }
            JoinUndecided { entity, relation, joined, link, .. } => {
                let (column, source_column) = match link {
                    Some((column, source_column)) => (column.as_str(), source_column.as_str()),
                    None => ("…", "…"),
                };
                let join = serde_json::json!({
                    "relation": joined,
                    "column": column,
                    "source_column": source_column,
                });
                format!(
                    "Say how it is joined: SELECT metabase.map_source('{entity}', {}, join => {});",
                    crate::sql::literal(relation),
                    crate::sql::literal(&join.to_string())
                )
            }
            NotAnExpression { .. } => {
                "Write one expression over the table's columns, for example amount_cents * 0.01; a subquery stands \
                 in parentheses."
                    .into()
            }
            Expression { hint: Some(hint), .. } => hint.clone(),
            Expression { sqlstate, .. } if sqlstate == sqlstate::INSUFFICIENT_PRIVILEGE => {
                "Grant the role what the message says, or have the mapping made by a role that has it.".into()
            }
            Expression { .. } => {
                "Expressions see the table's columns; functions and other tables have to be written with their schema."
                    .into()
            }
            CallsFunction { .. } | RunsStatement => {
                "What a domain's CHECK calls is not run while SQL is looked at, unless it is PostgreSQL's own and immutable.".into()
            }
            ColumnsNotAnObject { .. } => {
                "For example: '{\"sold_at\": \"completed_on\", \"gross_sale\": \"amount_cents * 0.01\", \"city\": null}'."
                    .into()
            }
            RequiredEntity { .. } => "Map it to a table, or to a view that you make for it.".into(),
            AbsentWithColumns { .. } => "Leave the columns, the filter and the join out, or name a table.".into(),
            SchemaOfStranger { .. } => "As a superuser: ALTER SCHEMA analytics OWNER TO the views' owner, or to a superuser.".into(),
            SeveralOwners => {
                "Give them to one role: ALTER MATERIALIZED VIEW … OWNER TO …; or ask as a role that is no superuser.".into()
            }
            ForeignMapping { entity, author, .. } => format!(
                "Create the views as that role (SET ROLE {}), or look the mapping over in metabase.sources and have a \
                 superuser map entity \"{entity}\" again or forget it.",
                crate::sql::ident(author)
            ),
            MappingOfOther { author, .. } => format!(
                "Change it as that role (SET ROLE {}) or as a superuser.",
                crate::sql::ident(author)
            ),
            OrphanedMapping { entity, .. } => format!(
                "A new role of that name is another role. Look the mapping over in metabase.sources, and map entity \"{entity}\" again \
                 yourself, or forget it: SELECT metabase.unmap_source('{entity}');"
            ),
            OrphanedView { view, .. } => format!(
                "A new role of that name is another role. Look the query over (SELECT query FROM metabase_internal.custom_view, as a \
                 superuser), forget the view (SELECT metabase.drop_view({})), and create it again yourself.",
                crate::sql::literal(view)
            ),
            ForeignAdapter { owner, .. } => format!(
                "Create the views as that role (SET ROLE {}), or drop the views first, one by one, with \
                 metabase.drop_view(view_name, cascade => false).",
                crate::sql::ident(owner)
            ),
            AdapterInUse { .. } => "Drop what the DETAIL names, and make it again afterwards.".into(),
            ViewMissing { view } => format!("Create it: SELECT * FROM metabase.create_view({});", crate::sql::literal(view)),
            ViewExists { is_one_of_all: true, .. } => {
                "To replace all of them: SELECT * FROM metabase.create_all_views(drop_existing => true);".into()
            }
            ViewExists { view, .. } => format!(
                "To replace it: SELECT * FROM metabase.create_view({}, drop_existing => true);",
                crate::sql::literal(view)
            ),
            NotAMaterializedView { .. } | NameTaken { .. } => "Rename it or move it to another schema; it is never dropped for you.".into(),
            NotViewsOwner { owner, .. } => format!("Do this as their owner: SET ROLE {};", crate::sql::ident(owner)),
            ViewOfStranger { .. } => {
                "Have it dropped by that role or a superuser, and created by the owner of the others: reading it runs what its owner has \
                 put there."
                    .into()
            }
            NotOwner { owner, .. } => format!("Do this as its owner: SET ROLE {};", crate::sql::ident(owner)),
            SuperusersView { .. } => "A superuser gives the views that superusers have made to an operator: SELECT \
                 metabase.grant_operator('…'); metabase.before_migration() and after_migration() leave them whose they are."
                .into(),
            Dependents { view, .. } => format!(
                "Drop these first, or everything with it: SELECT metabase.drop_view({}, cascade => true);",
                crate::sql::literal(view)
            ),
            SourceLocked { .. } => {
                "Somebody alters or locks it: SELECT pid, relation::regclass, query FROM pg_locks LEFT JOIN pg_stat_activity USING (pid) \
                 WHERE mode = 'AccessExclusiveLock' AND granted; where there is no pid, it is a prepared transaction: SELECT gid, owner \
                 FROM pg_prepared_xacts;"
                    .into()
            }
            LockTimeout { view } => format!(
                "Somebody holds a lock on it or on what it reads: SELECT pid, mode, granted FROM pg_locks WHERE relation \
                 = {}::regclass; then try again, with a longer lock_timeout if need be.",
                crate::sql::literal(&crate::sql::qualified("analytics", view))
            ),
            GrantLocked { .. } => {
                "Do it by hand, and see who is waited for: SELECT pg_blocking_pids(pid) FROM pg_stat_activity WHERE query LIKE 'GRANT%';".into()
            }
            LifecycleLocked => {
                "Try again when its transaction has ended, with a longer lock_timeout if need be.".into()
            }
            NoUniqueIndex { view } => format!(
                "Create it anew with its indexes: SELECT * FROM metabase.create_view({}, drop_existing => true);",
                crate::sql::literal(view)
            ),
            IncrementalImpossible { .. } => "Use mode 'auto' or 'full'.".into(),
            ViewUnwritable { .. } => "Create it anew: SELECT * FROM metabase.create_all_views(drop_existing => true);".into(),
            Overtaken => "Try again in a new transaction.".into(),
            RefreshLocked => {
                "Try again when its transaction has ended, with a longer lock_timeout if need be. Whose it is: SELECT pid FROM pg_locks WHERE \
                 relation = 'metabase_internal.incremental'::regclass AND granted;"
                    .into()
            }
            SourcesBusy => "Try again when fewer long transactions write to them: SELECT * FROM metabase.enable_capture();".into(),
            TemporaryObjects { owner } => format!(
                "Call it in a session that has made none, or as that role: SET ROLE {};",
                crate::sql::ident(owner)
            ),
            ReadsAnother { .. } => {
                "Give the table its name back, or have the view created anew, with metabase.create_custom_view(), by whoever knows that this is \
                 what it is to read."
                    .into()
            }
            CallsAnother { .. } => {
                "Something that fits its arguments better has come. Drop that, or write the types of the arguments into the query, and create the view \
                 anew with metabase.create_custom_view()."
                    .into()
            }
            LiteralRuns { cause, .. } => format!(
                "{} Have the owner of the domain take that out of its CHECK, or make it anew without such a literal.",
                cause.hint().unwrap_or_default()
            ),
            DumpRuns { .. } => {
                "Until it has ended, views are refreshed in full, or by what changed if there are facts; then they are built.".into()
            }
            FactsInUse { table, .. } => format!(
                "Until it has ended, nothing is built or dropped there, and views are refreshed in full. Who it is: SELECT pid, mode, usename, query \
                 FROM pg_locks LEFT JOIN pg_stat_activity USING (pid) WHERE relation = {}::regclass; where there is no pid, it is a prepared \
                 transaction: SELECT gid, owner FROM pg_prepared_xacts;",
                crate::sql::literal(table)
            ),
            ExtensionInUse => {
                "Try again when fewer long transactions use the shop's tables, with a longer lock_timeout if need be.".into()
            }
            Standby => "Call this on the primary: what it refreshes comes here by itself.".into(),
            ExtensionOlder { .. } => {
                "As a superuser: ALTER EXTENSION metabase_views UPDATE; until then changes are captured and nothing is refreshed.".into()
            }
            LibraryOlder { extension, .. } => format!(
                "Restart the server, or connect again where it does not preload the library, so that the library of {extension} is loaded. If \
                 what is installed is older: install {extension} again. If it is newer: ALTER EXTENSION metabase_views UPDATE; until then \
                 changes are captured and nothing is refreshed."
            ),
            NoTemporary { role, database, .. } => format!(
                "GRANT TEMPORARY ON DATABASE {} TO {};",
                crate::sql::ident(database),
                crate::sql::ident(role)
            ),
            NoRoomForInstaller => {
                "Raise max_worker_processes, which needs a restart; or have a role refresh that may lock the sources, such as a superuser."
                    .into()
            }
            NotCaptured { .. } => "The next refresh tries again.".into(),
            CannotPrepare => {
                "Commit it. What is prepared keeps its locks until somebody ends it, and all refreshes would wait for that.".into()
            }
            DuplicateOrder { .. } => {
                "Refreshes are full for as long as it does. Remove one of the two, or map the key to a column that tells them \
                 apart."
                    .into()
            }
            DuplicateSale { .. } => "SELECT * FROM metabase.check_data() has the key. Remove one of the two, map the key to a column that tells them \
                 apart, or do without this view: SELECT metabase.set_setting('sales_view', 'off');"
                .into(),
            Nested => "Take the call out of the function that a mapping, a policy or an index calls.".into(),
            NothingToCapture | NothingToCheck => "Create them: SELECT * FROM metabase.create_all_views();".into(),
            ForeignTrigger => {
                "Drop the trigger. If it was to capture changes: SELECT * FROM metabase.enable_capture();".into()
            }
            CannotBuild { .. } => {
                "Views are refreshed in full until it works. What is captured, and why not: SELECT * FROM metabase.capture_status(); to \
                 capture it: SELECT * FROM metabase.enable_capture();"
                    .into()
            }
            AdapterTypes { .. } => {
                "Make the adapters anew: SELECT * FROM metabase.create_all_views(drop_existing => true);".into()
            }
            AlteredMeanwhile => "Refresh again once nobody alters them.".into(),
            Recreate { cause, .. } => {
                return cause.hint().or_else(|| Some("The old views are still there.".into()));
            }
            SourcesDrifted { .. } => "metabase.detect_sources() and metabase.sources show what is found now. Say where the entity is with \
                 metabase.map_source(), if it is not found, then create the views anew: SELECT * FROM \
                 metabase.create_all_views(drop_existing => true);"
                .into(),
            SourceLost { entity, .. } => {
                return Some(format!(
                    "Say where it is now, with metabase.map_source('{entity}', 'SCHEMA.TABLE', '{{\"COLUMN\": \"NAME\"}}'); or that the shop has \
                     none any more: null in the place of the column's name, or metabase.map_source('{entity}', NULL)."
                ));
            }
            MigrationUnderWay { .. } => {
                "When the tables are what they are to be: SELECT * FROM metabase.after_migration();".into()
            }
            NoMigration => "SELECT metabase.before_migration() begins one.".into(),
            NothingToMigrate => {
                "Alter the tables. If there are to be views: SELECT * FROM metabase.create_all_views();".into()
            }
            NotMigrator { owner, .. } => format!(
                "Do this as the role that owns the table, as the views' owner (SET ROLE {}), or as a superuser.",
                crate::sql::ident(owner)
            ),
            SeveralViewOwners { .. } => "As a superuser, give them to one role: ALTER MATERIALIZED VIEW analytics.… OWNER TO …; ALTER VIEW \
                 metabase_internal.… OWNER TO …;"
                .into(),
            ForeignQuery { view, author, .. } => format!(
                "Give it back (ALTER MATERIALIZED VIEW {} OWNER TO {}), or drop it: SELECT metabase.drop_view({});",
                crate::sql::qualified("analytics", view),
                crate::sql::ident(author),
                crate::sql::literal(view)
            ),
            InTheWayOfMigration { .. } => "Drop what the DETAIL names, and make it again after metabase.after_migration(). Only views that \
                 create_custom_view() has made are remembered."
                .into(),
            MigrationOwnerGone { .. } => "As a superuser, forget them, and have another role make them: SELECT * FROM \
                 metabase.after_migration(restore => false);"
                .into(),
            MigrationLost { entity } => format!(
                "Say which table it is: SELECT metabase.map_source('{entity}', 'schema.table'); or that there is none: SELECT \
                 metabase.map_source('{entity}', NULL); then call metabase.after_migration() again."
            ),
            NotRestored { cause } => {
                let again = "Then: SELECT * FROM metabase.after_migration();";
                return Some(match cause.hint() {
                    Some(hint) => format!("{hint} {again}"),
                    None => format!("Mend that, or map what it reads with metabase.map_source(). {again}"),
                });
            }
            SourcesChanged { .. } => "Views of different making would not agree; create them all anew: SELECT * FROM \
                 metabase.create_all_views(drop_existing => true);"
                .into(),

            CustomName { .. } => "Choose another name, such as 'my_view'.".into(),
            CustomQuery { .. } => {
                "Pass one SELECT, with no INTO, over tables that are written with their schema.".into()
            }
            CustomKey { .. } => "For example: key_columns => ARRAY['country', 'city'].".into(),
            ManyViews { .. } => "Drop one that nobody needs any more: SELECT metabase.drop_view('name');".into(),
            CustomIndex { .. } => "For example: indexes => ARRAY['revenue DESC', 'lower(name), day'].".into(),
            Postgres { hint, .. } => return hint.clone(),
            Internal(_) => "This is a bug of metabase_views; please report it.".into(),
        })
    }

    /// Whether a lock was not free within lock_timeout (SQLSTATE 55P03).
    pub fn is_lock_timeout(&self) -> bool {
        self.sqlstate() == sqlstate::LOCK_NOT_AVAILABLE
    }

    /// What PostgreSQL itself had to add.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Error::Dependents { detail, .. }
            | Error::AdapterInUse { detail, .. }
            | Error::InTheWayOfMigration { detail }
            | Error::Postgres { detail, .. } => detail.as_deref(),
            Error::Recreate { cause, .. } | Error::NotRestored { cause } => cause.detail(),
            _ => None,
        }
    }

    /// All of it as one text, for the `error_message` of a result row.
    pub fn in_full(&self) -> String {
        let mut text = format!("{} (SQLSTATE {})", shown(&self.to_string()), self.sqlstate());
        for part in self.detail().map(str::to_owned).into_iter().chain(self.hint()) {
            text.push('\n');
            text.push_str(&shown(&part));
        }
        text
    }
}

/// A message, detail or hint as it is shown: it may repeat what somebody has passed.
fn shown(text: &str) -> String {
    const LONGEST: usize = 1500;
    shortened(text, LONGEST)
}

/// A text of somebody else's with so many characters at most. One that is longer says how long it was: what is stored is shown to
/// others, and an error's text can be as long as the value that it is about.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!(
            "{}… (cut: {} characters in all)",
            &text[..end],
            text.chars().count()
        ),
    }
}

impl From<Error> for ErrorReport {
    fn from(error: Error) -> ErrorReport {
        let code = PgSqlErrorCode::from(sqlstate::encode(error.sqlstate()));
        let mut report = ErrorReport::new(code, shown(&error.to_string()), "metabase_views");
        if let Some(detail) = error.detail() {
            report = report.set_detail(shown(detail));
        }
        if let Some(hint) = error.hint() {
            report = report.set_hint(shown(&hint));
        }
        report
    }
}

impl From<std::ffi::NulError> for Error {
    fn from(error: std::ffi::NulError) -> Error {
        Error::Internal(error.to_string())
    }
}

impl From<pgrx::spi::Error> for Error {
    fn from(error: pgrx::spi::Error) -> Error {
        Error::Internal(error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        Error::Internal(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!(shortened("", 2), "");
        assert_eq!(shortened("ää", 2), "ää");
        assert_eq!(shortened("👟ä👟b", 2), "👟ä… (cut: 4 characters in all)");
    }

    #[test]
    fn a_result_row_tells_all_of_it() {
        let error = Error::ViewMissing {
            view: "metabase_brand_analytics".into(),
        };
        assert_eq!(
            error.in_full(),
            "materialized view analytics.metabase_brand_analytics does not exist (SQLSTATE 42P01)\n\
             Create it: SELECT * FROM metabase.create_view('metabase_brand_analytics');"
        );
    }
}
