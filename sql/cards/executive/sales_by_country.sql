-- A country is one however it was written; what is no country's name has no place on a map.
SELECT
    country_code       AS "Country",
    sum(total_revenue) AS "Revenue",
    sum(total_orders)  AS "Orders"
FROM analytics.metabase_customer_geography
WHERE country_code IS NOT NULL
GROUP BY country_code
ORDER BY
    "Revenue" DESC NULLS LAST,
    country_code
