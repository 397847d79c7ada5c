-- Whether there is pg_cron, with a table and a function of its own where its jobs are looked for and removed.
SELECT
FROM pg_catalog.pg_extension AS extension
WHERE extension.extname = 'pg_cron'
    AND (
        SELECT count(*)
        FROM pg_catalog.pg_depend AS member
        WHERE member.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
            AND member.refobjid = extension.oid
            AND member.deptype = 'e'
            AND (member.classid, member.objid) IN (
                ('pg_catalog.pg_class'::pg_catalog.regclass, pg_catalog.to_regclass('cron.job')),
                ('pg_catalog.pg_proc'::pg_catalog.regclass, pg_catalog.to_regprocedure('cron.unschedule(bigint)'))
            )
    ) = 2
