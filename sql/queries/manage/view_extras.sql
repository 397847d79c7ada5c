-- What users have added to the materialized view with oid $1: its indexes (those of the definition among them), and what the
-- owner has granted on it and on its columns.
SELECT
    ARRAY(
        SELECT pg_catalog.jsonb_build_array(index_relation.relname, pg_catalog.pg_get_indexdef(index.indexrelid))
        FROM pg_catalog.pg_index AS index
        JOIN pg_catalog.pg_class AS index_relation ON index_relation.oid = index.indexrelid
        WHERE index.indrelid = relation.oid
        ORDER BY index_relation.relname COLLATE "C"
    ) AS indexes,
    ARRAY(
        SELECT pg_catalog.format(
            'GRANT %s%s ON %I.%I TO %s%s',
            acl.privilege_type,
            acl.columns,
            namespace.nspname,
            relation.relname,
            CASE
                WHEN acl.grantee = 0 THEN 'PUBLIC'
                ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(acl.grantee))
            END,
            CASE WHEN acl.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
        )
        FROM (
            SELECT grantee, privilege_type, is_grantable, '' AS columns
            FROM pg_catalog.aclexplode(relation.relacl)
            UNION ALL
            SELECT acl.grantee, acl.privilege_type, acl.is_grantable, pg_catalog.format(' (%I)', attribute.attname)
            FROM pg_catalog.pg_attribute AS attribute
            CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl) AS acl
            WHERE attribute.attrelid = relation.oid
        ) AS acl
        WHERE acl.grantee <> relation.relowner
    ) AS grants
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE relation.oid = $1::oid
