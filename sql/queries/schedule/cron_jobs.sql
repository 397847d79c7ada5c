-- What the jobs are called that pg_cron runs for the views of this database, whoever has made them.
SELECT jobname::text
FROM cron.job
WHERE jobname LIKE 'refresh\_%'
    AND command LIKE 'SELECT * FROM metabase.refresh\_if\_due(%'
    AND database = pg_catalog.current_database()
