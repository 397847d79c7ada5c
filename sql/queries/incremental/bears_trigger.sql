-- Whether the name $1 means the relation with oid $2, and the trigger $3 on it is one that captures changes.
SELECT
FROM pg_catalog.pg_trigger AS trigger
WHERE trigger.tgrelid = pg_catalog.to_regclass($1)
    AND trigger.tgrelid = $2::oid
    AND trigger.tgname = $3::name
    AND trigger.tgfoid IN (
        pg_catalog.to_regprocedure('metabase_internal.capture_row()'),
        pg_catalog.to_regprocedure('metabase_internal.capture_truncate()')
    )
