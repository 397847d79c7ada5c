-- Where, with which settings and on what shop this is measured.

SELECT
    split_part(version(), ' on ', 1)                                                                  AS server,
    (SELECT to_char(count(*), 'FM999,999,999') FROM transactions.orders WHERE status = 'completed')  AS completed,
    (SELECT to_char(count(*), 'FM999,999,999') FROM transactions.orders)                             AS orders,
    (SELECT to_char(count(*), 'FM999,999,999') FROM products.inventory)                              AS items,
    (SELECT string_agg(format('%s = %s', name, current_setting(name)), ', ' ORDER BY source = 'default', name)
    FROM pg_settings
    WHERE name IN (
        'shared_buffers', 'max_wal_size', 'checkpoint_timeout', 'autovacuum', 'synchronous_commit', 'fsync', 'work_mem'
    ))                                                                                                AS settings
\gset

\echo
\echo :server, :machine
\echo :settings
\echo The shop: :orders orders, of which :completed are completed, and :items stock items
