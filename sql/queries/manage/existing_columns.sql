-- The columns of the relation $1.$2.
SELECT attribute.attname
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = relation.oid
WHERE namespace.nspname = $1
    AND relation.relname = $2
    AND attribute.attnum > 0
    AND NOT attribute.attisdropped
