//! What only a server can show of the code in this folder.

#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    use crate::error::Error;
    use crate::pg::identity::as_extension_owner;
    use crate::pg::subtransaction::subtransaction;
    use crate::pg::{analysis, query, syntax};
    use crate::sqlstate;

    fn one<T: serde::de::DeserializeOwned>(query: &str) -> T {
        query::value(query, &[]).expect("it has one row")
    }

    #[pg_test]
    fn a_failed_subtransaction_undoes_all_of_itself_and_nothing_else() {
        query::run(
            "CREATE TEMPORARY TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)",
            &[],
        )
        .expect("a new table");
        let result =
            subtransaction(|| query::run("INSERT INTO t SELECT * FROM (VALUES (2), (3), (1)) AS v", &[]));
        let Err(Error::Postgres {
            sqlstate,
            message,
            detail,
            ..
        }) = result
        else {
            panic!("a duplicate key was accepted")
        };
        assert_eq!(sqlstate, sqlstate::UNIQUE_VIOLATION);
        assert!(message.contains("t_pkey"), "{message}");
        assert_eq!(detail.as_deref(), Some("Key (id)=(1) already exists."));
        assert_eq!(one::<i64>("SELECT count(*) FROM t"), 1);
        subtransaction(|| query::run("INSERT INTO t VALUES (2)", &[])).expect("the next one works");
        assert_eq!(one::<i64>("SELECT count(*) FROM t"), 2);
    }

    #[pg_test]
    fn an_error_of_our_own_undoes_its_subtransaction_too() {
        query::run("CREATE TEMPORARY TABLE t (id int)", &[]).expect("a new table");
        let result: Result<(), Error> = subtransaction(|| {
            query::run("INSERT INTO t VALUES (1)", &[])?;
            Err(Error::UnknownMode { name: "x".into() })
        });
        assert!(matches!(result, Err(Error::UnknownMode { .. })));
        assert_eq!(one::<i64>("SELECT count(*) FROM t"), 0);
    }

    #[pg_test]
    fn subtransactions_nest() {
        query::run("CREATE TEMPORARY TABLE t (id int)", &[]).expect("a new table");
        subtransaction(|| {
            query::run("INSERT INTO t VALUES (1)", &[])?;
            let inner = subtransaction(|| query::run("INSERT INTO t VALUES (2); SELECT 1 / 0", &[]));
            assert_eq!(inner.expect_err("a division by zero").sqlstate(), "22012");
            query::run("INSERT INTO t VALUES (3)", &[])
        })
        .expect("the outer one goes on");
        assert_eq!(one::<Vec<i32>>("SELECT array_agg(id ORDER BY id) FROM t"), [1, 3]);
    }

    #[pg_test(error = "canceling statement due to statement timeout")]
    fn a_cancelled_query_is_not_caught() {
        let cancelled: Result<(), Error> = subtransaction(|| {
            Err(Error::Postgres {
                sqlstate: sqlstate::QUERY_CANCELED.into(),
                message: "canceling statement due to statement timeout".into(),
                detail: None,
                hint: None,
            })
        });
        panic!("it came back as {cancelled:?}");
    }

    #[pg_test]
    fn the_callers_identity_comes_back_even_after_an_error() {
        // Settings that a statement of ours changes end with it.
        Spi::run("CREATE ROLE caller; SET LOCAL ROLE caller").expect("a role");
        let inside =
            as_extension_owner(|| Ok(one::<String>("SELECT current_user::text"))).expect("an answer");
        assert_ne!(inside, "caller");
        assert_eq!(one::<String>("SELECT current_user::text"), "caller");
        subtransaction(|| as_extension_owner(|| query::run("SELECT 1 / 0", &[])))
            .expect_err("a division by zero");
        assert_eq!(one::<String>("SELECT current_user::text"), "caller");
    }

    #[pg_test]
    fn statements_run_under_our_own_search_path_whatever_the_session_has() {
        let path = "SELECT pg_catalog.current_setting('search_path')";
        Spi::run("CREATE SCHEMA trap; CREATE DOMAIN trap.text AS pg_catalog.int4; SET search_path = trap, pg_catalog")
            .expect("a trap");
        assert_eq!(one::<String>(path), "pg_catalog, pg_temp");
        assert_eq!(one::<String>("SELECT 'a'::text"), "a");
        let types = analysis::result_columns("SELECT 'a'::text AS a").expect("a column");
        assert_eq!(types[0].category, 'S');
        assert_eq!(
            Spi::get_one::<String>(path).expect("an answer").as_deref(),
            Some("trap, pg_catalog")
        );
    }

    #[pg_test]
    fn an_expression_is_one_expression() {
        for text in [
            "id",
            "amount_cents / 100.0",
            "(SELECT max(x) FROM s.t)",
            "lower(a) || ';'",
            "CASE WHEN a THEN 1 END",
            "a -- why",
        ] {
            assert!(syntax::is_expression(text).expect("an answer"), "{text}");
        }
        for text in [
            "",
            "a, b",
            "a AS b",
            "*",
            "source.*",
            "a FROM t",
            "a; DROP TABLE t",
            "a) FROM t --",
            "a UNION SELECT 1",
            "a WHERE true",
            "a INTO t",
            "a ORDER BY 1",
            "a LIMIT 1",
            "DISTINCT a",
            "a FOR UPDATE",
        ] {
            assert!(!syntax::is_expression(text).expect("an answer"), "{text}");
        }
    }

    #[pg_test]
    fn a_query_is_one_select() {
        for text in [
            "SELECT 1",
            "SELECT 1;",
            "VALUES (1)",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "SELECT 1 UNION SELECT 2",
        ] {
            assert!(syntax::is_select(text).expect("an answer"), "{text}");
        }
        for text in [
            "",
            "SELECT 1; SELECT 2",
            "SELECT 1 INTO t",
            "DELETE FROM t",
            "SELEC 1",
            "EXPLAIN SELECT 1",
        ] {
            assert!(!syntax::is_select(text).expect("an answer"), "{text}");
        }
    }

    #[pg_test]
    fn a_query_ends_where_its_statement_does() {
        for (text, select) in [
            ("SELECT 1", "SELECT 1"),
            ("SELECT 1; -- note", "SELECT 1"),
            (
                "SELECT ';' AS \"é;\" /* ; */;; /* ; */ ; -- ;",
                "SELECT ';' AS \"é;\" /* ; */",
            ),
            ("; -- é\n;SELECT 1 -- note;", "SELECT 1 -- note;"),
        ] {
            assert_eq!(syntax::select(text).expect("an answer"), Some(select), "{text}");
        }
    }

    #[pg_test]
    fn an_index_key_is_a_list_of_columns_and_expressions() {
        for text in ["a", "a DESC, b NULLS LAST", "lower(a), (a + b)"] {
            assert!(syntax::is_index_key(text).expect("an answer"), "{text}");
        }
        for text in [
            "",
            "a) WHERE (true",
            "a) INCLUDE (b",
            "a); DROP TABLE t; --",
            "a) TABLESPACE x --",
            "a) WITH (fillfactor = 10",
        ] {
            assert!(!syntax::is_index_key(text).expect("an answer"), "{text}");
        }
    }
}
