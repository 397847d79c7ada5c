//! An error of anybody's statement is what it is without this extension: each field of it, where the library is preloaded and where it is
//! not, whatever the environment of the server says of backtraces.

use postgres::Client;
use postgres::error::ErrorPosition;

use crate::cluster::{Cluster, error_of};
use crate::shop::run;

/// A server that knows nothing of the library.
const PLAIN: &[&str] = &["fsync=off", "shared_preload_libraries=pg_stat_statements"];

/// One that has it, with the hooks of another library before, and a developer's environment.
const PRELOADED: &[&str] = &[
    "fsync=off",
    "shared_preload_libraries=pg_stat_statements,metabase_views",
    "environment=RUST_BACKTRACE=1",
    "environment=RUST_LIB_BACKTRACE=full",
];

/// The same where the other hooks come after.
const PRELOADED_FIRST: &[&str] = &[
    "fsync=off",
    "shared_preload_libraries=metabase_views,pg_stat_statements",
    "environment=RUST_BACKTRACE=full",
];

const SETUP: &str = "
    CREATE SCHEMA s;
    CREATE DOMAIN s.small AS int CONSTRAINT is_small CHECK (VALUE < 100);
    CREATE TABLE s.other (id int PRIMARY KEY);
    CREATE TABLE s.t (
        a int PRIMARY KEY, b int CONSTRAINT positive CHECK (b > 0), c int NOT NULL DEFAULT 0, d s.small,
        e int CONSTRAINT to_other REFERENCES s.other, n int
    );
    INSERT INTO s.t VALUES (1, 1), (2, 2);
    CREATE TABLE s.parts (a int NOT NULL) PARTITION BY RANGE (a);
    CREATE TABLE s.part PARTITION OF s.parts FOR VALUES FROM (0) TO (10);
    CREATE TABLE s.loose (a int NOT NULL);
    INSERT INTO s.loose VALUES (1000);
    CREATE MATERIALIZED VIEW s.m AS SELECT 1 AS a;
    CREATE VIEW s.v AS SELECT a FROM s.t;
    CREATE FUNCTION s.insert_bad() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO s.t VALUES (7, -7); END $$;
    CREATE FUNCTION s.ddl() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'CREATE TABLE s.bad (a nosuchtype)'; END $$;
    CREATE FUNCTION s.nested() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM s.ddl(); END $$;
    CREATE FUNCTION s.copy() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        EXECUTE $copy$COPY s.t (a, b) FROM PROGRAM 'printf \"5\\t5\\n5\\t6\\n\"'$copy$;
    END $$;
    CREATE FUNCTION s.twice() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        BEGIN
            ALTER TABLE s.t ADD CONSTRAINT k CHECK (a > 100);
        EXCEPTION WHEN check_violation THEN
            DECLARE
                t text; c text; x text;
            BEGIN
                GET STACKED DIAGNOSTICS t = TABLE_NAME, c = CONSTRAINT_NAME, x = PG_EXCEPTION_CONTEXT;
                RAISE EXCEPTION 'caught % of % in %', c, t, x;
            END;
        END;
    END $$;
    CREATE PROCEDURE s.p() LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO s.other VALUES (77);
        COMMIT;
        EXECUTE $do$DO $x$ BEGIN INSERT INTO s.t (a, e) VALUES (8, 999); END $x$ $do$;
    END $$;
    CREATE FUNCTION s.quoted() RETURNS int LANGUAGE sql AS 'SELECT 1/0';
    CREATE FUNCTION s.stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'not here' USING COLUMN = 'a column', CONSTRAINT = 'a constraint', DATATYPE = 'a type', TABLE = 'a table',
            SCHEMA = 'a schema', DETAIL = 'a detail', HINT = 'a hint', ERRCODE = 'XX123';
    END $$;
    CREATE EVENT TRIGGER stop ON ddl_command_end WHEN TAG IN ('CREATE DOMAIN') EXECUTE FUNCTION s.stop()";

