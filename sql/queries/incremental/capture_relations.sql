-- Whether the changes of some relations can be captured and are: $1 schemas, $2 names, $3 key columns, $4 what the names of their triggers
-- end in, $5 queues, $6 what the row triggers are told besides, or nothing, $7 the numbers of the key columns, pairwise; $8 is the role on
-- whose behalf.
SELECT
    wanted.label,
    relation.relkind::text AS kind,
    -- Triggers of a parent do not fire for what is done to its children, unless they are partitions.
    relation.relkind = 'r' AND relation.relhassubclass AND EXISTS (
        SELECT FROM pg_catalog.pg_inherits AS child WHERE child.inhparent = relation.oid
    ) AS has_children,
    relation.relkind = 'p' AND EXISTS (
        SELECT
        FROM pg_catalog.pg_partition_tree(relation.oid) AS leaf
        JOIN pg_catalog.pg_class AS partition ON partition.oid = leaf.relid
        WHERE partition.relkind = 'f'
    ) AS has_foreign_partitions,
    CASE
        WHEN EXISTS (
            SELECT
            FROM pg_catalog.pg_partition_tree(relation.oid) AS leaf
            JOIN pg_catalog.pg_class AS partition ON partition.oid = leaf.relid
            WHERE partition.relpersistence = 'u'
        )
            THEN 'u'
        ELSE relation.relpersistence::text
    END AS persistence,
    relation.relrowsecurity
        AND NOT role.rolsuper
        AND NOT role.rolbypassrls
        AND (relation.relforcerowsecurity OR NOT pg_catalog.pg_has_role($8, relation.relowner, 'USAGE'))
        AS has_row_security,
    EXISTS (
        SELECT
        FROM pg_catalog.pg_attribute AS key
        WHERE key.attrelid = relation.oid
            AND key.attname = wanted.key_column
            AND key.attgenerated = 'v'
    ) AS has_virtual_key,
    pg_catalog.has_table_privilege($8, relation.oid, 'TRIGGER')
        OR EXISTS (
            SELECT
            FROM metabase_internal.capture_grant AS granted
            JOIN metabase_internal.known_roles() AS operator ON operator.id = granted.operator
            JOIN metabase_internal.known_roles() AS owner ON owner.id = granted.relation_owner
            WHERE operator.role_oid = role.oid
                -- The grant is for what had the name then, not for what somebody else has put there since.
                AND owner.role_oid = relation.relowner
                AND granted.relation_schema = wanted.schema
                AND granted.relation_name = wanted.name
        ) AS is_permitted,
    (
        SELECT
            queue.relkind = 'r'
                AND queue.relpersistence = 'p'
                AND queue.relam = (SELECT method.oid FROM pg_catalog.pg_am AS method WHERE method.amname = 'heap')
                AND (
                    SELECT pg_catalog.array_agg(attribute.atttypid::regtype::text ORDER BY attribute.attnum)
                    FROM pg_catalog.pg_attribute AS attribute
                    WHERE attribute.attrelid = queue.oid
                        AND attribute.attnum > 0
                ) = ARRAY['timestamp with time zone', 'uuid', 'bigint', 'text']
        FROM pg_catalog.pg_class AS queue
        WHERE queue.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
            AND queue.relname = wanted.queue
    ) IS TRUE AS has_queue,
    (
        SELECT count(*) = 2 AND bool_and(trigger.tgenabled = 'A')
        FROM pg_catalog.pg_trigger AS trigger
        WHERE trigger.tgrelid = relation.oid
            AND (
                (
                    trigger.tgfoid = pg_catalog.to_regprocedure('metabase_internal.capture_row()')
                    AND trigger.tgname = 'metabase_views_capture_' || wanted.label
                    AND trigger.tgargs = pg_catalog.convert_to(wanted.queue, 'UTF8') || '\x00'::bytea
                        || pg_catalog.convert_to(wanted.key_column, 'UTF8') || '\x00'::bytea
                        || pg_catalog.convert_to(wanted.required, 'UTF8') || '\x00'::bytea
                        || pg_catalog.convert_to(wanted.key_number, 'UTF8') || '\x00'::bytea
                )
                OR (
                    trigger.tgfoid = pg_catalog.to_regprocedure('metabase_internal.capture_truncate()')
                    AND trigger.tgname = 'metabase_views_truncate_' || wanted.label
                )
            )
    )
    AND NOT EXISTS (
        -- Of each partition, too.
        SELECT
        FROM pg_catalog.pg_partition_tree(relation.oid) AS leaf
        LEFT JOIN pg_catalog.pg_trigger AS trigger
            ON trigger.tgrelid = leaf.relid
            AND trigger.tgfoid = pg_catalog.to_regprocedure('metabase_internal.capture_row()')
            AND trigger.tgname = 'metabase_views_capture_' || wanted.label
        WHERE trigger.tgenabled IS DISTINCT FROM 'A'
    )
    AND EXISTS (
        SELECT FROM metabase_internal.captured_relation AS captured WHERE captured.relation = relation.oid
    ) AS is_captured
FROM ROWS FROM (
    pg_catalog.unnest($1::text[]),
    pg_catalog.unnest($2::text[]),
    pg_catalog.unnest($3::text[]),
    pg_catalog.unnest($4::text[]),
    pg_catalog.unnest($5::text[]),
    pg_catalog.unnest($6::text[]),
    pg_catalog.unnest($7::text[])
) WITH ORDINALITY AS wanted (schema, name, key_column, label, queue, required, key_number, position)
JOIN pg_catalog.pg_namespace AS namespace ON namespace.nspname = wanted.schema
JOIN pg_catalog.pg_class AS relation ON relation.relnamespace = namespace.oid AND relation.relname = wanted.name
JOIN pg_catalog.pg_roles AS role ON role.rolname = $8
ORDER BY wanted.position
