-- The stored mappings.
SELECT
    entity,
    CASE
        WHEN relation_name IS NOT NULL THEN pg_catalog.jsonb_build_array(relation_schema, relation_name)
    END AS relation,
    columns,
    filter,
    mapped_by
FROM metabase_internal.source_mapping
