-- Schema trap, which its owner puts in front of pg_catalog: it has a type, an operator and a function for each of those of the
-- catalog, and for pairs of types that the catalog has no operator of its own for. Whoever but the owner runs one of them stands in the
-- server's log, which nothing rolls back and which is written in a transaction that only reads, too.

CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;

CREATE FUNCTION trap.take() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF current_user <> (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'trap') THEN
        RAISE LOG 'caught % in %', current_user, current_database();
    END IF;
END $$;

CREATE FUNCTION trap.evil(anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN PERFORM trap.take(); RETURN true; END $$;

SET check_function_bodies = off;

-- Types.
DO $$
DECLARE
    type name;
BEGIN
    FOR type IN
        SELECT typname
        FROM pg_type
        WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typcategory <> 'A'
    LOOP
        BEGIN
            EXECUTE format('CREATE DOMAIN trap.%1$I AS pg_catalog.%1$I CHECK (trap.evil(VALUE))', type);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
END $$;

-- Functions, aggregates among them, of the same arguments as those of the catalog.
CREATE FUNCTION trap.tick(bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM trap.take(); RETURN $1; END $$;
CREATE AGGREGATE trap.count(*) (SFUNC = trap.tick, STYPE = bigint, INITCOND = '0');
DO $$
DECLARE
    function record;
BEGIN
    FOR function IN
        SELECT
            proname AS name,
            pg_get_function_identity_arguments(oid) AS arguments,
            pg_get_function_result(oid) AS result
        FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
            AND prokind IN ('f', 'a')
            AND pg_get_function_result(oid) !~ 'internal|cstring|trigger|handler'
            AND pg_get_function_identity_arguments(oid) !~ 'internal|cstring'
    LOOP
        BEGIN
            EXECUTE format(
                'CREATE FUNCTION trap.%I(%s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN PERFORM trap.take(); RETURN NULL; END $f$',
                function.name, function.arguments, function.result
            );
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
END $$;

-- Operators.
DO $$
DECLARE
    types CONSTANT text[] := ARRAY[
        'text', 'name', '"char"', 'oid', 'int4', 'int8', 'bool', 'jsonb', 'text[]', 'name[]', 'timestamptz', 'float8', 'xid', 'regclass'
    ];
    operators CONSTANT text[] := ARRAY['=', '<>', '<', '<=', '>', '>=', '||', '->', '->>', '~~', '~', '+', '-', '*', '/'];
    l text;
    r text;
    operator text;
BEGIN
    FOREACH l IN ARRAY types LOOP
        FOREACH r IN ARRAY types LOOP
            EXECUTE format(
                'CREATE FUNCTION trap.operated(pg_catalog.%s, pg_catalog.%s) RETURNS pg_catalog.bool LANGUAGE plpgsql IMMUTABLE
                 AS $f$ BEGIN PERFORM trap.take(); RETURN true; END $f$',
                l, r
            );
            FOREACH operator IN ARRAY operators LOOP
                EXECUTE format(
                    'CREATE OPERATOR trap.%s (LEFTARG = pg_catalog.%s, RIGHTARG = pg_catalog.%s, FUNCTION = trap.operated)',
                    operator, l, r
                );
            END LOOP;
        END LOOP;
    END LOOP;
END $$;

RESET check_function_bodies;
