-- Whom something was granted to on the relation $1.$2, but for its owner, as written behind FROM.
SELECT DISTINCT CASE
    WHEN acl.grantee = 0 THEN 'PUBLIC'
    ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(acl.grantee))
END AS grantee
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
CROSS JOIN LATERAL pg_catalog.aclexplode(relation.relacl) AS acl
WHERE namespace.nspname = $1
    AND relation.relname = $2
    AND acl.grantee <> relation.relowner
