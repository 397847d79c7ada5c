-- Tells whoever listens that view $1 was refreshed, in which mode ($2), and how many rows changed ($3).
SELECT pg_catalog.pg_notify(
    'metabase_views',
    pg_catalog.json_build_object('view', $1::text, 'mode', $2::text, 'rows', $3::bigint)::text
)
