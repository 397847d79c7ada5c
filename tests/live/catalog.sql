-- All that belongs to the extension, a line for each thing: what it is, whose, who may do what, and what is said of it.
WITH member AS (
    SELECT
        depend.classid,
        depend.objid
    FROM pg_depend AS depend
    JOIN pg_extension AS extension ON extension.oid = depend.refobjid
    WHERE depend.refclassid = 'pg_extension'::regclass
        AND depend.deptype = 'e'
        AND extension.extname = 'metabase_views'
),
relation AS (
    SELECT class.*
    FROM member
    JOIN pg_class AS class ON class.oid = member.objid
    WHERE member.classid = 'pg_class'::regclass
)
SELECT format(
        'function %s, owned by %s, for %s: %s',
        pg_get_functiondef(function.oid),
        function.proowner::regrole,
        (SELECT string_agg(acl::text, ' ' ORDER BY acl::text) FROM unnest(function.proacl) AS acl),
        obj_description(function.oid, 'pg_proc')
    )
FROM member
JOIN pg_proc AS function ON function.oid = member.objid
WHERE member.classid = 'pg_proc'::regclass
UNION ALL
SELECT format(
        'relation %s, kind %s, persistence %s, identity %s, options %s, owned by %s, for %s: %s',
        relation.oid::regclass,
        relation.relkind,
        relation.relpersistence,
        relation.relreplident,
        relation.reloptions,
        relation.relowner::regrole,
        (SELECT string_agg(acl::text, ' ' ORDER BY acl::text) FROM unnest(relation.relacl) AS acl),
        obj_description(relation.oid, 'pg_class')
    )
FROM relation
UNION ALL
SELECT format(
        'column %s.%s, number %s, type %s, collation %s, not null %s, default %s, identity %s, for %s: %s',
        relation.oid::regclass,
        attribute.attname,
        row_number() OVER (PARTITION BY relation.oid ORDER BY attribute.attnum),
        format_type(attribute.atttypid, attribute.atttypmod),
        attribute.attcollation::regcollation,
        attribute.attnotnull,
        pg_get_expr(standard.adbin, standard.adrelid),
        attribute.attidentity,
        attribute.attacl,
        col_description(relation.oid, attribute.attnum)
    )
FROM relation
JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
LEFT JOIN pg_attrdef AS standard ON standard.adrelid = attribute.attrelid AND standard.adnum = attribute.attnum
WHERE relation.relkind IN ('r', 'v')
UNION ALL
SELECT format('constraint %s of %s: %s', con.conname, con.conrelid::regclass, pg_get_constraintdef(con.oid))
FROM relation
JOIN pg_constraint AS con ON con.conrelid = relation.oid
UNION ALL
SELECT format('index %s', pg_get_indexdef(index.indexrelid))
FROM relation
JOIN pg_index AS index ON index.indrelid = relation.oid
UNION ALL
SELECT format('trigger %s, enabled %s', pg_get_triggerdef(trigger.oid), trigger.tgenabled)
FROM relation
JOIN pg_trigger AS trigger ON trigger.tgrelid = relation.oid AND NOT trigger.tgisinternal
UNION ALL
SELECT format('view %s: %s', relation.oid::regclass, pg_get_viewdef(relation.oid))
FROM relation
WHERE relation.relkind = 'v'
UNION ALL
SELECT format(
        'schema %s, owned by %s, for %s: %s',
        schema.nspname,
        schema.nspowner::regrole,
        (SELECT string_agg(acl::text, ' ' ORDER BY acl::text) FROM unnest(schema.nspacl) AS acl),
        obj_description(schema.oid, 'pg_namespace')
    )
FROM pg_namespace AS schema
WHERE schema.nspname IN ('metabase', 'metabase_internal', 'analytics')
UNION ALL
SELECT format(
        'first privileges of %s: %s',
        pg_describe_object(first.classoid, first.objoid, first.objsubid),
        (SELECT string_agg(acl::text, ' ' ORDER BY acl::text) FROM unnest(first.initprivs) AS acl)
    )
FROM pg_init_privs AS first
WHERE (first.classoid, first.objoid) IN (SELECT member.classid, member.objid FROM member)
UNION ALL
SELECT format('member %s', pg_describe_object(member.classid, member.objid, 0))
FROM member
UNION ALL
SELECT format('version %s, dumped %s where %s', extension.extversion, dumped.oid::regclass, dumped.condition)
FROM pg_extension AS extension
CROSS JOIN unnest(extension.extconfig, extension.extcondition) AS dumped (oid, condition)
WHERE extension.extname = 'metabase_views'
ORDER BY 1
