-- Stores that view $1 has strategy $2, as role $3 said.
INSERT INTO metabase_internal.schedule (view_name, strategy, changed_by)
VALUES ($1, $2, $3)
ON CONFLICT (view_name) DO UPDATE
SET
    strategy   = EXCLUDED.strategy,
    changed_by = EXCLUDED.changed_by,
    changed_at = now()
