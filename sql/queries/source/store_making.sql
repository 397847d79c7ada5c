-- Remembers what the adapters were made from.
INSERT INTO metabase_internal.made_from (making, definitions)
VALUES ($1, $2)
ON CONFLICT (one_row) DO UPDATE SET
    making      = excluded.making,
    definitions = excluded.definitions
