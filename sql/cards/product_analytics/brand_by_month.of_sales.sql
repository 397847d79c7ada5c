-- The six brands that brought in most in twelve months up to that of the last sale in the chosen period; a month without a sale is a zero, not a gap.
WITH period AS (
    SELECT date_trunc('month', max(sale_date)::timestamp) AS last_month
    FROM analytics.metabase_sales
    WHERE sale_date IS NOT NULL
        [[AND {{date}}]]
        [[AND {{brand}}]]
),
sale AS (
    SELECT
        date_trunc('month', sale_date::timestamp)                                        AS month,
        -- In quotes where a brand is really called so.
        coalesce(regexp_replace(brand_name, '^(No|Other) brands?$', '"\&"'), 'No brand') AS brand,
        brand_name,
        sum(gross_sale)                                                                  AS revenue
    FROM analytics.metabase_sales
    CROSS JOIN period
    WHERE sale_date >= last_month - interval '11 months'
        AND sale_date < last_month + interval '1 month'
        [[AND {{brand}}]]
    GROUP BY
        month,
        brand_name
),
best AS (
    SELECT
        brand,
        max(brand_name) AS brand_name,
        sum(revenue)    AS revenue
    FROM sale
    GROUP BY brand
    ORDER BY
        revenue DESC NULLS LAST,
        brand
    LIMIT 6
)
SELECT
    point::date               AS "Month",
    best.brand                AS "Brand",
    coalesce(sale.revenue, 0) AS "Revenue",
    best.brand_name           AS "Brand filter"
FROM period
CROSS JOIN generate_series(last_month - interval '11 months', last_month, interval '1 month') AS point
CROSS JOIN best
LEFT JOIN sale
    ON sale.month = point
    AND sale.brand = best.brand
ORDER BY
    point,
    best.revenue DESC NULLS LAST,
    best.brand
