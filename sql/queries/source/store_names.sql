-- Remembers what the names of the sources mean now, and notes $1.
INSERT INTO metabase_internal.source_names (meanings, notes)
SELECT
    (
        :meanings
    ),
    $1::text[]
ON CONFLICT (one_row) DO UPDATE SET
    meanings = excluded.meanings,
    notes    = excluded.notes
