-- What is wrong with the shop's data, or that nothing is.

SELECT count(*) > 0 AS has_findings FROM metabase.check_data() \gset
\if :has_findings
    SELECT severity, entity, finding, rows, share, message FROM metabase.check_data();
\else
    \echo no findings
\endif
