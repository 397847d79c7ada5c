-- How many findings there are now, by their severity.
INSERT INTO metabase_internal.data_check (checked_at, findings)
VALUES ($2::timestamptz, $1)
ON CONFLICT (one_row) DO UPDATE
SET
    checked_at = excluded.checked_at,
    findings   = excluded.findings
