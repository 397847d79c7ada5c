-- The stored mappings.
SELECT
    mapping.entity,
    CASE
        WHEN mapping.relation_name IS NOT NULL
            THEN pg_catalog.jsonb_build_array(mapping.relation_schema, mapping.relation_name)
    END AS relation,
    mapping.columns,
    mapping.filter,
    mapping.joined,
    author.role_name AS mapped_by,
    author.role_oid::bigint AS author,
    owner.role_oid::bigint AS owner,
    coalesce(
        (
            SELECT pg_catalog.jsonb_agg(behind.role_oid::bigint)
            FROM metabase_internal.known_roles() AS behind
            WHERE behind.id = ANY (mapping.owners_behind)
                AND behind.role_oid IS NOT NULL
        ),
        '[]'
    ) AS owners_behind
FROM metabase_internal.source_mapping AS mapping
JOIN metabase_internal.known_roles() AS author ON author.id = mapping.mapped_by
LEFT JOIN metabase_internal.known_roles() AS owner ON owner.id = mapping.relation_owner