/// Statements that fail, and that the hooks see, or what they are nested in.
const FAILING: &[&str] = &[
    "CREATE TABLE s.x (a nosuchtype)",
    "CREATE TABLE s.x (a int DEFAULT nosuch())",
    "CREATE TABLE s.x (a int, a int)",
    "CREATE TABLE s.t (a int)",
    "CREATE TABLE nosuch.x (a int)",
    "CREATE TABLE s.x AS SELECT 1 / (a - a) AS a FROM s.t",
    "CREATE TABLE s.x PARTITION OF s.parts FOR VALUES FROM (5) TO (15)",
    "ALTER TABLE s.parts ATTACH PARTITION s.loose FOR VALUES FROM (20) TO (30)",
    "ALTER TABLE s.t ADD CONSTRAINT k CHECK (a > 'x')",
    "ALTER TABLE s.t ADD CONSTRAINT k CHECK (a > 100)",
    "ALTER TABLE s.t ADD CONSTRAINT k CHECK (nosuch > 100)",
    "ALTER TABLE s.t ADD CONSTRAINT k UNIQUE (c)",
    "ALTER TABLE s.t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES s.other",
    "ALTER TABLE s.t ALTER COLUMN n SET NOT NULL",
    "ALTER TABLE s.t ALTER COLUMN c TYPE s.small USING a + 99",
    "ALTER TABLE s.t ALTER COLUMN c TYPE int USING 'x'",
    "ALTER TABLE s.t DROP COLUMN a",
    "ALTER TABLE s.t RENAME nosuch TO x",
    "ALTER DOMAIN s.small ADD CONSTRAINT smaller CHECK (VALUE < 'x')",
    "CREATE DOMAIN s.stopped AS int",
    "CREATE UNIQUE INDEX k ON s.t (c)",
    "CREATE INDEX ON s.t (nosuch)",
    "CREATE INDEX CONCURRENTLY ON s.t ((1 / c))",
    "CREATE VIEW s.w AS SELECT nosuch FROM s.t",
    "CREATE MATERIALIZED VIEW s.w AS SELECT 1 / 0 AS a",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY s.m",
    "CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT nosuch'",
    "CREATE FUNCTION s.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN retur 1; END'",
    "CREATE TRIGGER x BEFORE INSERT ON s.t EXECUTE FUNCTION nosuch()",
    "CREATE POLICY x ON s.t USING (nosuch)",
    "CREATE RULE x AS ON INSERT TO s.t DO ALSO SELECT nosuch",
    "CREATE CAST (int AS s.small) WITH FUNCTION nosuch(int)",
    "CREATE EXTENSION nosuch",
    "CREATE ROLE postgres",
    "CREATE DATABASE postgres",
    "CREATE DATABASE x TEMPLATE nosuch",
    "CREATE DATABASE x TEMPLATE template0 TEMPLATE template1",
    "CREATE DATABASE x TEMPLATE DEFAULT NOSUCH 1",
    "ALTER DATABASE nosuch RENAME TO x",
    "ALTER DATABASE postgres RENAME TO template1",
    "ALTER DATABASE nosuch SET TABLESPACE pg_default",
    "ALTER DATABASE fields SET TABLESPACE pg_default",
    "DROP DATABASE nosuch",
    "DROP DATABASE fields",
    "BEGIN; DROP DATABASE postgres",
    "DROP EXTENSION nosuch",
    "DROP EXTENSION metabase_views, nosuch",
    "DROP EXTENSION metabase_views RESTRICT",
    "BEGIN READ ONLY; DROP EXTENSION metabase_views",
    "DROP SCHEMA nosuch",
    "DROP SCHEMA metabase_internal",
    "DROP OWNED BY nosuch",
    "DROP TABLE s.t, nosuch",
    "DROP TABLE s.t",
    "DROP FUNCTION s.nosuch(int)",
    "COMMIT PREPARED 'nosuch'",
    "COPY s.t (a, b) FROM PROGRAM 'printf \"3\\t3\\n3\\t4\\n\"'",
    "COPY s.t (a, b) FROM PROGRAM 'printf \"3\\tx\\n\"'",
    "COPY s.t (a, b) FROM PROGRAM 'printf \"3\\n\"'",
    "COPY s.t (a, b) FROM PROGRAM 'printf \"3\\t-1\\n\"'",
    "COPY s.t (a, d) FROM PROGRAM 'printf \"3\\t100\\n\"'",
    "COPY s.t (a, e) FROM PROGRAM 'printf \"3\\t999\\n\"'",
    "COPY s.parts FROM PROGRAM 'printf \"1\\n99\\n\"'",
    "COPY s.t (nosuch) FROM PROGRAM 'true'",
    "COPY (SELECT nosuch FROM s.t) TO PROGRAM 'cat > /dev/null'",
    "COPY (SELECT 1 / (a - a) FROM s.t) TO PROGRAM 'cat > /dev/null'",
    "COPY s.t FROM '/nosuch'",
    "DO $$ BEGIN INSERT INTO s.t VALUES (1, -1); END $$",
    "DO $$ BEGIN INSERT INTO s.t (a) VALUES (1); END $$",
    "DO $$ BEGIN INSERT INTO s.t (a, e) VALUES (9, 999); END $$",
    "DO $$ BEGIN INSERT INTO s.t (a, c) VALUES (9, NULL); END $$",
    "DO $$ BEGIN INSERT INTO s.t (a, d) VALUES (9, 100); END $$",
    "DO $$ BEGIN EXECUTE 'SELEC 1'; END $$",
    "DO $$ BEGIN EXECUTE 'SELECT nosuch FROM s.t'; END $$",
    "DO $$ BEGIN EXECUTE 'CREATE TABLE s.x (a nosuchtype)'; END $$",
    "DO $$ BEGIN PERFORM 1 / 0; END $$",
    "DO $$ BEGIN PERFORM s.quoted(); END $$",
    "DO $$ BEGIN ASSERT false, 'asserted'; END $$",
    "DO $$ BEGIN RAISE EXCEPTION 'raised' USING COLUMN = 'c', CONSTRAINT = 'k', DATATYPE = 'd', TABLE = 't', SCHEMA = 's',
         DETAIL = 'detail', HINT = 'hint', ERRCODE = 'P0099'; END $$",
    "DO $$ BEGIN SET statement_timeout = 50; END $$; DO $$ BEGIN PERFORM pg_sleep(5); END $$",
    "DO $$ BEGIN nonsense END $$",
    "DO LANGUAGE nosuch 'x'",
    "SELECT s.insert_bad()",
    "SELECT s.ddl()",
    "SELECT s.nested()",
    "SELECT s.copy()",
    "SELECT s.twice()",
    "CALL s.p()",
    "CALL s.nosuch()",
    "BEGIN; CALL s.p()",
    "PREPARE x AS SELECT nosuch",
    "EXECUTE nosuch",
    "PREPARE y (int) AS INSERT INTO s.t VALUES ($1, -1); EXECUTE y (5)",
    "EXPLAIN ANALYZE INSERT INTO s.t VALUES (5, -1)",
    "EXPLAIN SELECT nosuch",
    "BEGIN; DECLARE x CURSOR FOR SELECT 1 / (a - a) FROM s.t; FETCH x",
    "FETCH nosuch",
    "LOCK TABLE s.t",
    "BEGIN; LOCK TABLE nosuch",
    "SET TimeZone = 'nowhere'",
    "SET nosuch = 1",
    "SHOW nosuch",
    "VACUUM nosuch",
    "BEGIN; VACUUM s.t",
    "CLUSTER s.t",
    "REINDEX TABLE s.v",
    "TRUNCATE s.other",
    "GRANT SELECT ON s.t TO nosuch",
    "COMMENT ON COLUMN s.t.nosuch IS 'x'",
    "NOTIFY \"\"",
    "SAVEPOINT x",
    "SET SESSION AUTHORIZATION nosuch",
    // What is no utility statement.
    "SELECT nosuch FROM s.t",
    "INSERT INTO s.t VALUES (1, 1)",
    "DELETE FROM s.other WHERE nosuch",
];

