-- The definition of the materialized view with oid $1, and how many columns it has.
SELECT
    pg_catalog.pg_get_viewdef(relation.oid) AS definition,
    relation.relnatts::integer AS columns
FROM pg_catalog.pg_class AS relation
WHERE relation.oid = $1::oid
