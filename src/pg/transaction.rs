//! What kind of transaction this is.

use pgrx::pg_sys;

unsafe extern "C" {
    static max_prepared_xacts: std::ffi::c_int;
}

/// Whether this transaction can still be one that is prepared, which must not notify anybody.
pub fn can_be_prepared() -> bool {
    // SAFETY: a plain read of a global of the server's.
    !is_own_transaction() && unsafe { max_prepared_xacts } > 0
}

/// Whether this statement is a transaction of its own, so that what it locks is free when it ends.
pub fn is_own_transaction() -> bool {
    // SAFETY: a plain question about this backend.
    unsafe { !pg_sys::IsTransactionBlock() && !pg_sys::IsSubTransaction() }
}
