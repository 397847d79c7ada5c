//! What every session does for the background workers, where the library is preloaded: it wakes them when it has committed
//! something that concerns them, and gets them out of the way of commands that want a database for themselves.
//!
//! All of this runs inside other people's commands, as whoever issues them and under that session's settings. So nothing here
//! is SQL: what a search_path, an operator or a type of somebody's making could lead astray is not looked up.
//!
//! Nor is anything of it to be noticed. An error that Rust has caught on its way is raised again with its message, detail and hint only,
//! without the line, the context and the names that applications read. So what comes after a hook is called as C would call it, as the
//! last thing that the hook does, and an error of it jumps over the hook's frame. What is to happen once the command is done waits for the
//! end of the transaction.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use pgrx::prelude::*;
use pgrx::{PgList, pg_sys};

use super::{database, removal, shared};

/// How long a command waits for a worker to leave; the server itself then waits five seconds more for all others.
const PATIENCE: Duration = Duration::from_secs(3);

/// For how long workers are kept away at most, in microseconds, whatever becomes of who does that.
const LONGEST_HOLD: i64 = 60_000_000;

/// Whom a transaction wakes when it commits.
#[derive(Clone, Copy, Default)]
struct Wake {
    /// The worker of this database: rows of its sources have changed.
    worker: bool,
    /// That one at once: its schedule has changed.
    for_schedule: bool,
    /// Launcher and worker, if it concerns them: an extension has come or gone.
    for_extension: bool,
    /// Whether this one is there then.
    has_extension: bool,
    /// The launcher: a database has come or gone.
    for_databases: bool,
    /// The one that has come; 0 where none has.
    new_database: u32,
}

thread_local! {
    static WAKE: Cell<Wake> = Cell::default();
    /// The same, of a transaction that has committed and is just ending.
    static COMMITTED: Cell<Wake> = Cell::default();
    /// The workers that this transaction keeps away until it ends.
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C-unwind" {
    /// The server's own: pgrx has a wrapper, which catches errors.
    fn standard_ProcessUtility(
        statement: *mut pg_sys::PlannedStmt,
        query_string: *const c_char,
        read_only_tree: bool,
        context: pg_sys::ProcessUtilityContext::Type,
        parameters: pg_sys::ParamListInfo,
        environment: *mut pg_sys::QueryEnvironment,
        receiver: *mut pg_sys::DestReceiver,
        completion: *mut pg_sys::QueryCompletion,
    );
}

static mut PREVIOUS_ACCESS_HOOK: pg_sys::object_access_hook_type = None;
static mut PREVIOUS_UTILITY_HOOK: pg_sys::ProcessUtility_hook_type = None;

/// Installs the hooks. Called while the server starts, so that all sessions have them.
pub fn install() {
    // SAFETY: the server has one thread while it starts, and the hooks stay for as long as it runs.
    unsafe {
        PREVIOUS_ACCESS_HOOK = pg_sys::object_access_hook;
        pg_sys::object_access_hook = Some(on_object_access);
        PREVIOUS_UTILITY_HOOK = pg_sys::ProcessUtility_hook;
        pg_sys::ProcessUtility_hook = Some(on_utility);
        pg_sys::RegisterXactCallback(Some(on_transaction_end), std::ptr::null_mut());
        pg_sys::RegisterResourceReleaseCallback(Some(on_release), std::ptr::null_mut());
    }
}

/// Has this transaction wake the worker when it commits.
pub fn wake_worker_at_commit() {
    WAKE.set(Wake {
        worker: true,
        ..WAKE.get()
    });
}

/// Has this transaction wake the worker when it commits, also where that waits for more changes.
pub fn wake_worker_for_schedule() {
    WAKE.set(Wake {
        for_schedule: true,
        ..WAKE.get()
    });
}

/// # Safety
/// Called by PostgreSQL.
#[pg_guard]
unsafe extern "C-unwind" fn on_transaction_end(event: pg_sys::XactEvent::Type, _argument: *mut c_void) {
    match event {
        // While the catalog can still be read. Extensions of others are nothing to the launcher: whoever makes and drops one all the
        // time does not have it start workers.
        pg_sys::XactEvent::XACT_EVENT_PRE_COMMIT if WAKE.get().for_extension => WAKE.set(Wake {
            has_extension: database::has_extension(),
            ..WAKE.get()
        }),
        pg_sys::XactEvent::XACT_EVENT_COMMIT => COMMITTED.set(WAKE.take()),
        // What was prepared is seen when it is committed.
        pg_sys::XactEvent::XACT_EVENT_ABORT | pg_sys::XactEvent::XACT_EVENT_PREPARE => {
            WAKE.take();
            let _ = HELD.try_with(RefCell::take);
        }
        _ => {}
    }
}

