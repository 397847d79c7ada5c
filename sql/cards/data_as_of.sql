-- Up to when all views that this dashboard reads hold what was committed, by the shop's clock.
SELECT
    coalesce(to_char(as_of AT TIME ZONE :'time_zone', 'FMDD Mon YYYY, HH24:MI'), 'never') AS "As of",
    state                                                                                  AS "State"
FROM metabase.data_as_of(:views)
LIMIT 1
