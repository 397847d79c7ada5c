-- Removes the jobs that pg_cron runs for the views of this database, whoever has made them, but for those named $1.
SELECT cron.unschedule(jobid)
FROM cron.job
WHERE jobname LIKE 'refresh\_%'
    AND command LIKE 'SELECT * FROM metabase.refresh\_if\_due(%'
    AND database = pg_catalog.current_database()
    AND jobname <> ALL ($1)
