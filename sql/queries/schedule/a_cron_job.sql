-- One of the jobs that this role has pg_cron run for views.
SELECT
FROM cron.job
WHERE jobname LIKE 'refresh\_%'
    AND command LIKE 'SELECT * FROM metabase.refresh\_if\_due(%'
    AND username = current_user
    AND database = pg_catalog.current_database()
