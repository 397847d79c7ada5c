-- What was decided about who refreshes the views by itself; NULL where nobody has decided.
SELECT
    (SELECT value FROM metabase_internal.setting WHERE name = 'schedule.engine')     AS engine,
    (SELECT value FROM metabase_internal.setting WHERE name = 'schedule.event_sync') AS event_sync
