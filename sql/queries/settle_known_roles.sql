-- Notes what has become of the known roles: one that was renamed, so that a dump carries its name; one that is gone, whose name may be
-- another role's later; and, after a dump was restored, the role that bears the name, whose oid counts from now on. What somebody
-- else is noting is left to them.
WITH stale AS (
    SELECT
        known.id,
        here.id AS installation,
        role.role_oid,
        role.role_name
    FROM metabase_internal.known_role AS known
    CROSS JOIN metabase_internal.installation AS here
    JOIN metabase_internal.known_roles() AS role ON role.id = known.id
    WHERE CASE
        WHEN known.installation = here.id
            THEN role.role_oid IS DISTINCT FROM known.role_oid OR role.role_name <> known.role_name
        ELSE role.role_oid IS NOT NULL
    END
    FOR NO KEY UPDATE OF known SKIP LOCKED
)
UPDATE metabase_internal.known_role AS known
SET
    role_name    = stale.role_name,
    role_oid     = stale.role_oid,
    installation = stale.installation
FROM stale
WHERE known.id = stale.id
