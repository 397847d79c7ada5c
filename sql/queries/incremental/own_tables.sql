-- What the tables :tables of this extension look like, as far as what stands in them can depend on it.
SELECT pg_catalog.string_agg(
    pg_catalog.concat_ws(
        ' ',
        own.relname,
        own.oid,
        own.relfilenode,
        own.relkind,
        own.relam,
        own.relowner,
        own.relpersistence,
        own.relnatts,
        own.relhasrules,
        own.relhastriggers,
        own.relrowsecurity,
        own.relhassubclass
    ),
    E'\n'
    ORDER BY own.relname
)
FROM pg_catalog.pg_class AS own
WHERE own.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND own.relname = ANY (:tables)
