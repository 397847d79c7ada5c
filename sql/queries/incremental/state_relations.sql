-- The tables $1 of metabase_internal and the sequences that number their rows, and whether each belongs to the extension. The sequences
-- come first.
SELECT
    relation.relname AS name,
    CASE relation.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
    EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS member
        WHERE member.classid = 'pg_catalog.pg_class'::regclass
            AND member.objid = relation.oid
            AND member.refclassid = 'pg_catalog.pg_extension'::regclass
            AND member.deptype = 'e'
    ) AS is_member
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE namespace.nspname = 'metabase_internal'
    AND (
        (relation.relkind = 'r' AND relation.relname = ANY ($1::text[]))
        OR (
            relation.relkind = 'S'
            AND EXISTS (
                SELECT
                FROM pg_catalog.pg_depend AS owned
                JOIN pg_catalog.pg_class AS owner ON owner.oid = owned.refobjid
                WHERE owned.classid = 'pg_catalog.pg_class'::regclass
                    AND owned.objid = relation.oid
                    AND owned.refclassid = 'pg_catalog.pg_class'::regclass
                    AND owned.deptype = 'i'
                    AND owner.relnamespace = namespace.oid
                    AND owner.relname = ANY ($1::text[])
            )
        )
    )
ORDER BY relation.relkind, relation.relname
