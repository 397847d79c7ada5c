-- The names of the tables that were mapped, also of those that are joined.
SELECT pg_catalog.format('%I.%I', mapping.relation_schema, mapping.relation_name)
FROM metabase_internal.source_mapping AS mapping
WHERE mapping.relation_name IS NOT NULL
UNION
SELECT pg_catalog.format('%I.%I', mapping.joined ->> 'schema', mapping.joined ->> 'name')
FROM metabase_internal.source_mapping AS mapping
WHERE mapping.joined IS NOT NULL
