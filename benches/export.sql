-- Every measurement, one a line, as CSV.

COPY (
    WITH shop AS (
        SELECT count(*) AS orders
        FROM bench.orders
    ), refresh AS (
        SELECT
            *,
            row_number() OVER (PARTITION BY kind, changes ORDER BY id) AS round
        FROM bench.refreshes
    ), measurement AS (
        SELECT
            1                  AS section,
            id::bigint         AS place,
            'refresh'          AS what,
            kind               AS variant,
            changes,
            'all'              AS name,
            round,
            milliseconds       AS value,
            'ms'               AS unit
        FROM refresh
        UNION ALL
        SELECT
            2,
            r.id,
            'step',
            r.kind,
            r.changes,
            s.step,
            r.round,
            s.milliseconds,
            'ms'
        FROM refresh AS r
        JOIN bench.steps AS s ON s.refresh_id = r.id
        UNION ALL
        SELECT
            3,
            0,
            'once',
            NULL,
            NULL,
            name,
            NULL,
            value,
            'ms'
        FROM bench.figures
        UNION ALL
        SELECT
            4,
            0,
            'size',
            format('%s, %s', what, moment),
            NULL,
            relation,
            NULL,
            bytes,
            'bytes'
        FROM bench.sizes
        UNION ALL
        SELECT
            5,
            round,
            'writers',
            'capture ' || capture,
            NULL,
            'synchronous_commit ' || synchronous_commit,
            round,
            tps,
            'tps'
        FROM bench.writers
    )
    SELECT
        shop.orders,
        what,
        variant,
        changes,
        name,
        round,
        value,
        unit
    FROM measurement
    CROSS JOIN shop
    ORDER BY
        section,
        place,
        variant,
        name
) TO STDOUT (FORMAT csv, HEADER)
