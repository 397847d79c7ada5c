//! Looking at SQL that somebody else wrote, or that is about what somebody else owns, without running anything of theirs.
//!
//! A query is analyzed, as PREPARE does, and never planned: the planner computes what is constant in a query, in the predicates of
//! indexes and in statistics. Analysis is not harmless either: it reads literals, and to read one of an array, row or range
//! of a domain it calls what the domain's CHECK calls. So no function may be called meanwhile but an immutable one of
//! PostgreSQL's own.
//!
//! What is made of words that somebody else may have given another meaning by now is made of the very outcome of such an analysis: to read
//! them a second time could call what they did not call at the first.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};

use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgBox, PgLogLevel, PgTupleDesc, Spi, pg_guard, pg_sys};

use super::identity::restricted;
use super::query::with_current_snapshot;
use super::schema;
use super::setting::with_own_path;
use super::subtransaction::subtransaction;
use super::transaction::note_effects;
use crate::error::Error;

/// A column of a query's result.
#[derive(Clone)]
pub struct ResultColumn {
    pub name: String,
    /// `pg_type.typcategory`: N for numbers, S for texts, D for dates and times, …
    pub category: char,
}

/// The columns that a SELECT returns. Who may read what it reads is not asked.
pub fn result_columns(select: &str) -> Result<Vec<ResultColumn>, Error> {
    // In parentheses, where nothing can stand that writes.
    look_at(&format!("SELECT * FROM (\n{select}\n) AS query"), |source| {
        Ok(description(source)
            .iter()
            .map(|column| ResultColumn {
                name: column.name().to_owned(),
                category: type_category(column.type_oid().value()),
            })
            .collect())
    })
}

/// What is found in a SELECT, by oids.
#[derive(Default)]
pub struct Found {
    /// The type and the collation of its first column.
    pub column_type: u32,
    pub collation: u32,
    /// What it calls and reads, and the types that it names or has literals of, as often as they occur.
    pub functions: Vec<u32>,
    pub relations: Vec<u32>,
    pub types: Vec<u32>,
}

/// What a SELECT calls and reads, if the current role may, and the type of its first column.
pub fn found(select: &str) -> Result<Found, Error> {
    look_at(select, |source| {
        let mut found = Found::default();
        // SAFETY: a prepared plan's source has a valid list of Query nodes. PostgreSQL calls the callback, which raises its errors, with
        // a pointer to what outlives the call.
        unsafe {
            let queries = (*source).query_list.cast();
            pg_sys::expression_tree_walker(queries, Some(check_privileges), (&raw mut found).cast());
        }
        let first = description(source)
            .iter()
            .next()
            .map(|column| (column.atttypid.to_u32(), column.attcollation.to_u32()));
        (found.column_type, found.collation) =
            first.ok_or_else(|| Error::Internal("a SELECT returns no column".into()))?;
        Ok(found)
    })
}

fn description(source: *const pg_sys::CachedPlanSource) -> PgTupleDesc<'static> {
    // SAFETY: the source of a plan that was prepared from one SELECT has a description, which is copied.
    unsafe { PgTupleDesc::from_pg_copy((*source).resultDesc) }
}

/// Has a SELECT analyzed as the current role, in a restricted context, and reads the outcome.
fn look_at<T>(
    select: &str,
    read: impl FnOnce(*const pg_sys::CachedPlanSource) -> Result<T, Error>,
) -> Result<T, Error> {
    let select = CString::new(select)?;
    let prepared = || {
        // SAFETY: we are connected to SPI, and the text outlives the call. A plan that was prepared from one SELECT has one source,
        // which lives until the plan is freed, here or by the abort of the subtransaction if an error unwinds.
        unsafe {
            let plan = {
                let _lookout = Lookout::post();
                pg_sys::SPI_prepare(select.as_ptr(), 0, std::ptr::null_mut())
            };
            if plan.is_null() {
                return Err(Error::Internal("a SELECT could not be prepared".into()));
            }
            let sources = pg_sys::SPI_plan_get_plan_sources(plan);
            let outcome = read((*(*sources).elements).ptr_value as *const pg_sys::CachedPlanSource);
            pg_sys::SPI_freeplan(plan);
            outcome
        }
    };
    restricted(|| with_own_path(|| with_current_snapshot(|| Spi::connect(|_| prepared()))))
}

