//! A trap: functions of a role's own that take a number from a sequence, and write into a table, which only a superuser may. Whoever
//! runs them with more than that role has is caught; the sequence knows it also where all of it is rolled back.

use crate::cluster::{Database, value};
use crate::shop::run;

/// The traps of one role, in its schema `trap_ROLE`.
pub struct Trap<'a> {
    database: &'a Database,
    pub role: String,
    /// The schema, which everybody may use.
    pub schema: String,
}

impl<'a> Trap<'a> {
    /// Makes a role, and traps for most ways to be called: `evil(integer)`, `evil(text)`, both immutable, so that they may stand
    /// in an index, a predicate, a domain; and a trigger function, `evil_trigger()`.
    pub fn lay(database: &'a Database, purpose: &str) -> Trap<'a> {
        let role = database.create_role(purpose);
        let schema = format!("trap_{role}");
        let mut superuser = database.connect();
        run(
            &mut superuser,
            &format!(
                "CREATE TABLE IF NOT EXISTS public.caught (function_owner text, ran_as text);
                 CREATE SEQUENCE IF NOT EXISTS public.times_caught;
                 CREATE SCHEMA {schema} AUTHORIZATION {role};
                 GRANT USAGE ON SCHEMA {schema} TO PUBLIC;
                 SET SESSION AUTHORIZATION {role};
                 -- In a function of its own, because nothing that is called immutable may write.
                 CREATE FUNCTION {schema}.take() RETURNS void LANGUAGE plpgsql AS $$
                 BEGIN
                     PERFORM nextval('public.times_caught');
                     INSERT INTO public.caught VALUES ('{role}', current_user);
                 EXCEPTION
                     WHEN insufficient_privilege OR read_only_sql_transaction THEN NULL;
                 END $$;
                 CREATE FUNCTION {schema}.evil(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
                 BEGIN PERFORM {schema}.take(); RETURN true; END $$;
                 CREATE FUNCTION {schema}.evil(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
                 BEGIN PERFORM {schema}.take(); RETURN true; END $$;
                 CREATE FUNCTION {schema}.evil_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN PERFORM {schema}.take(); RETURN NULL; END $$;
                 RESET SESSION AUTHORIZATION;"
            ),
        );
        Trap {
            database,
            role,
            schema,
        }
    }

    /// Fails where anybody has run what this role made with more than this role has.
    pub fn assert_nobody_was_caught(&self) {
        let caught: Option<String> = value(
            &mut self.database.connect(),
            "SELECT string_agg(DISTINCT ran_as, ', ') FROM public.caught",
        );
        assert_eq!(caught, None, "somebody ran what {} had made", self.role);
        assert!(
            !self.has_caught(),
            "somebody ran what {} had made, and undid it",
            self.role
        );
    }

    /// Whether anybody has run what this role made with more than it has, also where all of it was rolled back.
    pub fn has_caught(&self) -> bool {
        value(
            &mut self.database.connect(),
            "SELECT is_called FROM public.times_caught",
        )
    }
}
