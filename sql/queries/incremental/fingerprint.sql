-- What the catalog says of the sources, of the adapters and of the extension's own tables, to be compared with what it said when the facts were
-- built. A source whose rows can have changed unseen looks different: a trigger was dropped, disabled or enabled, the table was rewritten
-- or truncated, a partition or a policy has come or gone, a column was put in the place of another one, an adapter was changed or a column of
-- its own renamed, or a function or a label that it shows values by. The xmin of an entry in the catalog tells that it was written.
WITH RECURSIVE views AS (
    SELECT
        view.oid,
        view.relname,
        view.relowner,
        view.xmin AS view_xmin,
        rule.oid AS rule_oid,
        rule.xmin AS rule_xmin
    FROM pg_catalog.pg_class AS view
    JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid
    WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
        AND view.relkind = 'v'
        AND view.relname = ANY (:adapters)
),
reader AS (
    SELECT role.oid, role.rolsuper, role.rolbypassrls
    FROM pg_catalog.pg_roles AS role
    WHERE role.oid = (SELECT max(relowner::bigint)::oid FROM views HAVING count(DISTINCT relowner) = 1)
),
depended AS (
    SELECT views.oid, depend.refclassid, depend.refobjid, depend.refobjsubid
    FROM views
    JOIN pg_catalog.pg_depend AS depend
        ON depend.classid = 'pg_catalog.pg_rewrite'::regclass
        AND depend.objid = views.rule_oid
),
captured AS (
    SELECT
        trigger.tgrelid,
        trigger.tgname,
        trigger.tgenabled,
        trigger.xmin AS trigger_xmin,
        relation.relfilenode,
        relation.relkind,
        relation.relpersistence,
        relation.relowner,
        -- Whether policies decide which rows are read.
        relation.relrowsecurity
            AND NOT coalesce(reader.rolsuper OR reader.rolbypassrls, false)
            AND (relation.relforcerowsecurity OR NOT coalesce(pg_catalog.pg_has_role(reader.oid, relation.relowner, 'USAGE'), false))
            AS has_row_security,
        (
            SELECT pg_catalog.string_agg(pg_catalog.concat(child.inhrelid, '/', child.xmin), ' ' ORDER BY child.inhrelid)
            FROM pg_catalog.pg_inherits AS child
            WHERE child.inhparent = relation.oid
        ) AS children,
        relation.xmin AS class_xmin,
        parent.xmin AS parent_xmin,
        (
            SELECT pg_catalog.string_agg(policy.xmin::text, ' ' ORDER BY policy.oid)
            FROM pg_catalog.pg_policy AS policy
            WHERE policy.polrelid = relation.oid
        ) AS policies_xmin
    FROM pg_catalog.pg_trigger AS trigger
    -- One by one: there are few of them among many relations.
    CROSS JOIN LATERAL (
        SELECT
            class.oid,
            class.xmin,
            class.relfilenode,
            class.relkind,
            class.relpersistence,
            class.relowner,
            class.relrowsecurity,
            class.relforcerowsecurity,
            class.relispartition
        FROM pg_catalog.pg_class AS class
        WHERE class.oid = trigger.tgrelid
        OFFSET 0
    ) AS relation
    LEFT JOIN pg_catalog.pg_inherits AS parent ON parent.inhrelid = trigger.tgrelid
    LEFT JOIN reader ON true
    -- Looked up once.
    WHERE trigger.tgfoid IN (
        (SELECT pg_catalog.to_regprocedure('metabase_internal.capture_row()')),
        (SELECT pg_catalog.to_regprocedure('metabase_internal.capture_truncate()'))
    )
        -- Anybody may put such a trigger on a table that is no source.
        AND (
            trigger.tgrelid IN (
                SELECT depended.refobjid
                FROM depended
                WHERE depended.refclassid = 'pg_catalog.pg_class'::regclass
            )
            OR (
                relation.relispartition
                AND EXISTS (
                    SELECT
                    FROM pg_catalog.pg_partition_ancestors(trigger.tgrelid) AS ancestor
                    JOIN depended ON depended.refobjid = ancestor.relid
                    WHERE depended.refclassid = 'pg_catalog.pg_class'::regclass
                )
            )
        )
),
read_column AS (
    SELECT
        depended.oid,
        attribute.attrelid,
        attribute.attnum,
        attribute.attname,
        attribute.atttypid,
        attribute.atttypmod,
        attribute.attcollation,
        attribute.attgenerated,
        attribute.xmin,
        CASE
            WHEN attribute.attgenerated <> ''
                THEN (
                    SELECT generated.xmin
                    FROM pg_catalog.pg_attrdef AS generated
                    WHERE generated.adrelid = attribute.attrelid
                        AND generated.adnum = attribute.attnum
                )
        END AS generated_xmin
    FROM depended
    JOIN pg_catalog.pg_attribute AS attribute
        ON attribute.attrelid = depended.refobjid
        AND attribute.attnum = depended.refobjsubid
    WHERE depended.refclassid = 'pg_catalog.pg_class'::regclass
        AND depended.refobjsubid > 0
),
-- Also those beneath domains and in arrays.
read_type AS (
    SELECT read_column.oid, read_column.atttypid AS type
    FROM read_column
    UNION
    SELECT depended.oid, depended.refobjid
    FROM depended
    WHERE depended.refclassid = 'pg_catalog.pg_type'::regclass
    UNION
    SELECT read_type.oid, beneath.type
    FROM read_type
    JOIN pg_catalog.pg_type AS type ON type.oid = read_type.type
    CROSS JOIN LATERAL (VALUES (type.typbasetype), (type.typelem)) AS beneath (type)
    WHERE beneath.type <> 0
),
adapter AS (
    SELECT
        views.*,
        (
            SELECT pg_catalog.string_agg(
                pg_catalog.concat_ws(
                    '.',
                    read_column.attrelid,
                    read_column.attnum,
                    read_column.attname,
                    read_column.atttypid,
                    -- Not its xmin: whoever has a privilege on the column changes that by granting it. Whatever gives it other
                    -- values without one of these rewrites the table.
                    read_column.atttypmod,
                    read_column.attcollation,
                    read_column.attgenerated,
                    read_column.generated_xmin
                ),
                ' '
                ORDER BY read_column.attrelid, read_column.attnum
            )
            FROM read_column
            WHERE read_column.oid = views.oid
        ) AS columns,
        (
            SELECT pg_catalog.string_agg(pg_catalog.concat(label.oid, '/', label.xmin), ' ' ORDER BY label.oid)
            FROM pg_catalog.pg_enum AS label
            WHERE label.enumtypid IN (SELECT read_type.type FROM read_type WHERE read_type.oid = views.oid)
        ) AS labels,
        -- What its own columns are called: incremental refresh reads them by their names, views by their numbers.
        (
            SELECT pg_catalog.string_agg(pg_catalog.concat_ws('.', shown.attnum, shown.attname), ' ' ORDER BY shown.attnum)
            FROM pg_catalog.pg_attribute AS shown
            WHERE shown.attrelid = views.oid
                AND shown.attnum > 0
        ) AS shown,
        (
            SELECT pg_catalog.string_agg(shown.xmin::text, ' ' ORDER BY shown.attnum)
            FROM pg_catalog.pg_attribute AS shown
            WHERE shown.attrelid = views.oid
                AND shown.attnum > 0
        ) AS shown_xmins
    FROM views
),
-- A function that is called can call any other one, and finds by name what it calls. An adapter that calls one of somebody's making changes
-- with each of them, with what operators and casts do, with what schemas and types are called, and with domains and labels.
called AS (
    SELECT found.class, found.oid, found.looks, found.xmin
    FROM (
        SELECT 'function' AS class, function.oid, function.xmin::text AS looks, function.xmin, function.pronamespace AS schema
        FROM pg_catalog.pg_proc AS function
        UNION ALL
        SELECT 'operator', operator.oid, operator.xmin::text, operator.xmin, operator.oprnamespace
        FROM pg_catalog.pg_operator AS operator
        UNION ALL
        SELECT 'cast', cast_.oid, cast_.xmin::text, cast_.xmin, 0
        FROM pg_catalog.pg_cast AS cast_
        UNION ALL
        -- Not its xmin: a privilege on it changes that. What a domain checks is below.
        SELECT
            'type',
            type.oid,
            pg_catalog.concat_ws('/', type.typname, type.typnamespace, type.typbasetype, type.typtypmod, type.typnotnull),
            type.xmin,
            type.typnamespace
        FROM pg_catalog.pg_type AS type
        WHERE type.typtype IN ('b', 'd', 'e', 'm', 'r')
            AND type.typcategory <> 'A'
        UNION ALL
        SELECT 'check', condition.oid, condition.xmin::text, condition.xmin, condition.connamespace
        FROM pg_catalog.pg_constraint AS condition
        WHERE condition.contypid <> 0
        UNION ALL
        SELECT 'label', label.oid, label.xmin::text, label.xmin, 0
        FROM pg_catalog.pg_enum AS label
        UNION ALL
        -- Not its xmin: somebody else's privilege on a schema is nothing to whoever reads.
        SELECT
            'schema',
            schema.oid,
            pg_catalog.concat_ws(
                '/',
                schema.nspname,
                pg_catalog.has_schema_privilege((SELECT reader.oid FROM reader), schema.oid, 'USAGE')
            ),
            schema.xmin,
            schema.oid
        FROM pg_catalog.pg_namespace AS schema
        WHERE schema.oid IN (
            SELECT function.pronamespace FROM pg_catalog.pg_proc AS function
            UNION
            SELECT operator.oprnamespace FROM pg_catalog.pg_operator AS operator
            UNION
            SELECT type.typnamespace
            FROM pg_catalog.pg_type AS type
            WHERE type.typtype IN ('b', 'd', 'e', 'm', 'r')
                AND type.typcategory <> 'A'
        )
    ) AS found
    WHERE found.oid >= 16384
        AND found.schema NOT IN (
            SELECT schema.oid
            FROM pg_catalog.pg_namespace AS schema
            WHERE pg_catalog.starts_with(schema.nspname, 'pg_temp_')
        )
        AND EXISTS (
            SELECT
            FROM depended
            WHERE depended.refclassid IN (
                'pg_catalog.pg_proc'::regclass,
                'pg_catalog.pg_operator'::regclass
            )
        )
)
SELECT
    (SELECT reader.oid::bigint FROM reader) AS owner,
    coalesce(
            (
                SELECT pg_catalog.string_agg(
                    (pg_catalog.to_jsonb(captured) - 'class_xmin')::text,
                    E'\n'
                    ORDER BY captured.tgrelid, captured.tgname
                )
                FROM captured
            ),
            ''
        )
        || coalesce(
            (
                SELECT pg_catalog.string_agg(
                    (pg_catalog.to_jsonb(adapter) - '{view_xmin,shown_xmins}'::text[])::text,
                    E'\n'
                    ORDER BY adapter.relname
                )
                FROM adapter
            ),
            ''
        )
        || coalesce(
            (
                SELECT pg_catalog.md5(
                    pg_catalog.string_agg(
                        pg_catalog.concat_ws('/', called.class, called.oid, called.looks),
                        ' '
                        ORDER BY called.class, called.oid
                    )
                )
                FROM called
            ),
            ''
        ) AS sources,
    -- Also what changes none of that, such as a name that was given to another one and taken back.
    (
        SELECT pg_catalog.string_agg(
            pg_catalog.concat_ws('/', adapter.oid, adapter.view_xmin, adapter.shown_xmins),
            ' '
            ORDER BY adapter.oid
        )
        FROM adapter
    ) AS adapters,
    -- The transactions that have written any of that: each xmin above is here, too.
    (
        SELECT pg_catalog.jsonb_agg(DISTINCT writer.xmin::text::bigint)
        FROM (
            SELECT captured.trigger_xmin FROM captured
            UNION ALL
            SELECT captured.parent_xmin FROM captured
            UNION ALL
            SELECT captured.class_xmin FROM captured
            UNION ALL
            SELECT views.rule_xmin FROM views
            UNION ALL
            SELECT read_column.xmin FROM read_column
            UNION ALL
            SELECT read_column.generated_xmin FROM read_column
            UNION ALL
            SELECT called.xmin FROM called
            UNION ALL
            SELECT shown.xmin
            FROM pg_catalog.pg_attribute AS shown
            WHERE shown.attrelid IN (SELECT views.oid FROM views)
                AND shown.attnum > 0
            UNION ALL
            SELECT label.xmin
            FROM pg_catalog.pg_enum AS label
            WHERE label.enumtypid IN (SELECT read_type.type FROM read_type)
            UNION ALL
            SELECT child.xmin
            FROM pg_catalog.pg_inherits AS child
            WHERE child.inhparent IN (SELECT captured.tgrelid FROM captured)
            UNION ALL
            SELECT policy.xmin
            FROM pg_catalog.pg_policy AS policy
            WHERE policy.polrelid IN (SELECT captured.tgrelid FROM captured)
        ) AS writer (xmin)
        WHERE writer.xmin IS NOT NULL
    ) AS writers,
    -- Adapters that turn no amounts into another currency depend on no rate.
    EXISTS (
        SELECT
        FROM depended
        WHERE depended.refclassid = 'pg_catalog.pg_class'::regclass
            AND depended.refobjid = pg_catalog.to_regclass('metabase_internal.exchange_day')
    ) AS reads_rates,
    -- A trigger of ours on what is no source any more.
    EXISTS (
        SELECT
        FROM pg_catalog.pg_trigger AS stray
        WHERE stray.tgfoid IN (
            (SELECT pg_catalog.to_regprocedure('metabase_internal.capture_row()')),
            (SELECT pg_catalog.to_regprocedure('metabase_internal.capture_truncate()'))
        )
            AND stray.tgparentid = 0
            AND stray.tgrelid NOT IN (SELECT captured_relation.relation FROM metabase_internal.captured_relation)
    ) AS has_strays,
    :has_other_names AS has_other_names,
    (
        :own_tables
    ) AS own_tables
FROM metabase_internal.incremental
LEFT JOIN metabase_internal.source_names ON true
