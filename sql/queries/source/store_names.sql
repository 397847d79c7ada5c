-- Remembers what the names of the sources mean now, notes $1, and, unless it is NULL, what the adapters have just followed, $2. Where $3 says
-- so, what they have followed before does not matter any more.
INSERT INTO metabase_internal.source_names (meanings, notes, followed, followed_at)
SELECT
    (
        :meanings
    ),
    $1::text[],
    $2::text,
    CASE WHEN $2::text IS NOT NULL THEN clock_timestamp() END
ON CONFLICT (one_row) DO UPDATE SET
    meanings    = excluded.meanings,
    notes       = excluded.notes,
    followed    = CASE WHEN $2::text IS NOT NULL OR $3::boolean THEN excluded.followed ELSE source_names.followed END,
    followed_at = CASE WHEN $2::text IS NOT NULL OR $3::boolean THEN excluded.followed_at ELSE source_names.followed_at END