/// Wakes those whom a transaction concerns that has committed.
///
/// Its rows are seen from its commit on. But what others keep of the catalog in their memory is told to be old a moment after that, and its
/// locks are free only then: whoever looked sooner might not find a view that has just been made, and would not look again.
///
/// # Safety
/// Called by PostgreSQL.
#[pg_guard]
unsafe extern "C-unwind" fn on_release(
    phase: pg_sys::ResourceReleasePhase::Type,
    is_commit: bool,
    is_top_level: bool,
    _argument: *mut c_void,
) {
    if phase != pg_sys::ResourceReleasePhase::RESOURCE_RELEASE_AFTER_LOCKS || !is_commit || !is_top_level {
        return;
    }
    let wake = COMMITTED.take();
    if wake.for_extension {
        shared::wake_for_extension(wake.has_extension);
    } else if wake.for_schedule {
        shared::wake_for_schedule();
    } else if wake.worker {
        shared::wake_own_worker();
    }
    if wake.new_database != 0 {
        shared::look_at(wake.new_database);
    }
    if wake.for_databases {
        shared::wake_for_databases();
    }
    let _ = HELD.try_with(RefCell::take);
}

/// # Safety
/// Called by PostgreSQL. An error of the next hook jumps over this frame, in which nothing is to be dropped and nothing panics.
unsafe extern "C-unwind" fn on_object_access(
    access: pg_sys::ObjectAccessType::Type,
    class: pg_sys::Oid,
    object: pg_sys::Oid,
    sub_id: c_int,
    argument: *mut c_void,
) {
    note_access(access, class, object);
    // SAFETY: the hook is only read, and called with what it expects.
    unsafe {
        if let Some(previous) = PREVIOUS_ACCESS_HOOK {
            previous(access, class, object, sub_id, argument);
        }
    }
}

/// Notes whom the change of an object concerns.
fn note_access(access: pg_sys::ObjectAccessType::Type, class: pg_sys::Oid, object: pg_sys::Oid) {
    let has_come = access == pg_sys::ObjectAccessType::OAT_POST_CREATE;
    let has_come_or_gone = has_come || access == pg_sys::ObjectAccessType::OAT_DROP;
    let has_changed = has_come_or_gone || access == pg_sys::ObjectAccessType::OAT_POST_ALTER;
    let wake = WAKE.get();
    match class {
        pg_sys::ExtensionRelationId if has_come_or_gone => WAKE.set(Wake {
            for_extension: true,
            ..wake
        }),
        pg_sys::DatabaseRelationId if has_changed => WAKE.set(Wake {
            for_databases: true,
            new_database: match has_come {
                true => object.to_u32(),
                false => wake.new_database,
            },
            ..wake
        }),
        _ => {}
    }
}

/// # Safety
/// Called by PostgreSQL. An error of what comes next jumps over this frame, in which nothing is to be dropped and nothing panics.
#[allow(clippy::too_many_arguments, reason = "the server's signature")]
unsafe extern "C-unwind" fn on_utility(
    statement: *mut pg_sys::PlannedStmt,
    query_string: *const c_char,
    read_only_tree: bool,
    context: pg_sys::ProcessUtilityContext::Type,
    parameters: pg_sys::ParamListInfo,
    environment: *mut pg_sys::QueryEnvironment,
    receiver: *mut pg_sys::DestReceiver,
    completion: *mut pg_sys::QueryCompletion,
) {
    // SAFETY: the statement is the server's. The hook is only read; it or the server's function is called with what was passed.
    unsafe {
        before_utility((*statement).utilityStmt);
        let next = PREVIOUS_UTILITY_HOOK.unwrap_or(standard_ProcessUtility);
        next(
            statement,
            query_string,
            read_only_tree,
            context,
            parameters,
            environment,
            receiver,
            completion,
        );
    }
}

/// Gets whatever is in the way of a statement out of it. An error in here is one of its own.
///
/// SAFETY: the node is a statement's.
#[pg_guard]
unsafe extern "C-unwind" fn before_utility(node: *mut pg_sys::Node) {
    // SAFETY: see above.
    match unsafe { wanted(node) } {
        Some(Wanted::Database(database)) => hold_until_end(database),
        Some(Wanted::Extension) => {
            // SAFETY: a plain read of this backend's global.
            hold_until_end(unsafe { pg_sys::MyDatabaseId }.to_u32());
            removal::lock_sources();
        }
        None => {}
    }
}

/// Asks a database's worker to leave, interrupts what it does, waits until it has gone, and keeps others away until the transaction ends.
fn hold_until_end(database: u32) {
    let until = shared::now() + LONGEST_HOLD;
    let ask_worker = || {
        shared::with_place(database, |_, place| {
            place.held_until.store(until, SeqCst);
            place.must_leave.store(true, SeqCst);
            place.wake_worker();
            place.pid.load(SeqCst)
        })
    };
    let Some(mut pid) = ask_worker() else { return };
    // Before it is waited for: a session that is terminated meanwhile unwinds nothing, but ends its transaction.
    HELD.with_borrow_mut(|all| all.push(Held { database, until }));
    if pid != 0 {
        // SAFETY: a plain system call. The process is, or was a moment ago, the worker.
        unsafe { libc::kill(pid, libc::SIGTERM) };
    }
    let begin = Instant::now();
    while pid != 0 && begin.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
        pgrx::check_for_interrupts!();
        pid = ask_worker().unwrap_or(0);
    }
}

