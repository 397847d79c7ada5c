-- How the views write numbers. A sum has as many decimals as the longest of its numbers. Which these were, a sum that is kept up to date
-- does not know; and of equal numbers, any is the lowest.

CREATE FUNCTION metabase_internal.amount(value numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN pg_catalog.round(value, GREATEST(2, pg_catalog.min_scale(value)));
COMMENT ON FUNCTION metabase_internal.amount(numeric) IS
    'The same number with as many decimals as it needs, and two at least: equal numbers are the same text.';

-- PostgreSQL rounds a quotient where the decimals that its numbers are written with say, once it has 16 digits before the point.
CREATE FUNCTION metabase_internal.mean(total numeric, number numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN pg_catalog.trim_scale(total) / NULLIF(number, 0);
COMMENT ON FUNCTION metabase_internal.mean(numeric, numeric) IS
    'A sum by the number of its numbers, the same however many decimals the sum is written with; NULL where there are none.';

CREATE FUNCTION metabase_internal.variance(number numeric, total numeric, squares numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN number <= 1
            THEN NULL
        WHEN number * squares - total * total <= 0
            THEN 0
        ELSE pg_catalog.trim_scale(number * squares - total * total) / (number * (number - 1))
    END;
COMMENT ON FUNCTION metabase_internal.variance(numeric, numeric, numeric) IS
    'The sample variance of so many numbers, by their sum and that of their squares: never below zero, and the same however many decimals the sums are written with.';
