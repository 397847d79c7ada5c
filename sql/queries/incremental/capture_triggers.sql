-- The triggers that capture changes, but for those that partitions have from their parents.
SELECT
    trigger.tgname AS name,
    trigger.tgrelid::regclass::text AS relation,
    trigger.tgrelid::bigint AS relation_oid
FROM pg_catalog.pg_trigger AS trigger
WHERE trigger.tgfoid IN (
        pg_catalog.to_regprocedure('metabase_internal.capture_row()'),
        pg_catalog.to_regprocedure('metabase_internal.capture_truncate()')
    )
    AND trigger.tgparentid = 0
ORDER BY trigger.tgname
