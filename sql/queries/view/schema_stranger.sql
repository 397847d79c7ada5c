-- Who could put something else in the place of a view of role $1, by giving schema analytics another name: its owner, unless that is
-- a superuser or the role itself.
SELECT pg_catalog.pg_get_userbyid(namespace.nspowner) AS name
FROM pg_catalog.pg_namespace AS namespace
LEFT JOIN pg_catalog.pg_roles AS owner ON owner.oid = namespace.nspowner
WHERE namespace.nspname = 'analytics'
    AND namespace.nspowner <> $1::oid
    AND owner.rolsuper IS NOT TRUE
