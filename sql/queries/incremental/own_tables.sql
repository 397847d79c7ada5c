-- What the tables :tables and the queues :queues of this extension look like, as far as what stands in them can depend on it. NULL where a
-- queue is gone, or what bears its name is none of the extension's: what the triggers write to that, nobody reads.
SELECT
    CASE
        WHEN count(*) FILTER (WHERE own.is_queue AND own.is_member) = pg_catalog.cardinality(:queues)
            THEN pg_catalog.string_agg(own.looks, E'\n' ORDER BY own.relname)
    END
FROM (
    SELECT
        relation.relname,
        relation.relname = ANY (:queues) AS is_queue,
        EXISTS (
            SELECT
            FROM pg_catalog.pg_depend AS member
            WHERE member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                AND member.objid = relation.oid
                AND member.deptype = 'e'
        ) AS is_member,
        pg_catalog.concat_ws(
            ' ',
            relation.relname,
            relation.oid,
            -- A name that was given to another table and taken back leaves no other trace.
            relation.xmin,
            relation.relfilenode,
            relation.relkind,
            relation.relam,
            relation.relowner,
            relation.relpersistence,
            relation.relnatts,
            relation.relhasrules,
            relation.relhastriggers,
            relation.relrowsecurity,
            relation.relhassubclass
        ) AS looks
    FROM pg_catalog.pg_class AS relation
    WHERE relation.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
        AND relation.relname = ANY (:tables || :queues)
) AS own
