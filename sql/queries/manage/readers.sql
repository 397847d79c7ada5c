-- The readers. A role that is gone, or that may not use the API any more, is none.
SELECT DISTINCT known.role_name
FROM metabase_internal.reader AS reader
JOIN metabase_internal.known_roles() AS known ON known.id = reader.role
WHERE known.role_oid IS NOT NULL
    AND pg_catalog.has_schema_privilege(known.role_oid, 'metabase', 'USAGE')
ORDER BY known.role_name
