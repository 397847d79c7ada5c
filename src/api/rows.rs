//! What functions that return rows have in common. pgrx reads the columns of a function from its signature, token by token, so a
//! macro writes the signatures: a column, its type and its value stand in one place, however many functions return it.

/// Defines the rows that functions return: their columns, and the value of each by what a row is made from.
///
/// `row_type! { view_rows(view) { name: String = view.name, } }` defines a macro `view_rows!` for the functions. Their bodies
/// have a `Result` of what rows are made from, with errors of ours.
macro_rules! row_type {
    (pub($to:tt) $functions:ident $($rows:tt)+) => {
        row_type! { $functions $($rows)+ }

        pub($to) use $functions;
    };
    ($functions:ident($given:tt) { $($column:ident: $type:ty = $value:expr,)+ }) => {
        row_type! { @define ($) $functions, $given, { $($column, $type, $value;)+ } }
    };
    // The macro that is defined has variables of its own, and a `$` that is meant for it has to be passed in.
    (@define ($d:tt) $functions:ident, $given:tt, { $($column:ident, $type:ty, $value:expr;)+ }) => {
        macro_rules! $functions {
            ($d(fn $d function:ident($d($d arguments:tt)*) $d(as $d name:tt)? $d body:block)+) => {
                $d(
                    #[pg_extern(volatile, parallel_unsafe $d(, name = $d name)?)]
                    #[search_path(pg_catalog, pg_temp)]
                    fn $d function($d($d arguments)*) -> Result<
                        TableIterator<'static, ($(name!($column, $type),)+)>,
                        pgrx::pg_sys::panic::ErrorReport,
                    > {
                        let work = || -> Result<_, $crate::error::Error> { $d body };
                        Ok(TableIterator::new(work()?.into_iter().map(|$given| ($($value,)+))))
                    }
                )+
            };
        }
    };
}

pub(super) use row_type;
