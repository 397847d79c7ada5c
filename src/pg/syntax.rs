//! What PostgreSQL's own parser says of a text, before that text becomes part of a statement.

use std::ffi::{CStr, CString};

use pgrx::{PgList, pg_sys};

use super::subtransaction::subtransaction;
use crate::error::Error;

/// Whether `text` is one expression and nothing more: no second column, no FROM, no UNION, no second statement.
pub fn is_expression(text: &str) -> Result<bool, Error> {
    // As PL/pgSQL parses the right side of an assignment: a SELECT without its first word.
    let statements = parse(text, pg_sys::RawParseMode::RAW_PARSE_PLPGSQL_EXPR)?;
    Ok(statements
        .and_then(|it| it.single_select())
        .is_some_and(|select| is_bare_expression(&select)))
}

/// Whether `text` is one SELECT (or VALUES, or WITH … SELECT) that returns rows to its caller.
pub fn is_select(text: &str) -> Result<bool, Error> {
    Ok(select(text)?.is_some())
}

/// The one SELECT that `text` is, without the semicolon that closes it and what comes after that, so that it can become part of another
/// statement; None where `text` is something else.
pub fn select(text: &str) -> Result<Option<&str>, Error> {
    let statements = parse(text, pg_sys::RawParseMode::RAW_PARSE_DEFAULT)?;
    Ok(statements
        .filter(|it| {
            it.single_select()
                .is_some_and(|select| select.intoClause.is_null())
        })
        .and_then(|it| it.single_text(text)))
}

/// What a SELECT promises of its rows by the way it is written.
pub struct Promise {
    /// The most rows that there can be, if a number says so.
    pub limit: Option<u32>,
    /// The column that its rows are sorted by, ascending, if by one alone.
    pub sorted_by: Option<String>,
    /// Of each column, whether it is never NULL. A column that is not here stands for something else, such as all of a table's.
    pub never_null: Vec<bool>,
}

/// What one SELECT promises; None where `text` is something else.
pub fn promise(text: &str) -> Result<Option<Promise>, Error> {
    let statements = parse(text, pg_sys::RawParseMode::RAW_PARSE_DEFAULT)?;
    Ok(statements
        .and_then(|it| it.single_select())
        .map(|select| Promise {
            limit: limit(&select),
            sorted_by: sorted_by(&select),
            never_null: never_null(&select),
        }))
}

/// The number in `LIMIT number`.
fn limit(select: &pg_sys::SelectStmt) -> Option<u32> {
    let count = select.limitCount as *const pg_sys::A_Const;
    // SAFETY: the clause is NULL or a valid node, which is read as what its tag says; of a constant that is not NULL the same holds.
    unsafe {
        if count.is_null() || (*count).type_ != pg_sys::NodeTag::T_A_Const || (*count).isnull {
            return None;
        }
        ((*count).val.node.type_ == pg_sys::NodeTag::T_Integer)
            .then(|| (*count).val.ival.ival.try_into().ok())
            .flatten()
    }
}

/// Of each column of a SELECT, whether it is never NULL.
fn never_null(select: &pg_sys::SelectStmt) -> Vec<bool> {
    let mut tested = Vec::new();
    // SAFETY: both clauses are NULL or valid expressions, and a target list is NULL or a valid list of ResTarget nodes.
    unsafe {
        for clause in [select.whereClause, select.havingClause] {
            collect_tested(clause, &mut tested);
        }
        let targets = PgList::<pg_sys::ResTarget>::from_pg(select.targetList);
        targets
            .iter_ptr()
            .map_while(|target| {
                let value = (*target).val;
                (!is_star(value)).then(|| is_never_null(value, &tested))
            })
            .collect()
    }
}

