-- What has one of the names $1 in schema analytics: its name, its kind (pg_class.relkind) and its owner.
SELECT
    relation.relname                                 AS name,
    relation.relkind::text                           AS kind,
    pg_catalog.pg_get_userbyid(relation.relowner)    AS owner
FROM pg_catalog.pg_class AS relation
WHERE relation.relnamespace = pg_catalog.to_regnamespace('analytics')
    AND relation.relname = ANY ($1)
ORDER BY relation.relname COLLATE "C"
LIMIT 1
