-- Remembers of view $1 that it is due next at $3, by the timetable $2.
INSERT INTO metabase_internal.schedule_state (view_name, timetable, next_due)
VALUES ($1, $2, $3::timestamptz)
ON CONFLICT (view_name) DO UPDATE
SET
    timetable = EXCLUDED.timetable,
    next_due  = EXCLUDED.next_due
