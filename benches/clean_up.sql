-- After a round of writing: its dead rows and dirty pages are no burden to the next round.

SELECT format('VACUUM %s', oid::regclass)
FROM pg_class
WHERE relkind = 'r'
    AND relnamespace IN ('transactions'::regnamespace, 'metabase_internal'::regnamespace)
\gexec
CHECKPOINT;
