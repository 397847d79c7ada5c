-- What is kept of the view or adapter with oid $1 while it is gone: all that its owner and others have given it since it was made.
-- Roles are oids here; 0 is PUBLIC.
SELECT
    '[]'::jsonb AS calls,
    '[]'::jsonb AS parts,
    '[]'::jsonb AS read_from,
    pg_catalog.obj_description(relation.oid, 'pg_class') AS comment,
    tablespace.spcname AS tablespace,
    method.amname AS access_method,
    ARRAY(
        SELECT option
        FROM pg_catalog.unnest(relation.reloptions) AS option
        UNION ALL
        SELECT 'toast.' || option
        FROM pg_catalog.unnest(toast.reloptions) AS option
    ) AS options,
    ARRAY(
        SELECT pg_catalog.jsonb_build_object(
            'name', attribute.attname,
            'comment', pg_catalog.col_description(relation.oid, attribute.attnum),
            'statistics', CASE WHEN attribute.attstattarget >= 0 THEN attribute.attstattarget END,
            -- Those that ALTER … SET knows; the server may note others of its own.
            'options', ARRAY(
                SELECT option
                FROM pg_catalog.unnest(attribute.attoptions) AS option
                WHERE option LIKE 'n\_distinct%'
            ),
            'storage', CASE
                WHEN attribute.attstorage <> type.typstorage
                    THEN CASE attribute.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END
            END,
            'compression', CASE attribute.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END
        )
        FROM pg_catalog.pg_attribute AS attribute
        JOIN pg_catalog.pg_type AS type ON type.oid = attribute.atttypid
        WHERE attribute.attrelid = relation.oid
            AND attribute.attnum > 0
            AND NOT attribute.attisdropped
        ORDER BY attribute.attnum
    ) AS columns,
    ARRAY(
        SELECT pg_catalog.jsonb_build_object(
            'name', index_relation.relname,
            'definition', pg_catalog.pg_get_indexdef(index.indexrelid),
            'comment', pg_catalog.obj_description(index.indexrelid, 'pg_class'),
            'tablespace', index_tablespace.spcname,
            'is_unique', index.indisunique,
            'is_clustered', index.indisclustered,
            'statistics', ARRAY(
                SELECT pg_catalog.jsonb_build_array(attribute.attnum, attribute.attstattarget)
                FROM pg_catalog.pg_attribute AS attribute
                WHERE attribute.attrelid = index.indexrelid
                    AND attribute.attstattarget >= 0
                ORDER BY attribute.attnum
            )
        )
        FROM pg_catalog.pg_index AS index
        JOIN pg_catalog.pg_class AS index_relation ON index_relation.oid = index.indexrelid
        LEFT JOIN pg_catalog.pg_tablespace AS index_tablespace ON index_tablespace.oid = index_relation.reltablespace
        WHERE index.indrelid = relation.oid
            AND index.indisvalid
        ORDER BY index_relation.relname COLLATE "C"
    ) AS indexes,
    ARRAY(
        SELECT pg_catalog.pg_get_statisticsobjdef(statistics.oid)
        FROM pg_catalog.pg_statistic_ext AS statistics
        WHERE statistics.stxrelid = relation.oid
            AND statistics.stxowner = relation.relowner
        ORDER BY statistics.oid
    ) AS extended_statistics,
    relation.relacl IS NOT NULL AS has_privileges,
    ARRAY(
        SELECT pg_catalog.jsonb_build_object(
            'column', acl.column_name,
            'grantee', acl.grantee::bigint,
            'granted_by', acl.grantor::bigint,
            'privilege', acl.privilege_type,
            'is_grantable', acl.is_grantable
        )
        FROM (
            SELECT
                0 AS attnum,
                acl.position,
                NULL::name AS column_name,
                acl.grantee,
                acl.grantor,
                acl.privilege_type,
                acl.is_grantable
            FROM pg_catalog.aclexplode(relation.relacl)
                WITH ORDINALITY AS acl (grantor, grantee, privilege_type, is_grantable, position)
            UNION ALL
            SELECT
                attribute.attnum,
                acl.position,
                attribute.attname,
                acl.grantee,
                acl.grantor,
                acl.privilege_type,
                acl.is_grantable
            FROM pg_catalog.pg_attribute AS attribute
            CROSS JOIN LATERAL pg_catalog.aclexplode(attribute.attacl)
                WITH ORDINALITY AS acl (grantor, grantee, privilege_type, is_grantable, position)
            WHERE attribute.attrelid = relation.oid
        ) AS acl
        -- Whoever grants on was granted before.
        ORDER BY acl.attnum, acl.position
    ) AS grants
FROM pg_catalog.pg_class AS relation
LEFT JOIN pg_catalog.pg_class AS toast ON toast.oid = relation.reltoastrelid
LEFT JOIN pg_catalog.pg_tablespace AS tablespace ON tablespace.oid = relation.reltablespace
LEFT JOIN pg_catalog.pg_am AS method ON method.oid = relation.relam
WHERE relation.oid = $1::oid