/// All fields of an error.
fn fields(client: &mut Client, statement: &str) -> String {
    let error = client.batch_execute(statement).expect_err(statement);
    let _ = client.batch_execute("ROLLBACK; RESET ALL; DEALLOCATE ALL");
    let error = error
        .as_db_error()
        .unwrap_or_else(|| panic!("{statement}: {error:?}"));
    let position = error.position().map(|position| match position {
        ErrorPosition::Original(place) => format!("{place}"),
        ErrorPosition::Internal { position, query } => format!("{position} of {query}"),
    });
    format!(
        "{statement}\n{} {:?} {}\ndetail {:?}\nhint {:?}\nposition {position:?}\ncontext {:?}\nschema {:?} table {:?} column {:?} \
         datatype {:?} constraint {:?}\nfrom {:?} {:?} {:?}",
        error.severity(),
        error.code(),
        error.message(),
        error.detail(),
        error.hint(),
        error.where_(),
        error.schema(),
        error.table(),
        error.column(),
        error.datatype(),
        error.constraint(),
        error.file(),
        error.line(),
        error.routine(),
    )
}

fn all_fields(name: &str, settings: &'static [&'static str]) -> Vec<String> {
    let cluster = Cluster::make(name, settings);
    let mut client = cluster.create_database("fields");
    run(&mut client, SETUP);
    // The extension is there in both, and what drops it fails for something else.
    run(
        &mut client,
        "CREATE EXTENSION metabase_views; CREATE VIEW s.settings AS TABLE metabase.settings",
    );
    FAILING
        .iter()
        .map(|statement| fields(&mut client, statement))
        .collect()
}

#[test]
fn each_field_of_each_error_is_what_it_is_without_the_library() {
    let plain = all_fields("errors-plain", PLAIN);
    assert!(plain[0].contains("position Some(\"21\")"), "{}", plain[0]);
    for (name, settings) in [
        ("errors-preloaded", PRELOADED),
        ("errors-preloaded-first", PRELOADED_FIRST),
    ] {
        for (with, without) in all_fields(name, settings).iter().zip(&plain) {
            assert_eq!(with, without, "{name}");
        }
    }
}

/// A backtrace is for whoever debugs, and never in what an application shows.
#[test]
fn no_error_of_our_own_has_a_backtrace() {
    let cluster = Cluster::make("errors-backtrace", PRELOADED);
    let mut client = cluster.create_database("shop");
    run(&mut client, "CREATE EXTENSION metabase_views");
    for statement in [
        "SELECT metabase.refresh_view('nosuch')",
        "SELECT metabase.set_setting('time_zone', 'nowhere')",
        "SELECT metabase.verify('metabase_brand_analytics')",
        "SELECT metabase.map_source('order', 'nosuch.orders')",
        "SELECT metabase.refresh(repeat('x', 20 * 1024 * 1024))",
    ] {
        let error = error_of(&mut client, statement);
        let texts = format!("{} {:?} {:?}", error.message, error.detail, error.hint);
        assert!(
            !texts.contains("backtrace") && !texts.contains("metabase_views::"),
            "{texts}"
        );
        assert!(texts.lines().count() < 5, "{texts}");
    }
}
