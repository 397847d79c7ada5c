-- Notes the role with oid $1, unless it is known.
INSERT INTO metabase_internal.known_role (role_name, role_oid, installation)
SELECT
    role.rolname,
    role.oid,
    here.id
FROM pg_catalog.pg_roles AS role
CROSS JOIN metabase_internal.installation AS here
WHERE role.oid = $1::oid
    AND NOT EXISTS (SELECT FROM metabase_internal.known_roles() AS known WHERE known.role_oid = role.oid)
