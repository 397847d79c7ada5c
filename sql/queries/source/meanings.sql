-- What names mean: for each of those that are put in, the oid and the shape of the relation that bears it, as far as detection looks at it;
-- null where none does.
SELECT coalesce(
    pg_catalog.jsonb_object_agg(
        wanted.name,
        CASE
            WHEN named.oid IS NOT NULL
                THEN pg_catalog.concat_ws(
                    ' ',
                    named.oid::oid,
                    relation.relkind,
                    relation.relowner,
                    -- The catalog's own mark is taken back by ANALYZE, some time after the last child has gone.
                    EXISTS (SELECT FROM pg_catalog.pg_inherits AS child WHERE child.inhparent = named.oid),
                    (
                        SELECT pg_catalog.string_agg(
                            pg_catalog.concat_ws(
                                ' ',
                                attribute.attname,
                                attribute.atttypid,
                                attribute.atttypmod,
                                attribute.attcollation,
                                attribute.attnotnull
                            ),
                            ','
                            ORDER BY attribute.attnum
                        )
                        FROM pg_catalog.pg_attribute AS attribute
                        WHERE attribute.attrelid = named.oid
                            AND attribute.attnum > 0
                            AND NOT attribute.attisdropped
                    ),
                    (
                        SELECT pg_catalog.string_agg(index.indkey::text, ',' ORDER BY index.indexrelid)
                        FROM pg_catalog.pg_index AS index
                        WHERE index.indrelid = named.oid
                            AND index.indisunique
                            AND index.indisvalid
                            AND index.indimmediate
                            AND index.indpred IS NULL
                            AND index.indnkeyatts = 1
                    ),
                    (
                        SELECT pg_catalog.string_agg(
                            pg_catalog.concat_ws('/', reference.conkey[1], reference.confrelid, reference.confkey[1]),
                            ','
                            ORDER BY reference.oid
                        )
                        FROM pg_catalog.pg_constraint AS reference
                        WHERE reference.conrelid = named.oid
                            AND reference.contype = 'f'
                            AND reference.convalidated
                            AND pg_catalog.cardinality(reference.conkey) = 1
                    )
                )
        END
    ),
    '{}'
)
FROM (
    :names
) AS wanted (name)
CROSS JOIN LATERAL (SELECT pg_catalog.to_regclass(wanted.name) AS oid) AS named
LEFT JOIN pg_catalog.pg_class AS relation ON relation.oid = named.oid
