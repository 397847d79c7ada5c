-- The readers of what the role with oid $1 owns: those that it has named itself, or who may act as that role, as superusers may. A
-- role that is gone, or that may not use the API any more, is none.
SELECT DISTINCT known.role_name
FROM metabase_internal.reader AS reader
JOIN metabase_internal.known_roles() AS known ON known.id = reader.role
JOIN metabase_internal.known_roles() AS granter ON granter.id = reader.granted_by
WHERE known.role_oid IS NOT NULL
    AND granter.role_oid IS NOT NULL
    AND pg_catalog.pg_has_role(granter.role_oid, $1::oid, 'USAGE')
    AND pg_catalog.has_schema_privilege(known.role_oid, 'metabase', 'USAGE')
ORDER BY known.role_name
