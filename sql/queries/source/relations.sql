-- What the catalog says of some relations: $1 schemas, $2 names, pairwise; $3 is the role that is going to read them, NULL for the
-- current one.
SELECT
    wanted.schema,
    wanted.name,
    pg_catalog.format('%I.%I', wanted.schema, wanted.name) AS qualified,
    relation.relkind::text AS kind,
    relation.oid::bigint AS oid,
    owner.rolname AS owner,
    owner.oid::bigint AS owner_oid,
    (
        -- Whoever reads a view plans with the indexes of the tables behind it, and with those of partitions and children.
        WITH RECURSIVE reached AS (
            SELECT relation.oid
            UNION
            SELECT next.oid
            FROM reached
            CROSS JOIN LATERAL (
                SELECT depend.refobjid AS oid
                FROM pg_catalog.pg_rewrite AS rule
                JOIN pg_catalog.pg_depend AS depend
                    ON depend.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                    AND depend.objid = rule.oid
                    AND depend.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                WHERE rule.ev_class = reached.oid
                    AND rule.ev_type = '1'
                UNION
                SELECT child.inhrelid
                FROM pg_catalog.pg_inherits AS child
                WHERE child.inhparent = reached.oid
            ) AS next
        )
        SELECT pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_object(
                'name', role.rolname,
                'oid', role.oid::bigint,
                'is_behind', reached.oid <> relation.oid,
                -- Whoever owns a database has more to say in it than others, and is no superuser for that.
                'is_stranger', NOT (
                    role.rolsuper
                    OR role.oid = reader.oid
                    OR (role.oid = database.datdba AND NOT reader.rolsuper)
                )
            )
            ORDER BY reached.oid <> relation.oid, role.rolname
        )
        FROM reached
        JOIN pg_catalog.pg_class AS class ON class.oid = reached.oid
        JOIN pg_catalog.pg_roles AS role ON role.oid = class.relowner
    ) AS owners,
    -- NULL for a table that only an old snapshot still shows; src/source/installed.rs finds that out.
    coalesce(
        pg_catalog.has_schema_privilege(namespace.oid, 'USAGE')
            AND (
                pg_catalog.has_table_privilege(relation.oid, 'SELECT')
                OR pg_catalog.has_any_column_privilege(relation.oid, 'SELECT')
            ),
        true
    ) AS readable,
    coalesce(
        (
            SELECT pg_catalog.jsonb_agg(
                pg_catalog.jsonb_build_object(
                    'name', attribute.attname,
                    'number', attribute.attnum,
                    'type', pg_catalog.format_type(attribute.atttypid, attribute.atttypmod),
                    'base', pg_catalog.format_type(base.oid, NULL),
                    'category', base.typcategory,
                    'is_deterministic', coalesce("collation".collisdeterministic, true),
                    'unique', attribute.attnotnull AND lone_index.is_there,
                    'tells_apart', lone_index.is_there,
                    'refers_to', coalesce(
                        (
                            SELECT pg_catalog.jsonb_agg(
                                pg_catalog.jsonb_build_object('oid', reference.confrelid::bigint, 'column', referred.attname)
                            )
                            FROM pg_catalog.pg_constraint AS reference
                            JOIN pg_catalog.pg_attribute AS referred
                                ON referred.attrelid = reference.confrelid
                                AND referred.attnum = reference.confkey[1]
                            WHERE reference.conrelid = relation.oid
                                AND reference.contype = 'f'
                                AND reference.convalidated
                                AND reference.conkey = ARRAY[attribute.attnum]
                        ),
                        '[]'
                    )
                )
                ORDER BY attribute.attnum
            )
            FROM pg_catalog.pg_attribute AS attribute
            CROSS JOIN LATERAL (
                -- A unique index on this column alone, over all rows: NULLs are not unique, and neither are the rows of tables that
                -- inherit. The catalog's own mark of these is taken back by ANALYZE, some time after the last one has gone.
                SELECT EXISTS (
                    SELECT
                    FROM pg_catalog.pg_index AS index
                    WHERE (
                            relation.relkind = 'p'
                            OR NOT EXISTS (
                                SELECT
                                FROM pg_catalog.pg_inherits AS child
                                WHERE child.inhparent = relation.oid
                            )
                        )
                        AND index.indrelid = relation.oid
                        AND index.indisunique
                        AND index.indisvalid
                        AND index.indimmediate
                        AND index.indpred IS NULL
                        AND index.indnkeyatts = 1
                        AND index.indkey[0] = attribute.attnum
                ) AS is_there
            ) AS lone_index
            JOIN LATERAL (
                -- A domain is as good as the type beneath it.
                WITH RECURSIVE type AS (
                    SELECT t.oid, t.typtype, t.typbasetype, t.typcategory
                    FROM pg_catalog.pg_type AS t
                    WHERE t.oid = attribute.atttypid
                    UNION ALL
                    SELECT t.oid, t.typtype, t.typbasetype, t.typcategory
                    FROM type
                    JOIN pg_catalog.pg_type AS t ON t.oid = type.typbasetype
                    WHERE type.typtype = 'd'
                )
                SELECT type.oid, type.typcategory FROM type WHERE type.typtype <> 'd'
            ) AS base ON true
            LEFT JOIN pg_catalog.pg_collation AS "collation" ON "collation".oid = attribute.attcollation
            WHERE attribute.attrelid = relation.oid
                AND attribute.attnum > 0
                AND NOT attribute.attisdropped
        ),
        '[]'
    ) AS columns
FROM ROWS FROM (
    pg_catalog.unnest($1::text[]),
    pg_catalog.unnest($2::text[])
) WITH ORDINALITY AS wanted (schema, name, position)
JOIN pg_catalog.pg_namespace AS namespace ON namespace.nspname = wanted.schema
JOIN pg_catalog.pg_class AS relation ON relation.relnamespace = namespace.oid AND relation.relname = wanted.name
JOIN pg_catalog.pg_roles AS owner ON owner.oid = relation.relowner
JOIN pg_catalog.pg_database AS database ON database.datname = pg_catalog.current_database()
JOIN pg_catalog.pg_roles AS reader ON reader.rolname = coalesce($3::text, current_user::text)
ORDER BY wanted.position
