-- The readers. A role that is gone, or that may not use the API any more, is none: a new role of its name is another role.
SELECT reader.role_name
FROM metabase_internal.reader AS reader
JOIN pg_catalog.pg_roles AS role ON role.rolname = reader.role_name
WHERE pg_catalog.has_schema_privilege(role.oid, 'metabase', 'USAGE')
ORDER BY reader.role_name
