-- The sources that are captured, with their partitions.
SELECT captured.relation::bigint
FROM metabase_internal.captured_relation AS captured
UNION
SELECT part.relid::bigint
FROM metabase_internal.captured_relation AS captured
CROSS JOIN LATERAL pg_catalog.pg_partition_tree(captured.relation::pg_catalog.regclass) AS part
