-- The triggers that capture changes, but for those that partitions have from their parents.
SELECT
    trigger.tgname AS name,
    namespace.nspname AS schema,
    trigger.tgrelid::regclass::text AS relation,
    trigger.tgrelid::bigint AS relation_oid
FROM pg_catalog.pg_trigger AS trigger
JOIN pg_catalog.pg_class AS relation ON relation.oid = trigger.tgrelid
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE trigger.tgfoid IN (
        pg_catalog.to_regprocedure('metabase_internal.capture_row()'),
        pg_catalog.to_regprocedure('metabase_internal.capture_truncate()')
    )
    AND trigger.tgparentid = 0
ORDER BY trigger.tgname
