-- Notes what has become of the known roles: one that was renamed, so that a dump carries its name; one that is gone, whose name may be
-- another role's later; and, after a dump was restored, the role that bears the name, whose oid counts from now on. What somebody
-- else is noting is left to them.
WITH stale AS (
    SELECT
        known.id,
        here.id      AS installation,
        role.oid     AS role_oid,
        role.rolname AS role_name
    FROM metabase_internal.known_role AS known
    CROSS JOIN metabase_internal.installation AS here
    LEFT JOIN pg_catalog.pg_roles AS role ON CASE
        WHEN known.installation = here.id
            THEN role.oid = known.role_oid
        ELSE known.role_oid IS NOT NULL AND role.rolname = known.role_name
    END
    WHERE CASE
        WHEN known.installation = here.id
            THEN role.oid IS DISTINCT FROM known.role_oid OR role.rolname <> known.role_name
        ELSE role.oid IS NOT NULL
    END
    FOR UPDATE OF known SKIP LOCKED
)
UPDATE metabase_internal.known_role AS known
SET
    role_name    = coalesce(stale.role_name, known.role_name),
    role_oid     = stale.role_oid,
    installation = stale.installation
FROM stale
WHERE known.id = stale.id
