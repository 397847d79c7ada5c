-- What a migration has taken away and not made again, with its owner; NULL where that role is gone.
SELECT
    migrated.schema_name,
    migrated.relation_name,
    owner.role_name AS owner_name,
    owner.role_oid::bigint AS owner,
    migrated.kept
FROM metabase_internal.migrated_relation AS migrated
JOIN metabase_internal.known_roles() AS owner ON owner.id = migrated.owner
ORDER BY migrated.schema_name, migrated.relation_name COLLATE "C"
