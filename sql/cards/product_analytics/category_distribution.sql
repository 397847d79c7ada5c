SELECT
    coalesce(category_name, 'No category') AS category,
    sum(times_sold)                        AS units_sold
FROM analytics.metabase_inventory_status
WHERE times_sold > 0
    [[AND {{date}}]]
    [[AND {{brand}}]]
GROUP BY category
ORDER BY
    units_sold DESC,
    category
LIMIT 100
