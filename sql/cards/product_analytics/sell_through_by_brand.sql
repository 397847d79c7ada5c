-- The twenty brands with the most items.
WITH brand AS (
    SELECT
        coalesce(brand_name, 'No brand')                                   AS brand,
        round(100.0 * count(*) FILTER (WHERE times_sold > 0) / count(*), 2) AS sell_through_rate
    FROM analytics.metabase_inventory_status
    WHERE true
        [[AND {{brand}}]]
    GROUP BY brand
    ORDER BY
        count(*) DESC,
        brand
    LIMIT 20
)
SELECT
    brand,
    sell_through_rate
FROM brand
ORDER BY
    sell_through_rate DESC,
    brand
