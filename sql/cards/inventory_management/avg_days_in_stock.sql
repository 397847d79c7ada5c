WITH mean AS (
    SELECT
        sum(days_in_stock * units_in_stock)
            / nullif(sum(units_in_stock) FILTER (WHERE days_in_stock IS NOT NULL), 0) AS days
    FROM analytics.metabase_inventory_status
    WHERE is_in_stock
        [[AND {{stock_category}}]]
        [[AND {{supplier}}]]
)
SELECT
    days AS "Days in stock"
FROM mean
WHERE days IS NOT NULL
