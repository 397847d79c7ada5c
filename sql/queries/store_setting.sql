-- Stores a setting in the place of an earlier one.
INSERT INTO metabase_internal.setting (name, value, changed_by)
VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET
    value      = excluded.value,
    changed_by = excluded.changed_by,
    changed_at = excluded.changed_at
