-- The owner of view $1, if it is gone because of a migration; its oid is NULL where that role is gone.
SELECT
    owner.role_name AS owner_name,
    owner.role_oid::bigint AS owner
FROM metabase_internal.migrated_relation AS migrated
JOIN metabase_internal.known_roles() AS owner ON owner.id = migrated.owner
WHERE migrated.schema_name = 'analytics'
    AND migrated.relation_name = $1
