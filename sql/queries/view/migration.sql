-- The migration that is under way, with the views that it still has to make again.
SELECT
    pg_catalog.date_trunc('second', migration.began_at)::text AS since,
    beginner.role_name AS begun_by_name,
    beginner.role_oid::bigint AS begun_by,
    owner.role_name AS owner_name,
    owner.role_oid::bigint AS owner,
    migration.found,
    ARRAY(
        SELECT relation_name
        FROM metabase_internal.migrated_relation
        WHERE schema_name = 'analytics'
        ORDER BY relation_name COLLATE "C"
    ) AS views,
    EXISTS (
        SELECT FROM metabase_internal.migrated_relation WHERE schema_name = 'metabase_internal'
    ) AS has_adapters
FROM metabase_internal.migration
JOIN metabase_internal.known_roles() AS beginner ON beginner.id = migration.begun_by
JOIN metabase_internal.known_roles() AS owner ON owner.id = migration.owner
