-- Units in stock by the days that they have been there.
SELECT
    CASE
        WHEN days_in_stock IS NULL THEN 'Unknown'
        WHEN days_in_stock <= 30 THEN '0–30'
        WHEN days_in_stock <= 60 THEN '31–60'
        WHEN days_in_stock <= 90 THEN '61–90'
        WHEN days_in_stock <= 180 THEN '91–180'
        WHEN days_in_stock <= 365 THEN '181–365'
        ELSE 'over 365'
    END                         AS "Days in stock",
    sum(units_in_stock)::bigint AS "Items"
FROM analytics.metabase_inventory_status
WHERE is_in_stock
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
GROUP BY "Days in stock"
ORDER BY min(days_in_stock) NULLS LAST
LIMIT 7
