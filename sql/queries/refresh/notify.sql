-- Tells whoever listens, and that may be anybody, that one of the seven was refreshed ($1), or a view of somebody's own (NULL), in which
-- mode ($2), and of the seven how many rows changed ($3). Nobody is told where the queue, which all databases share, is half full: where
-- it is full, no transaction commits that has notified.
SELECT pg_catalog.pg_notify(
    'metabase_views',
    pg_catalog.json_build_object('view', $1::text, 'mode', $2::text, 'rows', $3::bigint)::text
)
WHERE pg_catalog.pg_notification_queue_usage() < 0.5
