//! Keeps backtraces out of errors: pgrx adds one to the DETAIL of each, where the server's environment has RUST_BACKTRACE, and what was
//! meant for a developer's terminal would reach everybody who reads an error.

use std::backtrace::Backtrace;
use std::env;

/// What Rust asks for before RUST_BACKTRACE.
const VARIABLE: &str = "RUST_LIB_BACKTRACE";

/// Has none captured in this process from now on. Called once, when the library is loaded, before there can be an error.
///
/// Rust looks at the environment when the first backtrace is captured, and remembers the answer. So the environment is what it was
/// afterwards, for whatever else runs in the server.
pub fn disable() {
    let before = env::var_os(VARIABLE);
    // SAFETY: a process of the server has one thread.
    unsafe {
        env::set_var(VARIABLE, "0");
        let _ = Backtrace::capture();
        match before {
            Some(value) => env::set_var(VARIABLE, value),
            None => env::remove_var(VARIABLE),
        }
    }
}
