-- Who owns the sources, but for superusers, and may not call what is for the tables' owners.
SELECT DISTINCT owner.rolname
FROM source
JOIN pg_catalog.pg_class AS relation ON relation.oid = source.relation
JOIN pg_catalog.pg_roles AS owner ON owner.oid = relation.relowner
WHERE NOT owner.rolsuper
    AND NOT (
        pg_catalog.has_schema_privilege(owner.oid, 'metabase', 'USAGE')
        AND pg_catalog.has_function_privilege(owner.oid, 'metabase.before_migration()', 'EXECUTE')
        AND pg_catalog.has_function_privilege(owner.oid, 'metabase.after_migration(boolean)', 'EXECUTE')
    )
ORDER BY owner.rolname
