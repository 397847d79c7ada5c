-- Has the triggers on what none of the adapters $1 reads any more note nothing: should one read it again, capture has to begin anew, and wait for
-- whoever is writing then.
DELETE FROM metabase_internal.captured_relation AS captured
WHERE NOT EXISTS (
    SELECT
    FROM pg_catalog.pg_depend AS reading
    JOIN pg_catalog.pg_rewrite AS rule ON rule.oid = reading.objid
    JOIN pg_catalog.pg_class AS adapter ON adapter.oid = rule.ev_class
    WHERE reading.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND reading.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND reading.refobjid = captured.relation
        AND adapter.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
        AND adapter.relname = ANY ($1)
)
