-- Which of the relations $1, by their oids, Citus keeps on other nodes, as a whole or one of their partitions.
SELECT wanted.oid
FROM pg_catalog.unnest($1::bigint[]) AS wanted (oid)
WHERE EXISTS (
    SELECT
    FROM pg_catalog.pg_dist_partition AS distributed
    WHERE distributed.logicalrelid::oid = wanted.oid::oid
        OR distributed.logicalrelid::oid IN (
            SELECT leaf.relid FROM pg_catalog.pg_partition_tree(wanted.oid::oid) AS leaf
        )
)
