//! A view means what it meant when it was made. Whatever fills it or compares it runs the query that the server has stored then, as REFRESH
//! does: text that is parsed anew can call what somebody has made since.

use postgres::Client;

use crate::cluster::Database;
use crate::rows::rows;
use crate::shop::run;

/// A role of no privileges but to make things in a schema that everybody uses, and a function that tells as whom it runs. It takes a
/// session's advisory lock for that: it is there after any error, too.
fn database() -> (Database, Client, String) {
    let database = Database::with_extension();
    let mut superuser = database.connect();
    let eve = database.create_role("eve");
    run(
        &mut superuser,
        &format!(
            "CREATE SCHEMA lib;
             GRANT USAGE, CREATE ON SCHEMA lib TO {eve};
             CREATE TABLE public.things (id integer, word text);
             INSERT INTO public.things VALUES (1, 'one'), (2, 'two'), (NULL, 'none');
             CREATE FUNCTION lib.same(anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $1';
             SET ROLE {eve};
             CREATE FUNCTION lib.note() RETURNS void LANGUAGE sql AS $$
                 SELECT pg_advisory_lock(4711, current_user::regrole::oid::integer)
             $$;
             RESET ROLE"
        ),
    );
    (database, superuser, eve)
}

fn noted(session: &mut Client) -> Vec<String> {
    rows(
        session,
        "SELECT objid::regrole FROM pg_locks WHERE locktype = 'advisory' AND classid = 4711 AND pid = pg_backend_pid()",
    )
}

/// What a view's query is, and what eve makes then, which its words would mean now.
const BETTER_FITS: [(&str, &str); 3] = [
    (
        "SELECT id, lib.same(id) AS same FROM public.things",
        "CREATE FUNCTION lib.same(integer) RETURNS integer LANGUAGE plpgsql AS $$
         BEGIN PERFORM lib.note(); RETURN 666; END $$",
    ),
    (
        "SELECT id, word OPERATOR(lib.===) 'one' AS same FROM public.things",
        "CREATE FUNCTION lib.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$
         BEGIN PERFORM lib.note(); RETURN NULL; END $$;
         CREATE OPERATOR lib.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = lib.equal)",
    ),
    (
        "SELECT id, lib.one(word) AS same FROM public.things GROUP BY id",
        "CREATE FUNCTION lib.last(text, text) RETURNS text LANGUAGE plpgsql AS $$
         BEGIN PERFORM lib.note(); RETURN 'last'; END $$;
         CREATE AGGREGATE lib.one(text) (SFUNC = lib.last, STYPE = text)",
    ),
];

#[test]
fn a_view_goes_on_to_mean_what_it_meant_when_it_was_made() {
    let (_database, mut superuser, eve) = database();
    run(
        &mut superuser,
        "CREATE FUNCTION lib.equal(anycompatible, anycompatible) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
         CREATE OPERATOR lib.=== (LEFTARG = anycompatible, RIGHTARG = anycompatible, FUNCTION = lib.equal);
         CREATE FUNCTION lib.last(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $2';
         CREATE AGGREGATE lib.one(anyelement) (SFUNC = lib.last, STYPE = anyelement)",
    );
    for (number, (query, made)) in BETTER_FITS.iter().enumerate() {
        run(
            &mut superuser,
            &format!(
                "SELECT metabase.create_custom_view('custom_{number}', $query${query}$query$, ARRAY['id'])"
            ),
        );
        let shown = format!("SELECT view FROM analytics.custom_{number} AS view ORDER BY id");
        let before = rows(&mut superuser, &shown);
        run(&mut superuser, &format!("SET ROLE {eve}; {made}; RESET ROLE"));
        let differences = format!("SELECT * FROM metabase.verify('custom_{number}')");
        let refresh = format!("SELECT status, rows_changed FROM metabase.refresh_view('custom_{number}')");
        assert_eq!(rows(&mut superuser, &differences), [""; 0], "{query}");
        // Its key holds a NULL, so that it is compared by the extension, and not by the server.
        assert_eq!(rows(&mut superuser, &refresh), ["completed | 0"], "{query}");
        assert_eq!(rows(&mut superuser, &differences), [""; 0], "{query}");
        assert_eq!(rows(&mut superuser, &shown), before, "{query}");
        assert_eq!(noted(&mut superuser), [""; 0], "{query}");
        // That is what the words of the query mean by now.
        rows(&mut superuser, query);
        assert_ne!(noted(&mut superuser), [""; 0], "{query}");
        run(&mut superuser, "SELECT pg_advisory_unlock_all()");
    }
}

/// A cast to JSON belongs to whoever owns its type, and a row in which a view differs is shown as JSON.
#[test]
fn what_is_shown_of_a_difference_calls_no_cast_of_somebodys_type() {
    let (database, mut superuser, eve) = database();
    let operator = database.create_operator("operator");
    run(
        &mut superuser,
        &format!(
            "SET ROLE {eve}; CREATE TYPE lib.state AS ENUM ('new', 'old'); RESET ROLE;
             CREATE TABLE public.states (id integer, state lib.state, states lib.state[]);
             INSERT INTO public.states VALUES (1, 'new', '{{old}}'), (2, NULL, NULL);
             GRANT SELECT ON public.states TO {operator}"
        ),
    );
    let mut session = database.connect_as(&operator);
    run(
        &mut session,
        "SELECT metabase.create_custom_view('states', 'SELECT id, state, states FROM public.states', ARRAY['id'])",
    );
    run(
        &mut superuser,
        &format!(
            "SET ROLE {eve};
             CREATE FUNCTION lib.told(lib.state) RETURNS json LANGUAGE plpgsql AS $$
             BEGIN PERFORM lib.note(); RETURN 'null'; END $$;
             CREATE CAST (lib.state AS json) WITH FUNCTION lib.told(lib.state);
             RESET ROLE;
             UPDATE public.states SET id = id + 10"
        ),
    );
    assert_eq!(
        rows(
            &mut session,
            "SELECT difference, row FROM metabase.verify('states') ORDER BY difference, row ->> 'id'"
        ),
        [
            r#"missing | {"id": 11, "state": "new", "states": "{old}"}"#,
            r#"missing | {"id": 12, "state": null, "states": null}"#,
            r#"superfluous | {"id": 1, "state": "new", "states": "{old}"}"#,
            r#"superfluous | {"id": 2, "state": null, "states": null}"#
        ]
    );
    assert_eq!(noted(&mut session), [""; 0]);
}
