-- Whether the role with oid $1 may create temporary tables in this database, and whether the current role may let it.
SELECT
    database.datname AS database,
    pg_catalog.has_database_privilege($1::oid, database.oid, 'TEMPORARY') AS may_create,
    pg_catalog.has_database_privilege(database.oid, 'TEMPORARY WITH GRANT OPTION') AS may_grant
FROM pg_catalog.pg_database AS database
WHERE database.datname = pg_catalog.current_database()