/// Collects the expressions of which a condition says that they are not NULL.
///
/// # Safety
/// The condition is NULL or a valid expression as the parser returns it.
unsafe fn collect_tested(condition: *mut pg_sys::Node, tested: &mut Vec<*mut pg_sys::Node>) {
    // SAFETY: a node is read as what its tag says; the arguments of AND are a valid list of expressions.
    unsafe {
        if condition.is_null() {
            return;
        }
        match (*condition).type_ {
            pg_sys::NodeTag::T_NullTest => {
                let test = &*(condition as *const pg_sys::NullTest);
                if test.nulltesttype == pg_sys::NullTestType::IS_NOT_NULL {
                    tested.push(test.arg as *mut pg_sys::Node);
                }
            }
            pg_sys::NodeTag::T_BoolExpr => {
                let logic = &*(condition as *const pg_sys::BoolExpr);
                if logic.boolop == pg_sys::BoolExprType::AND_EXPR {
                    for part in PgList::<pg_sys::Node>::from_pg(logic.args).iter_ptr() {
                        collect_tested(part, tested);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether an expression is never NULL: a constant, a count, `coalesce` with one of these, or what was tested.
///
/// # Safety
/// All are valid expressions as the parser returns them.
unsafe fn is_never_null(value: *mut pg_sys::Node, tested: &[*mut pg_sys::Node]) -> bool {
    // SAFETY: a node is read as what its tag says; the arguments of coalesce and the parts of a function's name are valid lists.
    unsafe {
        let is_tested = |other: &*mut pg_sys::Node| pg_sys::equal(value.cast(), other.cast());
        let is_so_itself = match (*value).type_ {
            pg_sys::NodeTag::T_A_Const => !(*(value as *const pg_sys::A_Const)).isnull,
            pg_sys::NodeTag::T_TypeCast => is_never_null((*(value as *const pg_sys::TypeCast)).arg, tested),
            pg_sys::NodeTag::T_CoalesceExpr => {
                let arguments = (*(value as *const pg_sys::CoalesceExpr)).args;
                let arguments = PgList::<pg_sys::Node>::from_pg(arguments);
                arguments
                    .iter_ptr()
                    .any(|argument| is_never_null(argument, tested))
            }
            pg_sys::NodeTag::T_FuncCall => {
                let name = (*(value as *const pg_sys::FuncCall)).funcname;
                let name = PgList::<pg_sys::String>::from_pg(name);
                name.tail()
                    .is_some_and(|last| CStr::from_ptr((*last).sval) == c"count")
            }
            _ => false,
        };
        is_so_itself || tested.iter().any(is_tested)
    }
}

/// The name in `ORDER BY name [ASC]`.
fn sorted_by(select: &pg_sys::SelectStmt) -> Option<String> {
    // SAFETY: a sort clause is NULL or a valid list of SortBy nodes; other nodes are read as what their tags say, and the fields of a
    // column reference are a valid list, of which a String node holds a C string.
    unsafe {
        let clause = select.sortClause;
        if clause.is_null() || (*clause).length != 1 {
            return None;
        }
        let sort = (*(*clause).elements).ptr_value as *const pg_sys::SortBy;
        let column = (*sort).node as *const pg_sys::ColumnRef;
        if (*sort).sortby_dir == pg_sys::SortByDir::SORTBY_DESC
            || (*column).type_ != pg_sys::NodeTag::T_ColumnRef
            || (*(*column).fields).length != 1
        {
            return None;
        }
        let name = (*(*(*column).fields).elements).ptr_value as *const pg_sys::String;
        ((*name).type_ == pg_sys::NodeTag::T_String)
            .then(|| CStr::from_ptr((*name).sval).to_string_lossy().into_owned())
    }
}

/// Whether `text` is what may stand in the parentheses of CREATE INDEX and nothing more.
pub fn is_index_key(text: &str) -> Result<bool, Error> {
    let create = format!("CREATE INDEX ON relation ({text}\n)");
    let statements = parse(&create, pg_sys::RawParseMode::RAW_PARSE_DEFAULT)?;
    Ok(statements.is_some_and(|it| it.single_plain_index()))
}

/// A list of `RawStmt`, as the parser returns it.
struct Statements(*mut pg_sys::List);

fn parse(text: &str, mode: pg_sys::RawParseMode::Type) -> Result<Option<Statements>, Error> {
    let Ok(text) = CString::new(text) else {
        return Ok(None);
    };
    let parsed = subtransaction(|| {
        // SAFETY: `text` is a C string that outlives the call; the tree is made in the current memory context, which the
        // subtransaction leaves as it was.
        Ok(Statements(unsafe { pg_sys::raw_parser(text.as_ptr(), mode) }))
    });
    match parsed {
        Ok(statements) => Ok(Some(statements)),
        // A syntax error or a literal that is none: that is the answer. Anything else is an error here, too.
        Err(error) if ["42", "22"].contains(&&error.sqlstate()[..2]) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Statements {
    /// The statement, where there is exactly one.
    fn single(&self) -> Option<*mut pg_sys::Node> {
        // SAFETY: the parser returns NULL or a valid list of RawStmt nodes, whose first element is read only if it is there.
        unsafe {
            if self.0.is_null() || (*self.0).length != 1 {
                return None;
            }
            let raw = (*(*self.0).elements).ptr_value as *mut pg_sys::RawStmt;
            Some((*raw).stmt)
        }
    }

    /// What of `text`, which was parsed, is the statement, where there is exactly one.
    fn single_text<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.single()?;
        // SAFETY: there is one element, which is a RawStmt.
        let (begin, length) = unsafe {
            let raw = (*(*self.0).elements).ptr_value as *const pg_sys::RawStmt;
            ((*raw).stmt_location, (*raw).stmt_len)
        };
        let rest = text.get(usize::try_from(begin).ok()?..)?;
        // Where no semicolon ends it, it is all the rest, and has no length.
        match usize::try_from(length).ok()? {
            0 => Some(rest),
            length => rest.get(..length),
        }
    }

    fn single_select(&self) -> Option<pg_sys::SelectStmt> {
        let node = self.single()?;
        // SAFETY: the node's tag says what it is, and it is read as that only then.
        unsafe {
            ((*node).type_ == pg_sys::NodeTag::T_SelectStmt).then(|| *(node as *mut pg_sys::SelectStmt))
        }
    }

    /// A CREATE INDEX with key columns only: no INCLUDE, no WITH, no WHERE.
    fn single_plain_index(&self) -> bool {
        let Some(node) = self.single() else { return false };
        // SAFETY: the node's tag says what it is, and it is read as that only then.
        unsafe {
            (*node).type_ == pg_sys::NodeTag::T_IndexStmt && {
                let index = &*(node as *mut pg_sys::IndexStmt);
                index.indexIncludingParams.is_null()
                    && index.options.is_null()
                    && index.whereClause.is_null()
                    && index.tableSpace.is_null()
            }
        }
    }
}

/// Whether a SELECT has one unnamed column and no clause at all.
fn is_bare_expression(select: &pg_sys::SelectStmt) -> bool {
    let one_unnamed_column = {
        // SAFETY: a target list is NULL or a valid list of ResTarget nodes.
        unsafe {
            !select.targetList.is_null() && (*select.targetList).length == 1 && {
                let target = (*(*select.targetList).elements).ptr_value as *mut pg_sys::ResTarget;
                (*target).name.is_null() && !is_star((*target).val)
            }
        }
    };
    one_unnamed_column
        && select.op == pg_sys::SetOperation::SETOP_NONE
        && select.distinctClause.is_null()
        && select.intoClause.is_null()
        && select.fromClause.is_null()
        && select.whereClause.is_null()
        && select.groupClause.is_null()
        && select.havingClause.is_null()
        && select.windowClause.is_null()
        && select.valuesLists.is_null()
        && select.sortClause.is_null()
        && select.limitOffset.is_null()
        && select.limitCount.is_null()
        && select.lockingClause.is_null()
        && select.withClause.is_null()
}

/// Whether an expression is `*`, `relation.*` or `(row).*`, which stands for many columns.
fn is_star(node: *mut pg_sys::Node) -> bool {
    // SAFETY: the node's tag says what it is, and it is read as that only then; both kinds of list have an element.
    unsafe {
        if node.is_null() {
            return false;
        }
        let path = match (*node).type_ {
            pg_sys::NodeTag::T_ColumnRef => (*(node as *mut pg_sys::ColumnRef)).fields,
            pg_sys::NodeTag::T_A_Indirection => (*(node as *mut pg_sys::A_Indirection)).indirection,
            _ => return false,
        };
        let last = (*(*path).elements.add((*path).length as usize - 1)).ptr_value as *mut pg_sys::Node;
        (*last).type_ == pg_sys::NodeTag::T_A_Star
    }
}
