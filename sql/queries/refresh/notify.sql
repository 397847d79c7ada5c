-- Tells whoever listens, and that may be anybody, of each of $1 that one of this extension's views was refreshed, or a view of somebody's own (NULL), in
-- which mode, and of the former how many rows changed. Nobody is told where the queue, which all databases share, is half full: where it is
-- full, no transaction commits that has notified.
SELECT pg_catalog.pg_notify(
    'metabase_views',
    pg_catalog.json_build_object('view', refreshed.view, 'mode', refreshed.mode, 'rows', refreshed.rows)::text
)
FROM pg_catalog.jsonb_to_recordset($1) AS refreshed (view text, mode text, rows bigint)
WHERE pg_catalog.pg_notification_queue_usage() < 0.5
