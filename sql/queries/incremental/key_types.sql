-- The type of the key of each of entities $1, as its adapter, of $2, shows it: one of the built-in types that keys have, or NULL.
SELECT pg_catalog.jsonb_object_agg(
    entity.name,
    CASE key.atttypid
        WHEN 'pg_catalog.uuid'::pg_catalog.regtype THEN 'uuid'
        WHEN 'pg_catalog.int2'::pg_catalog.regtype THEN 'smallint'
        WHEN 'pg_catalog.int4'::pg_catalog.regtype THEN 'integer'
        WHEN 'pg_catalog.int8'::pg_catalog.regtype THEN 'bigint'
        WHEN 'pg_catalog.text'::pg_catalog.regtype THEN 'text'
    END
) AS types
FROM ROWS FROM (
    pg_catalog.unnest($1::text[]),
    pg_catalog.unnest($2::text[])
) AS entity (name, adapter)
JOIN pg_catalog.pg_class AS view ON view.relname = entity.adapter
JOIN pg_catalog.pg_attribute AS key ON key.attrelid = view.oid AND key.attname = 'id'
WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relkind = 'v'