/// What a statement wants for itself.
enum Wanted {
    /// A database, or one without its worker.
    Database(u32),
    /// All that the extension has, in order to drop it.
    Extension,
}

/// What a statement wants for itself, if it is such a statement and the current role may issue it here. Nobody else has a worker leave:
/// the statement fails.
///
/// SAFETY: the node is a statement's.
unsafe fn wanted(node: *mut pg_sys::Node) -> Option<Wanted> {
    // SAFETY: a node is cast to what its tag says that it is. Names are read as C strings.
    unsafe {
        let name = match (*node).type_ {
            pg_sys::NodeTag::T_DropdbStmt => (*(node as *mut pg_sys::DropdbStmt)).dbname,
            pg_sys::NodeTag::T_CreatedbStmt => {
                let statement = node as *mut pg_sys::CreatedbStmt;
                option((*statement).options, c"template")?
            }
            // The worker uses what goes: it would wait in the middle of it, and the statement for the worker.
            pg_sys::NodeTag::T_DropStmt => {
                let statement = node as *mut pg_sys::DropStmt;
                // DROP SCHEMA … CASCADE of these drops the extension.
                let own: &[&CStr] = match (*statement).removeType {
                    pg_sys::ObjectType::OBJECT_EXTENSION => &[c"metabase_views"],
                    pg_sys::ObjectType::OBJECT_SCHEMA => &[c"metabase", c"metabase_internal"],
                    _ => &[],
                };
                let is_own = !own.is_empty()
                    && PgList::<pg_sys::String>::from_pg((*statement).objects)
                        .iter_ptr()
                        .any(|name| own.contains(&CStr::from_ptr((*name).sval)));
                return (is_own && may_drop_extension()).then_some(Wanted::Extension);
            }
            // Of whoever owns the extension, it drops that.
            pg_sys::NodeTag::T_DropOwnedStmt => {
                let statement = node as *mut pg_sys::DropOwnedStmt;
                let roles = PgList::<pg_sys::RoleSpec>::from_pg((*statement).roles);
                let owner = database::extension_owner();
                let drops = roles
                    .iter_ptr()
                    // For PUBLIC, which is no role, the server has an error.
                    .filter(|role| (**role).roletype != pg_sys::RoleSpecType::ROLESPEC_PUBLIC)
                    .any(|role| Some(pg_sys::get_rolespec_oid(role, true).to_u32()) == owner);
                return (drops && may_drop_extension()).then_some(Wanted::Extension);
            }
            pg_sys::NodeTag::T_AlterDatabaseStmt => {
                let statement = node as *mut pg_sys::AlterDatabaseStmt;
                option((*statement).options, c"tablespace")?;
                (*statement).dbname
            }
            pg_sys::NodeTag::T_RenameStmt => {
                let statement = node as *mut pg_sys::RenameStmt;
                if (*statement).renameType != pg_sys::ObjectType::OBJECT_DATABASE {
                    return None;
                }
                (*statement).subname
            }
            pg_sys::NodeTag::T_TransactionStmt => {
                let statement = node as *mut pg_sys::TransactionStmt;
                if (*statement).kind == pg_sys::TransactionStmtKind::TRANS_STMT_COMMIT_PREPARED {
                    // Whatever it was that was prepared.
                    WAKE.set(Wake {
                        for_extension: true,
                        for_databases: true,
                        ..WAKE.get()
                    });
                }
                return None;
            }
            _ => return None,
        };
        if name.is_null() || pg_sys::XactReadOnly {
            return None;
        }
        database::find(CStr::from_ptr(name))
            .filter(|database| database::is_owned(*database))
            .map(Wanted::Database)
    }
}

/// Whether this transaction can drop the extension of its database.
fn may_drop_extension() -> bool {
    // SAFETY: a plain read of this backend's state.
    let is_read_only = unsafe { pg_sys::XactReadOnly };
    !is_read_only && database::owns_extension()
}

/// The value of an option, if it is given.
///
/// SAFETY: the list is one of DefElems.
unsafe fn option(options: *mut pg_sys::List, name: &CStr) -> Option<*mut c_char> {
    // SAFETY: see above.
    unsafe {
        let options = PgList::<pg_sys::DefElem>::from_pg(options);
        let option = options
            .iter_ptr()
            .find(|option| CStr::from_ptr((**option).defname) == name)?;
        (!(*option).arg.is_null()).then(|| pg_sys::defGetString(option))
    }
}

/// Keeps workers away from a database for as long as it lives.
struct Held {
    database: u32,
    /// Until when, as this one has said: somebody else may keep them away meanwhile.
    until: i64,
}

impl Drop for Held {
    fn drop(&mut self) {
        shared::with_place(self.database, |_, place| {
            // A worker that was interrupted at its start has not failed.
            place.failures.store(0, SeqCst);
            place.retry_at.store(0, SeqCst);
            let _ = place.held_until.compare_exchange(self.until, 0, SeqCst, SeqCst);
            place.has_events.store(true, SeqCst);
        });
        shared::wake_for_databases();
    }
}
