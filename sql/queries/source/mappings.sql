-- The stored mappings.
SELECT
    mapping.entity,
    CASE
        WHEN mapping.relation_name IS NOT NULL
            THEN pg_catalog.jsonb_build_array(mapping.relation_schema, mapping.relation_name)
    END AS relation,
    mapping.columns,
    mapping.filter,
    author.role_name AS mapped_by,
    author.role_oid::bigint AS author,
    coalesce(
        (
            SELECT pg_catalog.jsonb_agg(
                pg_catalog.jsonb_build_object('oid', role.role_oid::bigint, 'is_behind', owned.is_behind)
            )
            FROM metabase_internal.source_mapping_owner AS owned
            JOIN metabase_internal.known_roles() AS role ON role.id = owned.owner
            WHERE owned.entity = mapping.entity
                AND role.role_oid IS NOT NULL
        ),
        '[]'
    ) AS owners
FROM metabase_internal.source_mapping AS mapping
JOIN metabase_internal.known_roles() AS author ON author.id = mapping.mapped_by
