-- Remembers what the names of the sources meant, $1, notes $2, and, unless it is NULL, what the adapters have just followed, $3. $4 forgets
-- what they have followed before. $5 is the version of this library.
INSERT INTO metabase_internal.source_names (meanings, notes, followed, followed_at, version)
VALUES ($1::jsonb, $2::text[], $3::text, CASE WHEN $3::text IS NOT NULL THEN clock_timestamp() END, $5)
ON CONFLICT (one_row) DO UPDATE SET
    meanings    = excluded.meanings,
    notes       = excluded.notes,
    version     = excluded.version,
    followed    = CASE WHEN $3::text IS NOT NULL OR $4::boolean THEN excluded.followed ELSE source_names.followed END,
    followed_at = CASE WHEN $3::text IS NOT NULL OR $4::boolean THEN excluded.followed_at ELSE source_names.followed_at END
