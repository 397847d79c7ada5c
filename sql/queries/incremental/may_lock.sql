-- Whether the role with oid $1 may lock the tables $2, written with their schemas, against everybody, as they are now.
SELECT coalesce(
    bool_and(
        coalesce(
            relation.relkind IN ('r', 'p')
                AND pg_catalog.has_table_privilege($1::oid, relation.oid, 'UPDATE, DELETE, TRUNCATE'),
            false
        )
    ),
    true
) AS may
FROM pg_catalog.unnest($2::text[]) AS wanted (name)
LEFT JOIN pg_catalog.pg_class AS relation ON relation.oid = pg_catalog.to_regclass(wanted.name)
