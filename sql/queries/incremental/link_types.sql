-- The types of the keys of second tables, by those of entities $1 whose adapters, of $2, show them as column $3.
SELECT coalesce(pg_catalog.jsonb_object_agg(entity.name, link.atttypid::pg_catalog.regtype), '{}') AS types
FROM ROWS FROM (
    pg_catalog.unnest($1::text[]),
    pg_catalog.unnest($2::text[])
) AS entity (name, adapter)
JOIN pg_catalog.pg_class AS view ON view.relname = entity.adapter
JOIN pg_catalog.pg_attribute AS link ON link.attrelid = view.oid AND link.attname = $3
WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relkind = 'v'
    AND NOT link.attisdropped