unsafe extern "C-unwind" {
    fn transformIndexStmt(
        relation: pg_sys::Oid,
        statement: *mut pg_sys::IndexStmt,
        query_string: *const c_char,
    ) -> *mut pg_sys::IndexStmt;
    fn transformStatsStmt(
        relation: pg_sys::Oid,
        statement: *mut pg_sys::CreateStatsStmt,
        query_string: *const c_char,
    ) -> *mut pg_sys::CreateStatsStmt;
}

/// Runs a statement that makes a materialized view without rows in schema `analytics`, or an index or statistics of one. Its words are read as in
/// a look; where a literal would run something, the error names the view and the part of it.
pub fn make(view: &str, part: &str, statement: &str) -> Result<(), Error> {
    note_effects();
    // What an index is made of has columns as numbers: the relation that it is made on must be the one that was looked at.
    schema::hold(["analytics"])?;
    let statement = CString::new(statement)?;
    let make = || {
        WAS_REFUSED.set(false);
        let analyzed = subtransaction(|| analyzed(&statement)).map_err(|cause| match WAS_REFUSED.take() {
            true => Error::LiteralRuns {
                view: view.to_owned(),
                part: part.to_owned(),
                cause: Box::new(cause),
            },
            false => cause,
        })?;
        // SAFETY: the statement was analyzed in this memory context, and text and tree outlive the call.
        unsafe {
            let mut planned = PgBox::<pg_sys::PlannedStmt>::alloc_node(pg_sys::NodeTag::T_PlannedStmt);
            planned.commandType = pg_sys::CmdType::CMD_UTILITY;
            planned.canSetTag = true;
            planned.utilityStmt = analyzed;
            pg_sys::ProcessUtility(
                planned.into_pg(),
                statement.as_ptr(),
                false,
                pg_sys::ProcessUtilityContext::PROCESS_UTILITY_QUERY,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                pg_sys::CreateDestReceiver(pg_sys::CommandDest::DestNone),
                std::ptr::null_mut(),
            );
            pg_sys::CommandCounterIncrement();
        }
        Ok(())
    };
    with_own_path(|| with_current_snapshot(make))
}

/// Such a statement, as the server's own functions that run it take it, so that they do not analyze it again.
fn analyzed(statement: &CStr) -> Result<*mut pg_sys::Node, Error> {
    // SAFETY: the text outlives the calls. The parser returns a list of RawStmt nodes, and the tag of what is in the first one says what it is.
    unsafe {
        let parsed = pg_sys::raw_parser(statement.as_ptr(), pg_sys::RawParseMode::RAW_PARSE_DEFAULT);
        let raw = pg_sys::list_nth(parsed, 0) as *mut pg_sys::RawStmt;
        let node = (*raw).stmt;
        let _lookout = Lookout::post();
        match (pg_sys::list_length(parsed), (*node).type_) {
            (1, pg_sys::NodeTag::T_CreateTableAsStmt) => {
                let (none, nowhere) = (std::ptr::null(), std::ptr::null_mut());
                let query = pg_sys::parse_analyze_fixedparams(raw, statement.as_ptr(), none, 0, nowhere);
                Ok((*query).utilityStmt)
            }
            (1, pg_sys::NodeTag::T_IndexStmt) => {
                let index = node as *mut pg_sys::IndexStmt;
                let relation = locked((*index).relation, pg_sys::ShareLock);
                let text = statement.as_ptr();
                Ok(pg_guard_ffi_boundary(|| transformIndexStmt(relation, index, text)).cast())
            }
            (1, pg_sys::NodeTag::T_CreateStatsStmt) => {
                let statistics = node as *mut pg_sys::CreateStatsStmt;
                let relation = pg_sys::list_nth((*statistics).relations, 0) as *const pg_sys::RangeVar;
                let relation = locked(relation, pg_sys::ShareUpdateExclusiveLock);
                let text = statement.as_ptr();
                Ok(pg_guard_ffi_boundary(|| transformStatsStmt(relation, statistics, text)).cast())
            }
            _ => Err(Error::Internal("a statement makes no part of a view".into())),
        }
    }
}

/// Locks the relation that bears a name until the transaction ends, as the statement that is run will.
///
/// # Safety
/// It is a valid RangeVar.
unsafe fn locked(relation: *const pg_sys::RangeVar, lock: u32) -> pg_sys::Oid {
    // SAFETY: see above; no callback is passed.
    unsafe { pg_sys::RangeVarGetRelidExtended(relation, lock as i32, 0, None, std::ptr::null_mut()) }
}

