-- Unsold items by the days that they have been there.
SELECT
    CASE
        WHEN days_in_stock IS NULL THEN 'Unknown'
        WHEN days_in_stock <= 30 THEN '0 to 30'
        WHEN days_in_stock <= 60 THEN '31 to 60'
        WHEN days_in_stock <= 90 THEN '61 to 90'
        WHEN days_in_stock <= 180 THEN '91 to 180'
        WHEN days_in_stock <= 365 THEN '181 to 365'
        ELSE 'over 365'
    END      AS days,
    count(*) AS items
FROM analytics.metabase_inventory_status
WHERE times_sold = 0
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
GROUP BY days
ORDER BY min(days_in_stock) NULLS LAST
