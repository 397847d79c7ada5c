-- A country is one however it was written; what is no country's name has no place on a map.
SELECT
    country_code,
    sum(total_revenue) AS total_revenue,
    sum(total_orders)  AS total_orders
FROM analytics.metabase_customer_geography
WHERE country_code IS NOT NULL
GROUP BY country_code
ORDER BY
    total_revenue DESC NULLS LAST,
    country_code
