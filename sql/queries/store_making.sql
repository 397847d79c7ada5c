-- Remembers what the adapters were made from.
INSERT INTO metabase_internal.made_from (making)
VALUES ($1)
ON CONFLICT (one_row) DO UPDATE SET
    making = excluded.making
