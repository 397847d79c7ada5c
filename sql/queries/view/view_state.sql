-- What the catalog says of the relation analytics.$1, whatever it is.
SELECT
    relation.oid::bigint AS oid,
    relation.relkind::text AS kind,
    relation.relispopulated AS populated,
    pg_catalog.pg_get_userbyid(relation.relowner) AS owner,
    relation.relowner::bigint AS owner_oid,
    EXISTS (
        SELECT FROM pg_catalog.pg_roles AS role WHERE role.oid = relation.relowner AND role.rolsuper
    ) AS is_superusers,
    pg_catalog.pg_has_role(relation.relowner, 'USAGE') AS owned,
    relation.reltuples::bigint AS estimated_rows,
    EXISTS (
        -- What REFRESH CONCURRENTLY asks of a matview.
        SELECT
        FROM pg_catalog.pg_index AS index
        WHERE index.indrelid = relation.oid
            AND index.indisunique
            AND index.indisvalid
            AND index.indimmediate
            AND index.indpred IS NULL
            AND index.indexprs IS NULL
    ) AS has_unique_index,
    ARRAY(
        SELECT index_relation.relname::text
        FROM pg_catalog.pg_index AS index
        JOIN pg_catalog.pg_class AS index_relation ON index_relation.oid = index.indexrelid
        WHERE index.indrelid = relation.oid
        ORDER BY index_relation.relname COLLATE "C"
    ) AS indexes
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE namespace.nspname = 'analytics'
    AND relation.relname = $1
