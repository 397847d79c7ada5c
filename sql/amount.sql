-- How the views write numbers. A sum has as many decimals as the longest of its numbers. Which these were, a sum that is kept up to date
-- does not know; and of equal numbers, any is the lowest.

CREATE FUNCTION metabase_internal.amount(value numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN pg_catalog.round(value, GREATEST(2, pg_catalog.min_scale(value)));
COMMENT ON FUNCTION metabase_internal.amount(numeric) IS
    'The same number with as many decimals as it needs, and two at least: equal numbers are the same text.';