/// `pg_type.typcategory` of a type.
fn type_category(oid: pg_sys::Oid) -> char {
    let (mut category, mut is_preferred) = (0, false);
    // SAFETY: both are written to, and an error unwinds where there is no such type.
    unsafe { pg_sys::get_type_category_preferred(oid, &mut category, &mut is_preferred) };
    char::from(category as u8)
}

/// An error unless the current role may read all tables and call all functions in a tree: what the executor would say first.
///
/// # Safety
/// Called by PostgreSQL, with NULL or a node of an analyzed query, and a pointer to a [`Found`].
#[pg_guard]
unsafe extern "C-unwind" fn check_privileges(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: the node's tag says what it is, and it is read as that only then.
    unsafe {
        if (*node).type_ == pg_sys::NodeTag::T_Query {
            let query = node as *mut pg_sys::Query;
            #[cfg(feature = "pg15")]
            pg_sys::ExecCheckRTPerms((*query).rtable, true);
            #[cfg(not(feature = "pg15"))]
            pg_sys::ExecCheckPermissions((*query).rtable, (*query).rteperminfos, true);
            let relations = (0..pg_sys::list_length((*query).rtable))
                .map(|number| pg_sys::list_nth((*query).rtable, number) as *const pg_sys::RangeTblEntry)
                .map(|entry| (*entry).relid.to_u32())
                .filter(|relation| *relation != 0);
            (*context.cast::<Found>()).relations.extend(relations);
            return pg_sys::query_tree_walker(query, Some(check_privileges), context, 0);
        }
        let named = match (*node).type_ {
            pg_sys::NodeTag::T_Const => Some((*(node as *const pg_sys::Const)).consttype),
            pg_sys::NodeTag::T_CoerceToDomain => Some((*(node as *const pg_sys::CoerceToDomain)).resulttype),
            pg_sys::NodeTag::T_CoerceViaIO => Some((*(node as *const pg_sys::CoerceViaIO)).resulttype),
            pg_sys::NodeTag::T_RowExpr => Some((*(node as *const pg_sys::RowExpr)).row_typeid),
            _ => None,
        };
        (*context.cast::<Found>())
            .types
            .extend(named.map(pg_sys::Oid::to_u32));
        pg_sys::check_functions_in_node(node, Some(check_function), context);
        pg_sys::expression_tree_walker(node, Some(check_privileges), context)
    }
}

/// # Safety
/// Called by PostgreSQL, with a pointer to a [`Found`].
#[pg_guard]
unsafe extern "C-unwind" fn check_function(function: pg_sys::Oid, context: *mut c_void) -> bool {
    // SAFETY: only oids are passed; the name is a C string or NULL, which the error copies. Nobody else uses what is found meanwhile.
    unsafe {
        (*context.cast::<Found>()).functions.push(function.to_u32());
        let (role, execute) = (pg_sys::GetUserId(), pg_sys::ACL_EXECUTE as pg_sys::AclMode);
        #[cfg(feature = "pg15")]
        let answer = pg_sys::pg_proc_aclcheck(function, role, execute);
        #[cfg(not(feature = "pg15"))]
        let answer = pg_sys::object_aclcheck(pg_sys::ProcedureRelationId, function, role, execute);
        if answer != pg_sys::AclResult::ACLCHECK_OK {
            let name = pg_sys::get_func_name(function);
            pg_sys::aclcheck_error(answer, pg_sys::ObjectType::OBJECT_FUNCTION, name);
        }
    }
    false
}

static mut PREVIOUS_HOOK: pg_sys::object_access_hook_type = None;

static mut PREVIOUS_EXECUTOR_HOOK: pg_sys::ExecutorStart_hook_type = None;
static mut PREVIOUS_UTILITY_HOOK: pg_sys::ProcessUtility_hook_type = None;

