-- Whether a rate $2 may be set from the day $1 on, and how both are written.
SELECT
    $1::text                                   AS day,
    $1 BETWEEN '1970-01-01' AND '2099-12-31'   AS is_day,
    left($2::text, 40)                         AS rate,
    coalesce($2 BETWEEN 1e-12 AND 1e12, true)  AS is_rate
