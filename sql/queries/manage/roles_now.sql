-- Known roles $1, as the cluster has them: their ids with names and oids. One that is gone is left out.
SELECT
    known.id::text AS id,
    known.role_name,
    known.role_oid::bigint AS role_oid
FROM metabase_internal.known_roles() AS known
WHERE known.id = ANY ($1::uuid[])
    AND known.role_oid IS NOT NULL
