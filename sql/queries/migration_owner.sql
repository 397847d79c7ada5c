-- The role that owned the views which a migration has taken away; NULL where it is gone.
SELECT owner.role_oid::bigint AS owner
FROM metabase_internal.migration
JOIN metabase_internal.known_roles() AS owner ON owner.id = migration.owner