thread_local! {
    static IS_INSTALLED: Cell<bool> = const { Cell::new(false) };
    static IS_LOOKING: Cell<bool> = const { Cell::new(false) };
    /// Whether anything was refused since this was last asked.
    static WAS_REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// For as long as it lives, whoever is about to call a function that is not harmless gets an error instead.
struct Lookout;

impl Lookout {
    fn post() -> Lookout {
        // The hook stays, and does nothing when nobody looks: others may have put theirs before it when it would be taken off.
        if !IS_INSTALLED.replace(true) {
            // SAFETY: a backend has one thread, and this is done once in it.
            unsafe {
                PREVIOUS_HOOK = pg_sys::object_access_hook;
                pg_sys::object_access_hook = Some(on_object_access);
            }
        }
        // Not all that calls a function asks the first hook: from PostgreSQL 16 on JSON_ARRAY calls a cast without. No statement may
        // run in it, either.
        // SAFETY: as above; both are put back below.
        unsafe {
            PREVIOUS_EXECUTOR_HOOK = pg_sys::ExecutorStart_hook;
            pg_sys::ExecutorStart_hook = Some(on_executor_start);
            PREVIOUS_UTILITY_HOOK = pg_sys::ProcessUtility_hook;
            pg_sys::ProcessUtility_hook = Some(on_utility);
        }
        IS_LOOKING.set(true);
        Lookout
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        IS_LOOKING.set(false);
        // SAFETY: puts back what was read when it was made.
        unsafe {
            pg_sys::ExecutorStart_hook = PREVIOUS_EXECUTOR_HOOK;
            pg_sys::ProcessUtility_hook = PREVIOUS_UTILITY_HOOK;
        }
    }
}

/// # Safety
/// Called by PostgreSQL. An error of the previous hook jumps over this frame, in which nothing is to be dropped and nothing panics: caught on
/// its way it would lose a part of what it says.
unsafe extern "C-unwind" fn on_object_access(
    access: pg_sys::ObjectAccessType::Type,
    class: pg_sys::Oid,
    object: pg_sys::Oid,
    sub_id: c_int,
    argument: *mut c_void,
) {
    // SAFETY: the hook is only read, and called with what it expects.
    unsafe {
        if let Some(previous) = PREVIOUS_HOOK {
            previous(access, class, object, sub_id, argument);
        }
        if IS_LOOKING.get() && access == pg_sys::ObjectAccessType::OAT_FUNCTION_EXECUTE {
            check_call(object);
        }
    }
}

/// An error if a function that is about to be called is not harmless.
#[pg_guard]
unsafe extern "C-unwind" fn check_call(function: pg_sys::Oid) {
    if !is_harmless(function) {
        refuse(Error::CallsFunction {
            function: function_name(function),
        });
    }
}

/// # Safety
/// Called by PostgreSQL, during a look only.
#[pg_guard]
unsafe extern "C-unwind" fn on_executor_start(_query: *mut pg_sys::QueryDesc, _flags: c_int) {
    refuse(Error::RunsStatement);
}

/// # Safety
/// Called by PostgreSQL, during a look only.
#[pg_guard]
#[allow(clippy::too_many_arguments, reason = "the server's signature")]
unsafe extern "C-unwind" fn on_utility(
    _statement: *mut pg_sys::PlannedStmt,
    _query_string: *const c_char,
    _read_only_tree: bool,
    _context: pg_sys::ProcessUtilityContext::Type,
    _parameters: pg_sys::ParamListInfo,
    _environment: *mut pg_sys::QueryEnvironment,
    _receiver: *mut pg_sys::DestReceiver,
    _completion: *mut pg_sys::QueryCompletion,
) {
    refuse(Error::RunsStatement);
}

fn refuse(error: Error) {
    WAS_REFUSED.set(true);
    ErrorReport::from(error).report(PgLogLevel::ERROR);
}

/// Whether a function is one of PostgreSQL's own that reads nothing, changes nothing and so tells nothing.
fn is_harmless(function: pg_sys::Oid) -> bool {
    // SAFETY: takes an oid that is about to be called, which exists.
    let volatility = unsafe { pg_sys::func_volatile(function) };
    function.to_u32() < pg_sys::FirstNormalObjectId && volatility as u8 == pg_sys::PROVOLATILE_IMMUTABLE
}

fn function_name(function: pg_sys::Oid) -> String {
    // SAFETY: a C string that was made for us, or NULL.
    unsafe {
        let name = pg_sys::get_func_name(function);
        match name.is_null() {
            true => function.to_u32().to_string(),
            false => CStr::from_ptr(name).to_string_lossy().into_owned(),
        }
    }
}
