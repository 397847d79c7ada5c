-- The worker has begun a check at $1; NULL where it has ended.
INSERT INTO metabase_internal.data_check (begun_at)
VALUES ($1::timestamptz)
ON CONFLICT (one_row) DO UPDATE SET
    begun_at = excluded.begun_at
