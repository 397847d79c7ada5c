-- Rows with an amount that spoils each sum that it is in: no number, infinite, or more than any shop has. NaN is larger than all of them.
SELECT
    flawed.id       AS key,
    spoiling.name   AS value,
    NULL::text      AS detail
FROM metabase_internal.:adapter AS flawed
CROSS JOIN LATERAL (
    VALUES
        :amounts
) AS spoiling (name, amount)
WHERE :condition
    AND abs(spoiling.amount) >= 1e15
