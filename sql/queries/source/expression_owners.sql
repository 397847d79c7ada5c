-- Whose the functions $1, the types $2 and the relations $3 are, but for those of the server's own.
SELECT DISTINCT
    role.rolname AS name,
    role.oid::bigint AS oid,
    true AS is_behind,
    NOT (
        role.rolsuper
        OR role.rolname = current_user
        OR (role.oid = database.datdba AND NOT reader.rolsuper)
    ) AS is_stranger
FROM (
    SELECT function.proowner FROM pg_catalog.pg_proc AS function WHERE function.oid = ANY ($1::oid[])
    UNION ALL
    SELECT type.typowner FROM pg_catalog.pg_type AS type WHERE type.oid = ANY ($2::oid[])
    UNION ALL
    SELECT relation.relowner FROM pg_catalog.pg_class AS relation WHERE relation.oid = ANY ($3::oid[])
) AS owned (owner)
JOIN pg_catalog.pg_roles AS role ON role.oid = owned.owner
JOIN pg_catalog.pg_roles AS reader ON reader.rolname = current_user
JOIN pg_catalog.pg_database AS database ON database.datname = pg_catalog.current_database()
ORDER BY name
